using System.CommandLine;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade data</c>: published benchmark data.</summary>
internal static class DataCommand
{
    public static Command Make() => new("data", "List published benchmark data, fetch them, and look at them or at files of your own") { DataListCommand.Make(), DataPullCommand.Make(), DataShowCommand.Make() };
}
