using Alidade.Organisms.Manifests;

namespace Alidade.Organisms.Calibration;

/// <summary>A reading of one model beside the truth about it.</summary>
/// <param name="Organism">Id of the organism or control.</param>
/// <param name="Part">Its part.</param>
/// <param name="IsPositive">True where it has the failure that the instrument is for.</param>
/// <param name="Rate">The planted failure's measured rate; null where there is none.</param>
/// <param name="Planted">The planted ones among the items that the instrument named.</param>
/// <param name="Reading">What the instrument said.</param>
public sealed record ModelReading(string Organism, Part Part, bool IsPositive, double? Rate, IReadOnlySet<string> Planted, InstrumentReading Reading);
