namespace Alidade.Benchmarks;

/// <summary>One piece of work that is timed.</summary>
/// <param name="Name">What the line is called.</param>
/// <param name="Flops">Floating-point operations that the work needs, whatever the code spends.</param>
/// <param name="Tokens">Tokens that it gets through.</param>
/// <param name="Seconds">Does the work once and returns how long it took.</param>
internal sealed record Work(string Name, double Flops, long Tokens, Func<double> Seconds)
{
    /// <summary>The least share of the matrix-product rate that is asked for; null for none.</summary>
    public double? Mark { get; init; }

    /// <summary>Work that is timed from its first line to its last.</summary>
    public static Work Of(string name, double flops, long tokens, Action run) => new(name, flops, tokens, () => Clock.Time(run));
}

/// <summary>A group of works on one model, timed in turn.</summary>
internal interface IBenchmark : IDisposable
{
    /// <summary>The name that <c>--only</c> takes.</summary>
    string Name { get; }

    /// <summary>What is timed.</summary>
    IReadOnlyList<Work> Works { get; }
}
