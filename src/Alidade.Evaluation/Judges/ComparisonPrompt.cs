using Alidade.Core;

namespace Alidade.Evaluation.Judges;

/// <summary>Alidade's own prompt for comparing two answers to an instruction, for benchmarks whose own prompt is not in the user's hands.</summary>
public static class ComparisonPrompt
{
    /// <summary>Explains first, then gives a verdict as MT-bench's prompts do; places {instruction}, {answer_a}, {answer_b}. Read by <see cref="MtBenchReply.Comparison"/>.</summary>
    public static JudgePrompt Explained { get; } = new()
    {
        Name = "alidade-comparison",
        System = "You compare two answers to an instruction. Judge how well each answer does what the instruction asks: is it right, complete, clear and safe? Length is no merit, and neither is the place in which an answer "
            + "stands. Compare the answers in a few sentences. Then end with exactly one of [[A]] (the first is better), [[B]] (the second is better) or [[C]] (they are equally good).",
        Template = "[Instruction]\n{instruction}\n\n[Answer A]\n{answer_a}\n[End of answer A]\n\n[Answer B]\n{answer_b}\n[End of answer B]",
    };

    /// <summary>Asks for one letter alone, m for the first answer or M for the second, whose probabilities tell how sure the judge is; the same places.</summary>
    public static JudgePrompt OneLetter { get; } = new()
    {
        Name = "alidade-comparison-letter",
        System = "You compare two answers to an instruction, as a person who wants the better one would. Length is no merit, and neither is the place in which an answer stands. Reply with one letter and nothing else: "
            + "m if the first answer is better, M if the second is better.",
        Template = "[Instruction]\n{instruction}\n\n[Answer m]\n{answer_a}\n[End of answer m]\n\n[Answer M]\n{answer_b}\n[End of answer M]\n\nWhich answer is better, m or M?",
    };

    /// <summary>Fills either prompt.</summary>
    public static IReadOnlyList<Message> Of(JudgePrompt prompt, string instruction, string first, string second) => prompt.Requiring("instruction", "answer_a", "answer_b").Fill(
        new Dictionary<string, string>(StringComparer.Ordinal) { ["instruction"] = instruction, ["answer_a"] = first, ["answer_b"] = second });
}
