namespace Alidade.Evaluation.General;

/// <summary>
/// Logistic regression without intercept on soft labels with an L1 penalty: min over b of Σ|b| + C·Σᵢ wᵢ(log(1 + e^η) − pᵢη), η = xᵢ·b. Labels p in [0, 1] stand for a
/// row of label 1 with weight wp and one of label 0 with weight w(1 − p).
/// </summary>
/// <remarks>Proximal Newton steps (Lee, Sun and Saunders 2014), each solved by coordinate descent, with backtracking: the exact optimum, where liblinear stops at a tolerance of
/// 1e-4. For a handful of features.</remarks>
internal static class L1Logistic
{
    private const int MostSteps = 500;
    private const double Smallest = 1e-13;

    /// <summary>The coefficients.</summary>
    /// <param name="x">Rows of features, [rows][features].</param>
    /// <param name="p">Soft labels.</param>
    /// <param name="w">Weights ≥ 0.</param>
    /// <param name="strength">C: large for a weak penalty.</param>
    public static double[] Fit(double[][] x, double[] p, double[] w, double strength)
    {
        var b = new double[x[0].Length];
        var value = Objective(x, p, w, strength, b);
        for (var step = 0; step < MostSteps; step++)
        {
            var (gradient, curvature) = Derivatives(x, p, w, strength, b);
            var direction = Direction(gradient, curvature, b);
            if (direction.All(d => Math.Abs(d) <= Smallest * (1 + b.Max(Math.Abs))))
                break;
            // What the quadratic model says is gained; the step is halved until a tenth of it is real.
            var expected = gradient.Zip(direction, (g, d) => g * d).Sum() + b.Zip(direction, (c, d) => Math.Abs(c + d) - Math.Abs(c)).Sum();
            var moved = false;
            for (var size = 1.0; size > 1e-12 && !moved; size /= 2)
            {
                double[] next = [.. b.Zip(direction, (c, d) => c + (size * d))];
                var reached = Objective(x, p, w, strength, next);
                if (reached > value + (0.1 * size * expected))
                    continue;
                moved = reached < value || size == 1;
                (b, value) = (next, reached);
            }

            if (!moved)
                break;
        }

        return b;
    }

    /// <summary>σ(η).</summary>
    public static double Sigmoid(double eta) => eta >= 0 ? 1 / (1 + Math.Exp(-eta)) : Math.Exp(eta) / (1 + Math.Exp(eta));

    /// <summary>x·b.</summary>
    public static double Score(double[] x, double[] b)
    {
        var sum = 0.0;
        for (var j = 0; j < b.Length; j++)
            sum += x[j] * b[j];
        return sum;
    }

    internal static double Objective(double[][] x, double[] p, double[] w, double strength, double[] b)
    {
        var loss = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            var eta = Score(x[i], b);
            loss += w[i] * (Math.Max(eta, 0) + Math.Log(1 + Math.Exp(-Math.Abs(eta))) - (p[i] * eta));
        }

        return b.Sum(Math.Abs) + (strength * loss);
    }

    private static (double[] Gradient, double[,] Curvature) Derivatives(double[][] x, double[] p, double[] w, double strength, double[] b)
    {
        var (gradient, curvature) = (new double[b.Length], new double[b.Length, b.Length]);
        for (var i = 0; i < x.Length; i++)
        {
            var q = Sigmoid(Score(x[i], b));
            var (slope, bend) = (strength * w[i] * (q - p[i]), strength * w[i] * q * (1 - q));
            for (var j = 0; j < b.Length; j++)
            {
                gradient[j] += slope * x[i][j];
                for (var k = 0; k < b.Length; k++)
                    curvature[j, k] += bend * x[i][j] * x[i][k];
            }
        }

        return (gradient, curvature);
    }

    // min over d of g·d + ½ d·H·d + Σ|b + d|, one coordinate after the other.
    private static double[] Direction(double[] gradient, double[,] curvature, double[] b)
    {
        var d = new double[b.Length];
        for (var sweep = 0; sweep < 10_000; sweep++)
        {
            var largest = 0.0;
            for (var j = 0; j < b.Length; j++)
            {
                var bend = curvature[j, j];
                if (bend <= 0)
                    continue;
                var slope = gradient[j];
                for (var k = 0; k < b.Length; k++)
                    slope += k == j ? 0 : curvature[j, k] * d[k];
                // The coordinate's new value is the soft threshold of where the quadratic alone would put it.
                var free = b[j] - (slope / bend);
                var next = Math.Sign(free) * Math.Max(0, Math.Abs(free) - (1 / bend)) - b[j];
                largest = Math.Max(largest, Math.Abs(next - d[j]));
                d[j] = next;
            }

            if (largest <= Smallest / 10)
                break;
        }

        return d;
    }
}
