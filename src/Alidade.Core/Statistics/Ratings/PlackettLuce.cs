using MathNet.Numerics.LinearAlgebra;

namespace Alidade.Core.Statistics.Ratings;

/// <summary>
/// Plackett–Luce strengths of orders: the best is chosen with probability e^w / Σ e^w among all, then the next among the rest, and so on. With two players an order it
/// is Bradley–Terry. The w add up to 0.
/// </summary>
/// <param name="Players">Names, in ordinal order.</param>
/// <param name="Strengths">w, in the order of the players.</param>
/// <param name="NegativeLogLikelihood">In nats.</param>
/// <param name="Orders">Orders.</param>
/// <remarks>Plackett 1975; Luce 1959; likeliest strengths by Newton's method.</remarks>
public sealed record PlackettLuce(IReadOnlyList<string> Players, IReadOnlyList<double> Strengths, double NegativeLogLikelihood, int Orders)
{
    /// <summary>The fit.</summary>
    /// <param name="orders">Names from best to worst; an order may leave players out.</param>
    /// <exception cref="ArgumentException">There are no orders, or one names a player twice.</exception>
    /// <exception cref="AlidadeException">No finite strengths are the likeliest.</exception>
    public static PlackettLuce Fit(IReadOnlyList<IReadOnlyList<string>> orders)
    {
        if (orders.Count == 0 || orders.Any(o => o.Distinct(StringComparer.Ordinal).Count() != o.Count))
            throw new ArgumentException("orders are needed, and each names a player once", nameof(orders));
        var number = Tournament.Numbered(orders.SelectMany(o => o));
        string[] names = [.. number.Keys];
        int[][] ranked = [.. orders.Select(o => o.Select(n => number[n]).ToArray())];
        var above = new bool[names.Length, names.Length];
        foreach (var order in ranked)
            for (var i = 0; i < order.Length; i++)
                for (var j = i + 1; j < order.Length; j++)
                    above[order[i], order[j]] = true;
        Tournament.RequireFiniteStrengths(names, (i, j) => above[i, j]);

        var strengths = Vector<double>.Build.Dense(names.Length);
        var at = Likelihood(ranked, strengths);
        for (var iteration = 0; iteration < 200; iteration++)
        {
            // The matrix of ones picks the solution that adds up to 0.
            var step = (at.Information + 1.0).Cholesky().Solve(at.Gradient);
            var scale = 1.0;
            while (Likelihood(ranked, strengths - (scale * step)) is var next && next.Value > at.Value + (1e-12 * at.Value) && scale > 1e-10)
                scale /= 2;
            strengths -= scale * step;
            at = Likelihood(ranked, strengths);
            // Newton's error after a step is of the order of its square.
            if (step.AbsoluteMaximum() < 1e-9)
                return new PlackettLuce(names, (strengths - strengths.Average()).ToArray(), at.Value, orders.Count);
        }

        throw new AlidadeException($"the strengths of {names.Length} players from {orders.Count} orders did not settle");
    }

    private static (double Value, Vector<double> Gradient, Matrix<double> Information) Likelihood(int[][] orders, Vector<double> strengths)
    {
        var value = new CompensatedSum();
        var gradient = Vector<double>.Build.Dense(strengths.Count);
        var information = Matrix<double>.Build.Dense(strengths.Count, strengths.Count);
        foreach (var order in orders)
            for (var place = 0; place < order.Length - 1; place++)
            {
                var rest = order[place..];
                var largest = rest.Max(i => strengths[i]);
                double[] shares = [.. rest.Select(i => Math.Exp(strengths[i] - largest))];
                var total = shares.Sum();
                value.Add(largest + Math.Log(total) - strengths[rest[0]]);
                gradient[rest[0]] -= 1;
                for (var i = 0; i < rest.Length; i++)
                {
                    gradient[rest[i]] += shares[i] / total;
                    information[rest[i], rest[i]] += shares[i] / total;
                    for (var j = 0; j < rest.Length; j++)
                        information[rest[i], rest[j]] -= shares[i] / total * (shares[j] / total);
                }
            }

        return (value.Total, gradient, information);
    }
}
