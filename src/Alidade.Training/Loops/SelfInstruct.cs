using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Loops;

/// <summary>What was generated.</summary>
/// <param name="Rows">Instructions with answers, for supervised fine-tuning.</param>
/// <param name="Instructions">Instructions that were kept, those without an answer included.</param>
/// <param name="LeftOut">Instructions and answers that were not kept, by reason.</param>
/// <param name="Calls">Calls to the model.</param>
public sealed record GeneratedInstructions(
    IReadOnlyList<CompletionDemonstration> Rows, IReadOnlyList<string> Instructions, IReadOnlyDictionary<string, int> LeftOut, int Calls);

/// <summary>
/// Self-instruct: a model is shown instructions and writes new ones; those that are new enough are kept and answered. 1. Show examples, some of them generated. 2. Read
/// the numbered list. 3. Filter. 4. Answer. 5. Filter the answers.
/// </summary>
/// <remarks>
/// Wang et al. 2022 (arXiv 2212.10560), sec. 2: eight examples, six of them written by people; a new instruction is kept when its ROUGE-L with every other is below 0.7.
/// The paper's separate prompts for classification tasks and for inputs are left out: an instruction is asked for with all that it needs.
/// </remarks>
/// <param name="Chat">The model.</param>
public sealed partial record SelfInstruct(IChatClient Chat)
{
    /// <summary>Instructions that people wrote.</summary>
    public required IReadOnlyList<string> Seeds
    {
        get;
        init => field = value.Count > 0 ? value : throw new AlidadeException("self-instruct begins with instructions that people wrote; give at least one");
    }

    /// <summary>Instructions that are wanted. Default 100.</summary>
    public int Wanted
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"{value} instructions were asked for; it must be at least 1");
    } = 100;

    /// <summary>Most calls for new instructions; a model that has no new ideas ends there. Default 100.</summary>
    public int MostCalls { get; init; } = 100;

    /// <summary>Examples of people in a prompt. Default 6, as in the paper.</summary>
    public int SeedExamples { get; init; } = 6;

    /// <summary>Generated examples in a prompt. Default 2, as in the paper.</summary>
    public int OwnExamples { get; init; } = 2;

    /// <summary>Instructions that each call asks for. Default 8.</summary>
    public int PerCall { get; init; } = 8;

    /// <summary>ROUGE-L from which on two instructions are alike. Default 0.7, as in the paper.</summary>
    public double LargestOverlap { get; init; } = 0.7;

    /// <summary>Words that a text model cannot serve. Default those of the paper.</summary>
    public IReadOnlyList<string> ForbiddenWords { get; init; } = ["image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps", "draw", "plot", "video", "audio", "music"];

    /// <summary>Topics that are asked for in turn (SELF-ALIGN's topic-guided self-instruct); none for free choice.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];

    /// <summary>What the answering model is told first, such as the principles of <see cref="PrincipleDriven"/>; null for nothing.</summary>
    public PrincipleDriven? Principles { get; init; }

    /// <summary>Most tokens of a reply with new instructions. Default 512. Answers have the limit of <see cref="Principles"/> (<see cref="PrincipleDriven.MaxTokens"/>), which is 512 without them.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Temperature of new instructions. Default 0.7, as in the paper.</summary>
    public double Temperature { get; init; } = 0.7;

    /// <summary>Seed of the examples' choice and of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>Generates instructions and answers.</summary>
    /// <param name="progress">Told how many instructions are kept.</param>
    /// <param name="cancellation">Stops between calls.</param>
    public async Task<GeneratedInstructions> RunAsync(IProgress<Alidade.Core.Progress>? progress = null, CancellationToken cancellation = default)
    {
        var leftOut = new ReasonCounts();
        var kept = new List<string>();
        var random = new SeededRandom(Seed);
        var calls = 0;
        for (; kept.Count < Wanted && calls < MostCalls; calls++)
        {
            // 1.–2.
            var reply = await Chat.GetResponseAsync(Ask(kept, random, calls), new() { Temperature = (float)Temperature, MaxOutputTokens = MaxTokens, Seed = (long)(random.NextUInt64() >> 1) }, cancellation);
            var proposed = Numbered().Matches(reply.Text + "\n").Select(m => m.Groups[1].Value.Trim()).ToArray();
            if (proposed.Length == 0)
                leftOut.Add("reply without a numbered list");
            // The last line of a reply that was cut is half an instruction.
            if (reply.FinishReason == ChatFinishReason.Length && proposed.Length > 0)
            {
                proposed = proposed[..^1];
                leftOut.Add("instruction that was cut");
            }

            // 3.
            foreach (var instruction in proposed)
                if (kept.Count == Wanted)
                    leftOut.Add("more than were wanted");
                else if (Fault(instruction, kept) is { } fault)
                    leftOut.Add(fault);
                else
                    kept.Add(instruction);
            progress?.Report(new("self-instruct", kept.Count, Wanted));
        }

        // 4.–5.
        var answers = await (Principles ?? new PrincipleDriven(Chat) { Principles = [], Examples = [] }).AnswerAsync(kept, cancellation);
        foreach (var (reason, count) in answers.LeftOut)
            leftOut.Add(reason, count);
        return new(answers.Rows, kept, leftOut.Counts, calls + kept.Count);
    }

    private ChatMessage[] Ask(List<string> kept, SeededRandom random, int call)
    {
        string[] examples = [.. Some(Seeds, SeedExamples, random), .. Some(kept, OwnExamples, random)];
        random.Shuffle(examples);
        var topic = Topics.Count == 0 ? "" : $" about {Topics[call % Topics.Count]}";
        return [new(ChatRole.User,
            $"""
            Here are tasks, one a line. Write {PerCall} new ones{topic} that differ from these and from each other, each complete in itself, as a numbered list without anything else.

            {string.Join('\n', examples.Select((e, i) => $"{i + 1}. {e.ReplaceLineEndings(" ")}"))}
            """)];
    }

    private static IEnumerable<string> Some(IReadOnlyList<string> from, int count, SeededRandom random)
    {
        var order = Enumerable.Range(0, from.Count).ToArray();
        random.Shuffle(order);
        return order.Take(count).Select(i => from[i]);
    }

    private string? Fault(string instruction, List<string> kept)
    {
        var words = TextFilters.Words(instruction);
        return words.Length < 3 ? "instruction of fewer than 3 words"
            : words.Length > 150 ? "instruction of more than 150 words"
            : !char.IsLetterOrDigit(instruction[0]) ? "instruction that begins with a mark"
            : words.Any(w => ForbiddenWords.Contains(w, StringComparer.Ordinal)) ? "instruction that text cannot serve"
            : Seeds.Concat(kept).Any(k => TextFilters.RougeL(words, TextFilters.Words(k)) >= LargestOverlap) ? "instruction too like another"
            : null;
    }

    [GeneratedRegex(@"^[ \t]*[0-9]{1,3}[.)][ \t]+(.+?)[ \t\r]*$", RegexOptions.Multiline)]
    private static partial Regex Numbered();
}
