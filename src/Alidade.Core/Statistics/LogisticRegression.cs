namespace Alidade.Core.Statistics;

/// <summary>
/// Logistic regression with a ridge: least C·Σ w·ln(1 + e^(−y·η)) + ½·|β|² with η = x·β + b and y = ±1; the intercept b is not penalised.
/// </summary>
/// <remarks>The objective of scikit-learn's <c>LogisticRegression</c>, balanced weights included: those of a class are rows/(2·rows of the class).</remarks>
/// <param name="Coefficients">β, one for each column.</param>
/// <param name="Intercept">b.</param>
public sealed record LogisticRegression(IReadOnlyList<double> Coefficients, double Intercept)
{
    /// <summary>The fit.</summary>
    /// <param name="rows">x of each row, all of one length.</param>
    /// <param name="labels">True for y = 1.</param>
    /// <param name="strength">C above 0: how much rows count against the ridge. Default 1, as scikit-learn.</param>
    /// <param name="balanced">Whether both classes weigh the same however many rows they have. Default true.</param>
    /// <exception cref="AlidadeException">One of the classes has no row, or rows have other lengths.</exception>
    public static LogisticRegression Fit(IReadOnlyList<IReadOnlyList<float>> rows, IReadOnlyList<bool> labels, double strength = 1, bool balanced = true)
    {
        var right = labels.Count(l => l);
        if (right == 0 || right == labels.Count)
            throw new AlidadeException($"two kinds of rows cannot be told apart where there is one: {right} of {labels.Count} are of the first kind");
        var columns = rows[0].Count;
        if (rows.FirstOrDefault(r => r.Count != columns) is { } other)
            throw new AlidadeException($"rows have {columns} and {other.Count} columns; they must have as many");
        double WeightOf(bool label) => strength * (balanced ? labels.Count / (2.0 * (label ? right : labels.Count - right)) : 1);
        var fit = LogisticFit.Of(
            [.. rows.Select(r => (ValueTuple<int, double>[])[.. r.Select((x, c) => (c, (double)x)), (columns, 1.0)])],
            [.. labels.Select(l => l ? 1.0 : 0)], [.. labels.Select(WeightOf)], [.. Enumerable.Range(0, columns).Select(_ => 1.0), 0]);
        return new(fit.Coefficients[..columns], fit.Coefficients[columns]);
    }

    /// <summary>Probability of y = 1.</summary>
    /// <param name="row">x.</param>
    public double Probability(IReadOnlyList<float> row)
    {
        var eta = Intercept;
        for (var c = 0; c < row.Count; c++)
            eta += Coefficients[c] * row[c];
        return 1 / (1 + Math.Exp(-eta));
    }
}
