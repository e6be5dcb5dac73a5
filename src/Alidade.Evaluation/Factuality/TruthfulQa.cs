using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Factuality;

/// <summary>What stands before an answer of TruthfulQA.</summary>
public enum TruthfulQaPrompt
{
    /// <summary>Six questions with answers, then "Q: …\nA:": the published form. It takes about 200 tokens.</summary>
    SixShot,

    /// <summary>The question alone as the user's turn of the model's chat template.</summary>
    ChatZeroShot,
}

/// <summary>
/// TruthfulQA, multiple choice, both numbers from one run. mc1: the best answer is likelier than every false one, [argmax ℓ = best], a tie counts for the best.
/// mc2: the probability of the true answers among all, Σ_true exp ℓ / Σ_all exp ℓ. ℓ is the summed log-probability of an answer, without length normalisation.
/// </summary>
/// <remarks>Lin et al. 2022 (arXiv 2109.07958); lm-evaluation-harness 0.4.13 <c>truthfulqa_mc1</c> and <c>_mc2</c>, which take plain exponents (NaN when all
/// underflow); here the largest is taken out first. With a chat template the answer is scored without the mark that ends the turn, as there.</remarks>
public sealed record TruthfulQa : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "factuality.truthfulqa";

    /// <summary>The questions.</summary>
    public required IReadOnlyList<TruthfulQaItem> Items { get; init; }

    /// <summary>
    /// What stands before an answer. Null (default): <see cref="TruthfulQaPrompt.SixShot"/>, but <see cref="TruthfulQaPrompt.ChatZeroShot"/> where the context asks
    /// for conversations.
    /// </summary>
    public TruthfulQaPrompt? Prompt { get; init; }

    /// <inheritdoc/>
    /// <returns>
    /// <c>factuality.truthfulqa.mc1</c> and <c>.mc2</c>; each carries the cost of the one run that both come from. A model that only writes gives <c>.mc1.written</c> alone: it is
    /// shown the choices in shuffled order and names one, which is another measure.
    /// </returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        if (!context.Model.GivesLogLikelihoods)
            return [await WrittenAsync(context).ConfigureAwait(false)];
        var prompt = Prompt ?? (context.Chat == ChatUse.Always ? TruthfulQaPrompt.ChatZeroShot : TruthfulQaPrompt.SixShot);
        var questions = context.Choose(Items);
        var (responses, cost) = await context.AskAsync("TruthfulQA", [.. questions.Select(q => Request(q, prompt))]).ConfigureAwait(false);
        var asked = prompt == TruthfulQaPrompt.SixShot ? "six answered questions in front" : "asked through the chat template";
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Direction = Direction.Higher, Count = 0, Cost = cost };
        return
        [
            MeasureSummary.OfMean(
                about with { Name = Name + ".mc1", Meaning = $"Share of questions whose best true answer is likelier than every false answer ({asked})." },
                [.. questions.Zip(responses, Mc1)]),
            MeasureSummary.OfMean(
                about with { Name = Name + ".mc2", Meaning = $"Probability of the true answers among all given answers, mean over the questions ({asked})." },
                [.. questions.Zip(responses, Mc2)]),
        ];
    }

    private async Task<MeasureResult> WrittenAsync(EvaluationContext context)
    {
        ChoiceItem[] items = [.. context.Choose(Items).Select(q => new ChoiceItem(q.Id, q.Question, q.Mc1Options, 0).Shuffled(context.Seed))];
        var (choices, cost) = await MultipleChoice.AskAsync(
            context, "TruthfulQA, written choices", [.. items.Select(i => new ChoiceQuestion(Core.Data.Prompt.OfText(i.Question), i.Choices, i.Question, i.Choices))]).ConfigureAwait(false);
        var about = new Measurement
        {
            Name = $"{Name}.mc1{MultipleChoice.Suffix(context.Model)}",
            Meaning = "Share of questions in which the model, shown the best true answer and the false ones in shuffled order, names the true one; not comparable with mc1 by likelihood.",
            Unit = "share",
            Direction = Direction.Higher,
            Count = 0,
            Cost = cost,
        };
        return MeasureSummary.OfMean(about, [.. items.Zip(choices, (item, choice) => new ItemResult
        {
            Id = item.Id,
            Input = item.Question,
            Output = choice.Written ?? "",
            Score = choice.Chosen is { } chosen ? (chosen == item.Right ? 1 : 0) : null,
            Why = choice.Why ?? $"right: {item.Choices[item.Right]}",
            Truncated = choice.Truncated,
        })]);
    }

    /// <summary>One request a question: the true answers, the false answers, and last the best answer where it is not one of the true ones as written.</summary>
    internal static ContinuationRequest Request(TruthfulQaItem item, TruthfulQaPrompt prompt)
    {
        IReadOnlyList<string> answers = BestIndex(item) < item.Mc2Options.Count ? item.Mc2Options : [.. item.Mc2Options, item.BestAnswer];
        return prompt == TruthfulQaPrompt.ChatZeroShot
            ? new(Core.Data.Prompt.OfMessages([new("user", item.Question)]), answers)
            : new(TruthfulQaPrimer.Before(item.Question), [.. answers.Select(a => " " + a)]);
    }

    /// <summary>Where the best answer stands in the request.</summary>
    internal static int BestIndex(TruthfulQaItem item) =>
        item.CorrectAnswers.ToList().IndexOf(item.BestAnswer) is var at && at >= 0 ? at : item.Mc2Options.Count;

    internal static ItemResult Mc1(TruthfulQaItem item, Response response)
    {
        var result = new ItemResult { Id = item.Id, Input = item.Question, Output = "" };
        if (response is not ContinuationScores { Scores: var scores, Truncated: var cut })
            return result with { Why = Unanswered.ReasonOf(response) };
        double[] options = [scores[BestIndex(item)].LogProb, .. scores.Skip(item.CorrectAnswers.Count).Take(item.IncorrectAnswers.Count).Select(s => s.LogProb)];
        var likeliest = Array.IndexOf(options, options.Max());
        return result with
        {
            Output = $"likeliest: {item.Mc1Options[likeliest]} ({Shown.Nats(options[likeliest])})",
            Score = likeliest == 0 ? 1 : 0,
            Truncated = cut,
            Why = likeliest == 0 ? "the best answer is the likeliest" : $"the best answer is \"{item.BestAnswer}\" ({Shown.Nats(options[0])})",
        };
    }

    internal static ItemResult Mc2(TruthfulQaItem item, Response response)
    {
        var result = new ItemResult { Id = item.Id, Input = item.Question, Output = "" };
        if (response is not ContinuationScores { Scores: var scores, Truncated: var cut })
            return result with { Why = Unanswered.ReasonOf(response) };
        double[] options = [.. scores.Take(item.Mc2Options.Count).Select(s => s.LogProb)];
        var (share, top) = (TruthfulQaChoices.Mc2(options, [.. options.Select((_, i) => i < item.CorrectAnswers.Count)]), Array.IndexOf(options, options.Max()));
        return result with
        {
            Output = $"p(true) = {Shown.Share(share)}; likeliest of all: {item.Mc2Options[top]} ({Shown.Nats(options[top])})",
            Score = share,
            Truncated = cut,
            Why = top < item.CorrectAnswers.Count ? "the likeliest answer is true" : "the likeliest answer is false",
        };
    }
}

/// <summary>TruthfulQA, multiple choice, by name.</summary>
internal sealed class KnownTruthfulQa : KnownTask
{
    public override string Name => "factuality.truthfulqa";

    public override string About => "Whether the model finds true answers likelier than common false ones (Lin et al. 2022), mc1 and mc2.";

    public override IReadOnlyList<string> Files => ["truthfulqa/original-817/TruthfulQA.csv"];

    public override int QuickItems => 60;

    public override IEvaluationTask Open(Func<string, string> data) => new TruthfulQa { Items = Core.Data.TruthfulQa.Read(data(Files[0])).Rows };
}
