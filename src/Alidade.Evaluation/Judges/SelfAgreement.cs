namespace Alidade.Evaluation.Judges;

/// <summary>
/// How well a judge agrees with itself when it is asked the same several times: over all pairs of two replies to one item, the share with equal verdicts, a mean over items.
/// </summary>
/// <remarks>The observed agreement of Fleiss 1971, Σ_k n_k(n_k − 1) / (n(n − 1)) an item. An item with fewer than two verdicts is left out and counted.</remarks>
/// <param name="Agreement">The mean; NaN when no item counts.</param>
/// <param name="Unanimous">Share of the items on which all verdicts are equal.</param>
/// <param name="Items">Items that count.</param>
/// <param name="TooFew">Items with fewer than two verdicts.</param>
/// <param name="Unjudged">Replies without a verdict.</param>
public sealed record SelfAgreement(double Agreement, double Unanimous, int Items, int TooFew, int Unjudged)
{
    /// <summary>From the verdicts of each item.</summary>
    /// <param name="verdicts">Item by item, one verdict a repeat.</param>
    public static SelfAgreement Of<T>(IReadOnlyList<IReadOnlyList<Parsed<T>>> verdicts)
        where T : notnull
    {
        var read = verdicts.Select(v => v.Where(r => r.HasValue).Select(r => r.Value).ToArray()).ToArray();
        double[] agreements = [.. read.Where(v => v.Length > 1).Select(AgreementOf)];
        return new(
            agreements.Length == 0 ? double.NaN : agreements.Average(),
            agreements.Length == 0 ? double.NaN : agreements.Count(a => a == 1) / (double)agreements.Length,
            agreements.Length,
            verdicts.Count - agreements.Length,
            verdicts.Sum(v => v.Count(r => !r.HasValue)));
    }

    private static double AgreementOf<T>(T[] verdicts)
        where T : notnull
    {
        var equal = verdicts.GroupBy(v => v).Sum(g => g.Count() * (double)(g.Count() - 1));
        return equal / (verdicts.Length * (double)(verdicts.Length - 1));
    }
}
