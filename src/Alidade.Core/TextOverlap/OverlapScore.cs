namespace Alidade.Core.TextOverlap;

/// <summary>How far a text agrees with a reference.</summary>
/// <param name="Precision">Share of the text that the reference has, 0 … 1.</param>
/// <param name="Recall">Share of the reference that the text has, 0 … 1.</param>
/// <param name="F">2PR / (P + R), 0 when both are 0.</param>
public sealed record OverlapScore(double Precision, double Recall, double F)
{
    /// <summary>The score of both shares.</summary>
    public static OverlapScore Of(double precision, double recall) =>
        new(precision, recall, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0);
}
