namespace Alidade.Tests.Cli;

/// <summary>Rows for the tiny model, each with a prompt of its own.</summary>
internal static class TrainRows
{
    private static readonly string[] Words = ["cat", "dog", "mat", "log", "sat", "the"];

    public static string Of(string objective, int count) => string.Join('\n', Enumerable.Range(0, count).Select(i => objective == "sft" ? Demonstration(i) : Pair(i))) + "\n";

    private static string Demonstration(int i) => $$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 6]}}"}""";

    private static string Pair(int i) => $$"""{"prompt": "{{Prompt(i)}}", "chosen": " {{Words[i % 6]}}", "rejected": " {{Words[(i + 1) % 6]}} {{Words[i % 5]}}"}""";

    private static string Prompt(int i) => $"{Words[i / 6 % 6]} {Words[i % 6]} {i}";
}
