using Alidade.Core.Results;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// Accuracy of the implied reward: the share of pairs in which training moved the model towards the preferred answer,
/// log π(chosen)/π°(chosen) &gt; log π(rejected)/π°(rejected), with π° the model before. A tie counts one half, so the model before stands at ½ by definition.
/// </summary>
/// <remarks>
/// Rafailov et al. 2023 (arXiv 2305.18290), the reward r = β log π/π° that DPO fits; TRL logs it as <c>rewards/accuracies</c>, with a tie as wrong. Unlike the accuracy of
/// the log-probability itself it is not ruled by the answers' lengths.
/// </remarks>
public static class ImpliedPreference
{
    /// <summary>Name of the measure.</summary>
    public const string Name = "behaviour.preference.implied_accuracy";

    /// <summary>From the margins log p(chosen) − log p(rejected) of <see cref="PreferenceAccuracy"/> before and after; nothing is computed again.</summary>
    /// <param name="before">Margins before.</param>
    /// <param name="after">Margins after, over the same pairs.</param>
    public static (MeasureResult Before, MeasureResult After) Of(MeasureResult before, MeasureResult after)
    {
        var margins = before.Items.Where(i => i.Score is not null).ToDictionary(i => i.Id, i => i.Score!.Value, StringComparer.Ordinal);
        double? Moved(ItemResult item) => item.Score is { } later && margins.TryGetValue(item.Id, out var earlier) ? (later > earlier ? 1 : later < earlier ? 0 : 0.5) : null;
        Measurement About(MeasureResult result) => result.Measurement with
        {
            Name = Name,
            Meaning = "Share of held-out pairs in which training moved the model towards the preferred answer; ½ before, by definition.",
            Unit = "share",
            Direction = Direction.Higher,
            Cost = new(0, 0),
        };
        return (
            MeasureSummary.OfMean(About(before), [.. before.Items.Select(i => i with { Score = i.Score is null ? null : 0.5 })]),
            MeasureSummary.OfMean(About(after), [.. after.Items.Select(i => i with { Score = Moved(i) })]));
    }
}
