namespace Alidade.Core.Results;

/// <summary>An interval around a number, and how it was computed.</summary>
/// <param name="Low">Lower end, in the unit of the number.</param>
/// <param name="High">Upper end, in the unit of the number.</param>
/// <param name="Level">Confidence level, such as 0.95.</param>
/// <param name="Method">How it was computed, such as "Wilson" or "paired bootstrap, 10,000 resamples, seed 1".</param>
public sealed record Interval(double Low, double High, double Level, string Method);
