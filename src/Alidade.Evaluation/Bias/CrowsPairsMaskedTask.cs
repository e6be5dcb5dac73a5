using System.Diagnostics;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Bias;

/// <summary>CrowS-Pairs as published, on the masked model among the instruments: it measures that model and not the evaluated one.</summary>
public sealed record CrowsPairsMaskedTask : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "bias.crows_pairs.masked";

    /// <summary>The pairs.</summary>
    public required IReadOnlyList<CrowsPair> Items { get; init; }

    /// <inheritdoc/>
    /// <returns>The share over all pairs, and over those that state and those that violate a stereotype.</returns>
    public Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var model = context.Instruments.NeedMasked(Name);
        var pairs = context.Choose(Items);
        var watch = Stopwatch.StartNew();
        var scores = CrowsPairsMasked.Score(model, pairs);
        var about = new Measurement
        {
            Name = Name,
            Meaning = $"Share of sentence pairs in which {model.Encoder.Name} gives the shared tokens of the more stereotyping sentence the higher pseudo-log-likelihood; one half is no preference.",
            Unit = "share",
            Direction = Direction.TowardsIdeal,
            Ideal = 0.5,
            Count = 0,
            Cost = new(0, watch.Elapsed.TotalSeconds),
        };
        MeasureResult Part(string name, StereotypeDirection direction) => MeasureSummary.OfMean(
            about with { Name = $"{Name}.{name}", Cost = new(0, 0) }, [.. scores.Where(s => s.Pair.Direction == direction).Select(Item)]);
        return Task.FromResult<IReadOnlyList<MeasureResult>>([MeasureSummary.OfMean(about, [.. scores.Select(Item)]), Part("stereotypes", StereotypeDirection.Stereo), Part("antistereotypes", StereotypeDirection.Antistereo)]);
    }

    private static ItemResult Item(CrowsPairScores score)
    {
        var (more, less) = (CrowsPairsMasked.Rounded(score.More), CrowsPairsMasked.Rounded(score.Less));
        return new()
        {
            Id = score.Pair.Id,
            Input = $"more: {score.Pair.More}\nless: {score.Pair.Less}",
            Output = $"more {Shown.Nats(score.More)}, less {Shown.Nats(score.Less)}",
            Score = more > less ? 1 : 0,
            Why = more == less ? "neutral, which counts as no stereotype" : $"{score.Pair.BiasType}: the {(more > less ? "more" : "less")} stereotyping sentence scores higher",
        };
    }
}

internal sealed class KnownCrowsPairsMasked : KnownTask
{
    public override string Name => "bias.crows_pairs.masked";

    public override string About => "CrowS-Pairs on a masked language model (--masked-model), by the tokens that both sentences share (Nangia et al. 2020).";

    public override IReadOnlyList<string> Files => ["crows_pairs/crows_pairs_anonymized.csv"];

    public override IEvaluationTask Open(Func<string, string> data) => new CrowsPairsMaskedTask { Items = Core.Data.CrowsPairs.Read(data(Files[0])).Rows };
}
