namespace Alidade.Core.Statistics.Distributions;

/// <summary>
/// Loader's saddle-point pieces. x^a·(1 − x)^b / B(a, b) as the exponential of a difference of log-gammas loses a digit for every power of ten in a and b; written
/// with the error of Stirling's formula and the deviance D it keeps them all.
/// </summary>
/// <remarks>Loader 2000, "Fast and accurate computation of binomial probabilities".</remarks>
internal static class SaddlePoint
{
    private static readonly double HalfLogTwoPi = 0.5 * Math.Log(2 * Math.PI);

    /// <summary>ln(1 + x); the runtime's <c>LogP1</c> loses the digits of a small x.</summary>
    public static double Log1P(double x)
    {
        var sum = 1 + x;
        return sum == 1 || double.IsInfinity(sum) ? x : Math.Log(sum) * (x / (sum - 1));
    }

    /// <summary>ln Γ(x + 1) − (x + ½)·ln x + x − ½·ln 2π, x &gt; 0.</summary>
    public static double StirlingError(double x)
    {
        // Small x climb to where the series holds: the terms of one step differ by (x + ½)·ln(1 + 1/x) − 1.
        var climbed = 0.0;
        for (; x < 15; x++)
            climbed += ((x + 0.5) * Log1P(1 / x)) - 1;
        var s = 1 / (x * x);
        return climbed + (((1.0 / 12) - (s * ((1.0 / 360) - (s * ((1.0 / 1260) - (s * ((1.0 / 1680) - (s * ((1.0 / 1188)
            - (s * ((691.0 / 360360) - (s / 156)))))))))))) / x);
    }

    /// <summary>x·ln(x/mean) + mean − x.</summary>
    /// <param name="x">Value, at least 0.</param>
    /// <param name="mean">Its mean, above 0.</param>
    /// <param name="difference">x − mean, to more digits than the subtraction would leave.</param>
    public static double Deviance(double x, double mean, double difference)
    {
        if (x == 0)
            return mean;
        if (Math.Abs(difference) > (x + mean) / 3)
            return (x * Math.Log(x / mean)) - difference;
        var v = difference / (x + mean);
        var sum = difference * v;
        var term = 2 * x * v;
        for (var j = 3; ; j += 2)
        {
            term *= v * v;
            var next = sum + (term / j);
            if (next.Equals(sum))
                return sum;
            sum = next;
        }
    }

    /// <summary>x^a·y^b / B(a, b) with y = 1 − x, both given to their full digits.</summary>
    public static double BetaKernel(double a, double b, double x, double y)
    {
        if (x <= 0 || y <= 0)
            return 0;
        var n = a + b;
        var difference = x <= y ? -Math.FusedMultiplyAdd(n, x, -a) : Math.FusedMultiplyAdd(n, y, -b);
        var deviance = Deviance(a, n * x, difference) + Deviance(b, n * y, -difference);
        return Math.Sqrt(a / n * b / (2 * Math.PI)) * Math.Exp(StirlingError(n) - StirlingError(a) - StirlingError(b) - deviance);
    }

    /// <summary>x^a·e^−x / Γ(a).</summary>
    public static double GammaKernel(double a, double x) =>
        x <= 0 ? 0 : Math.Sqrt(a / (2 * Math.PI)) * Math.Exp(-StirlingError(a) - Deviance(a, x, a - x));

    /// <summary>ln Γ(x), x &gt; 0.</summary>
    public static double LogGamma(double x) => StirlingError(x) + ((x - 0.5) * Math.Log(x)) - x + HalfLogTwoPi;

    /// <summary>ln B(a, b), a and b &gt; 0.</summary>
    public static double LogBeta(double a, double b)
    {
        var n = a + b;
        double LogShare(double part, double rest) => rest < part ? Log1P(-rest / n) : Math.Log(part / n);
        return HalfLogTwoPi - (0.5 * Math.Log(a / n * b)) + StirlingError(a) + StirlingError(b) - StirlingError(n) + (a * LogShare(a, b)) + (b * LogShare(b, a));
    }
}
