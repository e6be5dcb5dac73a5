using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Training.Rewards;

namespace Alidade.Tests.Training.Rewards;

/// <summary>Prompts and answers for tests.</summary>
internal static class Asked
{
    public static AskedPrompt Text(string text, params (string Name, object Value)[] fields) =>
        new(text, Prompt.OfText(text), fields.ToDictionary(f => f.Name, f => JsonSerializer.SerializeToElement(f.Value), StringComparer.Ordinal));

    public static AnsweredPrompt Answer(string answer, string prompt = "Why?", int tokens = 0, params (string Name, object Value)[] fields) =>
        new(Text(prompt, fields), answer, [], [.. Enumerable.Range(1, tokens)], true);
}
