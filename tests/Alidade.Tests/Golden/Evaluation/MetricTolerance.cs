namespace Alidade.Tests.Golden.Evaluation;

/// <summary>The tolerance of metrics that are computed from files or given scores.</summary>
internal static class MetricTolerance
{
    /// <summary>1e-12 relative; where 0 is expected, what rounding leaves of numbers of size 1.</summary>
    public static void Relative(this GoldenCase golden, string what, double expected, double actual) => golden.Close(what, expected, actual, (1e-12 * Math.Abs(expected)) + 1e-15);
}
