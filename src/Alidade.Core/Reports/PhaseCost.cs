using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>What one phase of a run cost.</summary>
/// <param name="Phase">Name, such as "measured before" or "stage 2-dpo".</param>
/// <param name="Cost">Tokens and seconds; of a phase that was taken up again, those of the part that ended it.</param>
public sealed record PhaseCost(string Phase, Cost Cost);

/// <summary>A sign of a silent failure in one stage of training.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Warning">What was seen.</param>
public sealed record StageWarning(string Stage, ReportWarning Warning);
