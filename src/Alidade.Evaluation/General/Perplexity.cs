using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;

namespace Alidade.Evaluation.General;

/// <summary>
/// Perplexity of texts, exp(−Σ log p / tokens), and the mean of −log p of a token over the windows. A text longer than the context is read in windows
/// (<see cref="RollingWindows"/>), no token is scored twice.
/// </summary>
/// <remarks>
/// Every text stands after the model's beginning token (its end token where it has none), as lm-evaluation-harness's <c>loglikelihood_rolling</c>. Perplexities of
/// models with different tokenizers cannot be compared. Before and after are compared by the windows' nats per token, so the perplexity carries no items.
/// </remarks>
public sealed record Perplexity : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.perplexity";

    /// <summary>The texts.</summary>
    public required IReadOnlyList<TextDemonstration> Items { get; init; }

    /// <summary>Most tokens that a window scores; null (default) for what the model's context holds beside the token in front.</summary>
    public int? Window { get; init; }

    /// <summary>Tokens that a further window of a text sees before the first that it scores. Default 1, the cheapest; half a window is nearer to the whole text's.</summary>
    public int Seen { get; init; } = 1;

    /// <inheritdoc/>
    /// <returns><c>general.nats_per_token</c> with its windows, and <c>general.perplexity</c> over all tokens; each carries the cost of the one run.</returns>
    /// <exception cref="AlidadeException">The window does not fit into the model's context.</exception>
    public Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context) => Task.FromResult(Run(context.WhiteBox(Name).Model, context));

    private IReadOnlyList<MeasureResult> Run(CausalLM model, EvaluationContext context)
    {
        var length = Window ?? model.Config.ContextLength - 1;
        if (length >= model.Config.ContextLength)
            throw new AlidadeException($"a window of {length} tokens and one in front do not fit into the context of {model.Name}, which is {model.Config.ContextLength}");
        var watch = Stopwatch.StartNew();
        var prefix = ContinuationTokens.Prefix(model);
        var pieces = context.Choose(Items).SelectMany(text =>
        {
            var windows = RollingWindows.Of(model.Tokenizer.Encode(text.Text), prefix, length, Seen);
            return windows.Select((w, i) => (Id: windows.Count == 1 ? text.Id : $"{text.Id}/{i + 1}", Text: text.Id, IsPart: windows.Count > 1, w.Context, w.Predicted));
        }).ToArray();
        var (grouped, read) = LogLikelihoods.Of(model, [.. pieces.Select(p => new LikelihoodRequest(p.Context, [p.Predicted]))], "perplexity", context.Progress, context.Cancellation);
        var (likelihoods, cost) = (grouped.Select(l => l[0]).ToArray(), new Cost(read, watch.Elapsed.TotalSeconds));
        var cut = pieces.Any(p => p.IsPart);
        var items = pieces.Zip(likelihoods, (p, l) => new ItemResult
        {
            Id = p.Id,
            Input = model.Tokenizer.Decode(p.Predicted),
            Output = $"log p = {Shown.Nats(l.LogProb)} over {l.Tokens} tokens",
            Score = -l.PerToken,
            Cluster = cut ? p.Text : null,
        }).ToArray();
        var about = new Measurement { Name = "general.nats_per_token", Meaning = "Mean of −log p of a token, mean over the windows of the texts.", Unit = "nats per token", Direction = Direction.Lower, Count = 0, Cost = cost };
        return
        [
            MeasureSummary.OfMean(about, items),
            new(
                Total(likelihoods, cut ? [.. pieces.Select(p => p.Text)] : [.. pieces.Select(p => p.Id)], about with
                {
                    Name = Name,
                    Meaning = "exp of the mean of −log p over all tokens of the texts.",
                    Unit = "perplexity",
                }),
                []),
        ];
    }

    // The ratio Σ nats / Σ tokens, linearised for its interval: what each window adds to it (Cochran 1977, section 6).
    private static Measurement Total(Likelihood.Likelihood[] windows, string[] clusters, Measurement about)
    {
        var tokens = windows.Sum(w => (double)w.Tokens);
        if (tokens == 0)
            return about;
        var mean = -windows.Sum(w => w.LogProb) / tokens;
        double[] values = [.. windows.Select(w => mean + ((-w.LogProb - (mean * w.Tokens)) * windows.Length / tokens))];
        var interval = Mean.Clustered(values, clusters).Interval();
        return about with
        {
            Value = Math.Exp(mean),
            Count = windows.Length,
            Interval = interval is null ? null : new(Math.Exp(interval.Low), Math.Exp(interval.High), interval.Level, interval.Method + ", exponent of its ends"),
        };
    }
}
