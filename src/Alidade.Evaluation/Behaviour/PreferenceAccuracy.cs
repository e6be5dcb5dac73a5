using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// Preference accuracy: the share of pairs in which the model finds the preferred answer likelier, log p(chosen | prompt) &gt; log p(rejected | prompt), and the mean
/// margin between the two. Log-probabilities are summed over the answer and the mark that ends the turn.
/// </summary>
/// <remarks>
/// The sum is what DPO moves, so the number follows training; it favours short answers, and a pair whose rejected answer is the shorter starts with a handicap.
/// A tie counts one half. Conversations go through the chat template, plain prompts are continued as they stand.
/// </remarks>
public sealed record PreferenceAccuracy : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "behaviour.preference";

    /// <summary>The pairs; never those that were trained on.</summary>
    public required IReadOnlyList<PreferencePair> Items { get; init; }

    /// <inheritdoc/>
    /// <returns><c>behaviour.preference.accuracy</c> and <c>.margin</c>; each carries the cost of the one run that both come from.</returns>
    public Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context) => Task.FromResult(Run(context.WhiteBox(Name).Model, context));

    private IReadOnlyList<MeasureResult> Run(CausalLM model, EvaluationContext context)
    {
        var pairs = context.Choose(Items);
        var (likelihoods, cost) = FittingRequests.Of(model, [.. pairs.Select(p => Request(model, p))], "preference accuracy", context);
        // Pairs of one prompt go up and down together.
        var repeated = pairs.GroupBy(p => p.Group, StringComparer.Ordinal).Any(g => g.Count() > 1);
        IReadOnlyList<ItemResult> Of(Func<double, double> score) =>
            [.. pairs.Zip(likelihoods, (pair, scores) => ItemOf(pair, scores, score) with { Cluster = repeated ? pair.Group : null })];
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Direction = Direction.Higher, Count = 0, Cost = cost };
        return
        [
            MeasureSummary.OfMean(
                about with { Name = Name + ".accuracy", Meaning = "Share of held-out pairs in which the preferred answer is likelier than the other, summed over its tokens; a tie counts one half." },
                Of(margin => margin > 0 ? 1 : margin < 0 ? 0 : 0.5)),
            MeasureSummary.OfMean(
                about with { Name = Name + ".margin", Meaning = "Mean of log p(preferred answer) − log p(other answer) over held-out pairs.", Unit = "nats" },
                Of(margin => margin)),
        ];
    }

    private static LikelihoodRequest Request(CausalLM model, PreferencePair pair)
    {
        var tokens = ChatEncoder.Answers(model, pair.Prompt, pair.Chosen, pair.Rejected);
        return new(tokens.Prompt.Count > 0 ? tokens.Prompt : [ContinuationTokens.Prefix(model)], tokens.Answers);
    }

    private static ItemResult ItemOf(PreferencePair pair, IReadOnlyList<Likelihood.Likelihood>? scores, Func<double, double> score)
    {
        var item = new ItemResult { Id = pair.Id, Input = $"{pair.Prompt}\npreferred: {pair.Chosen}\nother: {pair.Rejected}", Output = "" };
        if (scores is not [var chosen, var rejected])
            return item with { Why = FittingRequests.TooLong };
        var margin = chosen.LogProb - rejected.LogProb;
        return item with
        {
            Output = $"log p(preferred) = {Shown.Nats(chosen.LogProb)} ({chosen.Tokens} tokens), log p(other) = {Shown.Nats(rejected.LogProb)} ({rejected.Tokens} tokens)",
            Score = score(margin),
            Why = margin == 0 ? "a tie" : $"the {(margin > 0 ? "preferred" : "other")} answer is likelier by {Shown.Nats(Math.Abs(margin))} nats",
        };
    }
}
