using System.Text.RegularExpressions;
using Alidade.Core.Data;
using Alidade.Core.Results;

namespace Alidade.Evaluation.Engine;

/// <summary>A question with choices.</summary>
/// <param name="Context">What stands before a choice when its likelihood is wanted.</param>
/// <param name="Continuations">The choices as they continue the context, each with its separating space.</param>
/// <param name="Question">What a model that only writes is asked, without the choices.</param>
/// <param name="Choices">The choices as a person reads them.</param>
public sealed record ChoiceQuestion(Prompt Context, IReadOnlyList<string> Continuations, string Question, IReadOnlyList<string> Choices);

/// <summary>What a model chose.</summary>
public sealed record Choice
{
    /// <summary>Index of the choice; null when there is none.</summary>
    public int? Chosen { get; init; }

    /// <summary>Log-likelihood of each choice; null for a model that only writes.</summary>
    public IReadOnlyList<ContinuationScore>? Scores { get; init; }

    /// <summary>What the model wrote; null when choices were scored.</summary>
    public string? Written { get; init; }

    /// <summary>Why there is no choice; null when there is one.</summary>
    public string? Why { get; init; }

    /// <summary>True when input or output was cut.</summary>
    public bool Truncated { get; init; }
}

/// <summary>
/// Multiple choice on any model: by the likelihood of each choice where the model gives likelihoods; else by its answer to the question with lettered choices, which is
/// another measure, and is named so.
/// </summary>
public static partial class MultipleChoice
{
    /// <summary>Reason of a written answer that names no choice, or several.</summary>
    public const string Unparsed = "the answer names no one choice";

    private const string Instruction = "Answer with the letter of the best choice alone.";

    /// <summary>What a task adds to its name when choices are written and not scored.</summary>
    public static string Suffix(IEvaluatedModel model) => model.GivesLogLikelihoods ? "" : ".written";

    /// <summary>Asks all questions.</summary>
    /// <returns>One choice for each question, in order, and the cost.</returns>
    public static async Task<(IReadOnlyList<Choice> Choices, Cost Cost)> AskAsync(EvaluationContext context, string task, IReadOnlyList<ChoiceQuestion> questions)
    {
        var scores = context.Model.GivesLogLikelihoods;
        var answers = await context.AskAsync(task, [.. questions.Select(q => (Request)(scores ? Scored(q) : Written(q)))]).ConfigureAwait(false);
        return ([.. questions.Zip(answers.Responses, Of)], answers.Cost);
    }

    /// <summary>The question with lettered choices.</summary>
    internal static string Lettered(ChoiceQuestion question) =>
        $"{question.Question}\n\n{string.Join('\n', question.Choices.Select((c, i) => $"{(char)('A' + i)}. {c.Trim()}"))}\n\n{Instruction}";

    /// <summary>The choice that a written answer names: its one stand-alone letter, or its one choice in full; null when there is no such.</summary>
    internal static int? Parse(string answer, IReadOnlyList<string> choices)
    {
        var text = answer.Trim();
        int[] letters = [.. Letter().Matches(text).Select(m => m.Groups[1].Value[0] - 'A').Where(i => i < choices.Count).Distinct()];
        // An answer that begins with its letter may go on to speak of the others.
        if (Opening().Match(text) is { Success: true } opening && opening.Groups[1].Value[0] - 'A' < choices.Count)
            return opening.Groups[1].Value[0] - 'A';
        if (letters.Length == 1)
            return letters[0];
        int[] named = [.. Enumerable.Range(0, choices.Count).Where(i => Names(text, choices[i].Trim()))];
        return letters.Length == 0 && named.Length == 1 ? named[0] : null;
    }

    // In whole words: "I cannot say" does not say "No".
    private static bool Names(string text, string choice) =>
        Regex.IsMatch(text, $@"(?<![\p{{L}}\p{{N}}]){Regex.Escape(choice)}(?![\p{{L}}\p{{N}}])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static ContinuationRequest Scored(ChoiceQuestion question) => new(question.Context, question.Continuations);

    private static GenerationRequest Written(ChoiceQuestion question) => new(new Core.Message("user", Lettered(question))) { MaxNewTokens = 32 };

    private static Choice Of(ChoiceQuestion question, Response response) => response switch
    {
        // The first of equal ones, as an argmax takes it.
        ContinuationScores scores => new() { Chosen = Enumerable.Range(0, scores.Scores.Count).MaxBy(i => scores.Scores[i].LogProb), Scores = scores.Scores, Truncated = scores.Truncated },
        GeneratedTexts texts => Parse(texts.First.Text, question.Choices) is { } chosen
            ? new() { Chosen = chosen, Written = texts.First.Text, Truncated = texts.First.Truncated }
            : new() { Written = texts.First.Text, Why = Unparsed, Truncated = texts.First.Truncated },
        Unanswered unanswered => new() { Why = unanswered.Reason },
        _ => throw new InvalidOperationException($"a response of type {response.GetType().Name}"),
    };

    [GeneratedRegex(@"(?<![\p{L}\p{N}'’])\(?([A-Z])\)?(?![\p{L}\p{N}'’]|\s+(?!or\b|and\b)\p{Ll})", RegexOptions.CultureInvariant)]
    private static partial Regex Letter();

    [GeneratedRegex(@"^\(?([A-Z])(?:[).:,]|\s*$)", RegexOptions.CultureInvariant)]
    private static partial Regex Opening();
}
