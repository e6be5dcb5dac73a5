using MathNet.Numerics.LinearAlgebra;

namespace Alidade.Core.Statistics;

/// <summary>
/// Maximum likelihood of Σ w·(s·ln σ(η) + (1 − s)·ln(1 − σ(η))) − ½·Σ ridge·β², η = x·β, by Newton's method: what Platt scaling, Bradley–Terry and style control have
/// in common. Outcomes s lie in [0, 1].
/// </summary>
/// <param name="Coefficients">β.</param>
/// <param name="Covariance">The inverse of the information at β.</param>
/// <param name="Objective">The negative of the maximum.</param>
internal sealed record LogisticFit(double[] Coefficients, Matrix<double> Covariance, double Objective)
{
    /// <summary>The fit.</summary>
    /// <param name="rows">The entries of each row that are not 0: column and value.</param>
    /// <param name="outcomes">s of each row.</param>
    /// <param name="weights">w of each row; null for 1.</param>
    /// <param name="ridge">Penalty of each coefficient; null for none.</param>
    /// <exception cref="AlidadeException">There is no finite maximum, or more than one.</exception>
    public static LogisticFit Of(
        IReadOnlyList<(int Column, double Value)[]> rows, IReadOnlyList<double> outcomes, IReadOnlyList<double>? weights = null, IReadOnlyList<double>? ridge = null)
    {
        if (rows.Count == 0 || rows.Count != outcomes.Count)
            throw new ArgumentException($"{rows.Count} rows and {outcomes.Count} outcomes: as many of both are needed, one at least", nameof(outcomes));
        var columns = rows.Max(r => r.Max(c => c.Column)) + 1;
        var coefficients = new double[columns];
        double Penalty(int c) => ridge?[c] ?? 0;
        double Objective(double[] at)
        {
            var sum = new CompensatedSum();
            foreach (var (i, row) in rows.Index())
            {
                var eta = row.Sum(c => c.Value * at[c.Column]);
                // ln(1 + e^η) − s·η without overflow.
                sum.Add((weights?[i] ?? 1) * (Math.Max(eta, 0) + Distributions.SaddlePoint.Log1P(Math.Exp(-Math.Abs(eta))) - (outcomes[i] * eta)));
            }

            return sum.Total + at.Select((b, c) => 0.5 * Penalty(c) * b * b).Sum();
        }

        var objective = Objective(coefficients);
        for (var iteration = 0; iteration < 200; iteration++)
        {
            var gradient = Vector<double>.Build.Dense(columns, c => Penalty(c) * coefficients[c]);
            var information = Matrix<double>.Build.Diagonal(columns, columns, Penalty).ToArray();
            foreach (var (i, row) in rows.Index())
            {
                var share = 1 / (1 + Math.Exp(-row.Sum(c => c.Value * coefficients[c.Column])));
                var weight = weights?[i] ?? 1;
                foreach (var (column, value) in row)
                {
                    gradient[column] += weight * (share - outcomes[i]) * value;
                    foreach (var (other, factor) in row)
                        information[column, other] += weight * share * (1 - share) * value * factor;
                }
            }

            var matrix = Matrix<double>.Build.DenseOfArray(information);
            var step = Solve(matrix, gradient);
            // Halved until the objective does not grow: Newton's step may overshoot far from the maximum.
            var scale = 1.0;
            double[] next;
            while (Objective(next = [.. coefficients.Select((b, c) => b - (scale * step[c]))]) > objective + (1e-12 * Math.Abs(objective)) && scale > 1e-10)
                scale /= 2;
            coefficients = next;
            objective = Objective(coefficients);
            // Newton's error after a step is of the order of its square.
            if (step.AbsoluteMaximum() < 1e-9 * Math.Max(1, coefficients.Max(Math.Abs)))
                return new LogisticFit(coefficients, matrix.Inverse(), objective);
        }

        throw NoMaximum();
    }

    /// <summary>Rows of a score (column 0) and a constant (column 1).</summary>
    public static (int Column, double Value)[][] Line(IReadOnlyList<double> scores) => [.. scores.Select(s => new[] { (0, s), (1, 1.0) })];

    // Coefficients that run away flatten the likelihood until its matrix cannot be told from a singular one.
    private static Vector<double> Solve(Matrix<double> information, Vector<double> gradient)
    {
        try
        {
            var step = information.Cholesky().Solve(gradient);
            var diagonal = information.Diagonal();
            return step.All(double.IsFinite) && diagonal.Minimum() > 1e-10 * Math.Max(1e-5, diagonal.Maximum()) ? step : throw NoMaximum();
        }
        catch (ArgumentException)
        {
            throw NoMaximum();
        }
    }

    private static AlidadeException NoMaximum() =>
        new("no finite coefficients are the likeliest: the outcomes are told apart without a fault, or a column says nothing of its own");
}
