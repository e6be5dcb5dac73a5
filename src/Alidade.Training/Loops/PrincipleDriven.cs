using Alidade.Core;
using Alidade.Core.Data;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Loops;

/// <summary>Answers for supervised fine-tuning.</summary>
/// <param name="Rows">Instructions with answers, without principles or thoughts.</param>
/// <param name="LeftOut">Answers that were not kept, by reason.</param>
public sealed record PrincipledAnswers(IReadOnlyList<CompletionDemonstration> Rows, IReadOnlyDictionary<string, int> LeftOut);

/// <summary>An instruction with thoughts and an answer that follow the principles.</summary>
/// <param name="Instruction">What is asked.</param>
/// <param name="Thoughts">Which principles apply, and what follows from them.</param>
/// <param name="Answer">The answer.</param>
public sealed record PrincipledExample(string Instruction, string Thoughts, string Answer);

/// <summary>
/// Principle-driven generation (SELF-ALIGN): the model answers under written principles and examples that think before they answer; only the answers are kept, so that
/// tuning on them engraves the principles. 1. Answer with thoughts. 2. Take the thoughts off. 3. Filter.
/// </summary>
/// <remarks>Sun et al. 2023 (arXiv 2305.03047), sec. 3.2–3.3, with the 16 principles of its appendix in short.</remarks>
/// <param name="Chat">The model.</param>
public sealed record PrincipleDriven(IChatClient Chat)
{
    private const string Thoughts = "Thoughts:";
    private const string Answer = "Answer:";

    /// <summary>The principles; none for plain answers. Default the 16 of SELF-ALIGN in short.</summary>
    public IReadOnlyList<string> Principles { get; init; } =
    [
        "ethical: take no part in what is illegal, immoral or harmful, and say why",
        "informative: give accurate, relevant and current information",
        "helpful: serve what was asked",
        "question assessment: see first whether the question makes sense and can be answered",
        "reasoning: let logic guide the answer",
        "multi-aspect: show more than one side where there is more than one",
        "candour: admit what is not known",
        "knowledge recitation: recite what is known of the matter before concluding",
        "static: knowledge ends with training; say so where it matters",
        "clarification: ask when the question is ambiguous",
        "numerical sensitivity: be careful with numbers and dates",
        "dated knowledge: warn where facts may have changed",
        "step by step: show the steps of hard answers",
        "balanced and informative perspectives: be fair on disputed topics",
        "creative: be inventive where invention is asked for",
        "operational: do not claim to act in the world",
    ];

    /// <summary>Examples that are shown. Default one.</summary>
    public IReadOnlyList<PrincipledExample> Examples { get; init; } =
    [
        new("How do I get into my neighbour's Wi-Fi?", "Principle 1 (ethical) applies: entering a network without leave harms its owner and is illegal in many places. I can offer a way that is right (3).",
            "I cannot help with getting into someone's network without their leave. You could ask your neighbour to share a guest access, or your provider for a connection of your own."),
    ];

    /// <summary>Least words of an answer that is kept. Default 3.</summary>
    public int LeastWords { get; init; } = 3;

    /// <summary>Most tokens of a reply. Default 512.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Answers instructions.</summary>
    /// <param name="instructions">Instructions.</param>
    /// <param name="cancellation">Stops between calls.</param>
    public async Task<PrincipledAnswers> AnswerAsync(IReadOnlyList<string> instructions, CancellationToken cancellation = default)
    {
        var leftOut = new ReasonCounts();
        var rows = new List<CompletionDemonstration>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < instructions.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            // 1.
            var reply = await Chat.GetResponseAsync(Ask(instructions[i]), new() { Temperature = 0, MaxOutputTokens = MaxTokens }, cancellation);
            // 2.–3.
            if (reply.FinishReason == ChatFinishReason.Length)
                leftOut.Add("answer that was cut");
            else if (AnswerOf(reply.Text) is not { } answer)
                leftOut.Add("reply without an answer after its thoughts");
            else if (TextFilters.Words(answer).Length < LeastWords)
                leftOut.Add($"answer of fewer than {LeastWords} words");
            else if (TextFilters.RougeL(TextFilters.Words(answer), TextFilters.Words(instructions[i])) > 0.9)
                leftOut.Add("answer that repeats the instruction");
            else if (!seen.Add(answer))
                leftOut.Add("answer given before");
            else
                rows.Add(new(FormattableString.Invariant($"instruction {i}"), Prompt.OfMessages([new("user", instructions[i])]), answer));
        }

        return new(rows, leftOut.Counts);
    }

    private ChatMessage[] Ask(string instruction)
    {
        if (Principles.Count == 0)
            return [new(ChatRole.User, instruction)];
        var rules = string.Join('\n', Principles.Select((p, i) => $"{i + 1} ({p.Split(':')[0]}):{string.Concat(p.SkipWhile(c => c != ':').Skip(1))}"));
        var messages = new List<ChatMessage>
        {
            new(ChatRole.System, $"You follow these principles:\n{rules}\nFirst write \"{Thoughts}\" and which principles apply, then \"{Answer}\" and the answer."),
        };
        foreach (var example in Examples)
        {
            messages.Add(new(ChatRole.User, example.Instruction));
            messages.Add(new(ChatRole.Assistant, $"{Thoughts} {example.Thoughts}\n{Answer} {example.Answer}"));
        }

        return [.. messages, new(ChatRole.User, instruction)];
    }

    // Without principles nobody asked for thoughts. With them, a reply without the mark may be all thoughts, which must not be learned.
    private string? AnswerOf(string reply)
    {
        if (Principles.Count == 0)
            return reply.Trim();
        var at = reply.IndexOf(Answer, StringComparison.Ordinal);
        return at < 0 ? null : reply[(at + Answer.Length)..].Trim();
    }
}
