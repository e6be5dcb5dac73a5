namespace Alidade.Core.Statistics.Ratings;

/// <summary>
/// Bradley–Terry strengths with the part that style plays taken out: P(a beats b) = σ(w_a − w_b + Σ βₖ·zₖ), zₖ the standardised (x_a − x_b)/(x_a + x_b + 1) of a
/// feature of the two answers, such as their lengths.
/// </summary>
/// <param name="Players">Names, in ordinal order.</param>
/// <param name="Strengths">w, adding up to 0, in the order of the players.</param>
/// <param name="StyleCoefficients">β: the change of the log-odds of winning by one standard deviation of a feature.</param>
/// <param name="Objective">The negative log-likelihood in nats, with the penalty ½·ridge·Σ β².</param>
/// <param name="Battles">Comparisons.</param>
/// <remarks>Chatbot Arena's style control (Li, Angelopoulos and Chiang 2024).</remarks>
public sealed record StyleControl(IReadOnlyList<string> Players, IReadOnlyList<double> Strengths, IReadOnlyList<double> StyleCoefficients, double Objective, int Battles)
{
    /// <summary>The fit.</summary>
    /// <param name="battles">Comparisons.</param>
    /// <param name="first">Features of the first player's answer, a list a comparison; none below 0.</param>
    /// <param name="second">Features of the second player's answer.</param>
    /// <param name="ridge">Penalty of the style coefficients.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or a feature is below 0.</exception>
    /// <exception cref="AlidadeException">A feature does not vary, or no finite strengths are the likeliest.</exception>
    public static StyleControl Fit(
        IReadOnlyList<Battle> battles, IReadOnlyList<IReadOnlyList<double>> first, IReadOnlyList<IReadOnlyList<double>> second, double ridge = 0)
    {
        var number = Tournament.Players(battles);
        string[] names = [.. number.Keys];
        var wins = BradleyTerry.Wins(battles, number);
        Tournament.RequireFiniteStrengths(names, (i, j) => wins[i, j] > 0);
        var features = Standardised(battles.Count, first, second);
        var fit = LogisticFit.Of(
            [.. battles.Select((b, i) => ((int, double)[])[
                .. BradleyTerry.Row(number[b.First], number[b.Second], names.Length),
                .. features.Select((f, k) => (names.Length - 1 + k, f[i]))])],
            [.. battles.Select(b => b.Score)],
            [.. battles.Select(b => b.Weight)],
            [.. Enumerable.Repeat(0.0, names.Length - 1), .. features.Select(_ => ridge)]);
        return new StyleControl(names, BradleyTerry.Centred(fit, names.Length).Strengths, fit.Coefficients[(names.Length - 1)..], fit.Objective, battles.Count);
    }

    /// <summary>z of each feature, a list a feature.</summary>
    internal static double[][] Standardised(int battles, IReadOnlyList<IReadOnlyList<double>> first, IReadOnlyList<IReadOnlyList<double>> second)
    {
        var count = first.Count == 0 ? 0 : first[0].Count;
        if (first.Count != battles || second.Count != battles || count == 0 || first.Concat(second).Any(f => f.Count != count || f.Any(x => !(x >= 0))))
            throw new ArgumentException("every comparison needs the same features of both answers, none below 0", nameof(first));
        var standardised = new double[count][];
        for (var k = 0; k < count; k++)
        {
            double[] differences = [.. first.Zip(second, (a, b) => (a[k] - b[k]) / (a[k] + b[k] + 1))];
            double mean = Mean.Value(differences), deviation = Mean.PopulationDeviation(differences);
            if (deviation == 0)
                throw new AlidadeException($"style feature {k + 1} differs equally in all {battles} comparisons; leave it out");
            standardised[k] = [.. differences.Select(d => (d - mean) / deviation)];
        }

        return standardised;
    }
}
