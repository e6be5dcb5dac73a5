using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Cli.Terminal;

/// <summary>Prints one result record: as text, or the same record as JSON.</summary>
internal static class Output
{
    /// <summary>Prints.</summary>
    /// <param name="result">The record.</param>
    /// <param name="asJson">JSON instead of text.</param>
    /// <param name="text">The record as lines for a person.</param>
    public static void Print<T>(T result, bool asJson, Func<T, string> text) =>
        Console.Out.WriteLine(asJson ? JsonSerializer.Serialize(result, Json.Indented) : text(result).TrimEnd());
}
