namespace Alidade.Core.Statistics.Distributions;

/// <summary>The regularised incomplete gamma function, both tails, and its inverse.</summary>
/// <remarks>Below x = a + 1 the series DLMF 8.11.4, above it the continued fraction 8.9.2 by the modified method of Lentz.</remarks>
internal static class IncompleteGamma
{
    /// <summary>P(a, x) and Q(a, x) = 1 − P(a, x).</summary>
    public static (double Lower, double Upper) Of(double a, double x)
    {
        if (double.IsNaN(a + x))
            return (double.NaN, double.NaN);
        if (x <= 0)
            return (0, 1);
        if (double.IsPositiveInfinity(x))
            return (1, 0);
        var kernel = SaddlePoint.GammaKernel(a, x);
        if (x < a + 1)
        {
            var lower = kernel * Series(a, x);
            return (lower, 1 - lower);
        }

        var upper = kernel * Fraction(a, x);
        return (1 - upper, upper);
    }

    /// <summary>ln x of the x with P(a, x) = lower and Q(a, x) = upper; the smaller of the two decides. As <see cref="IncompleteBeta.LogOdds"/>.</summary>
    public static double LogQuantile(double a, double lower, double upper)
    {
        var left = lower <= upper;
        var target = left ? lower : upper;
        // Far out P is x^a / Γ(a + 1), also where x itself is too small for a double.
        var far = (Math.Log(target) + Math.Log(a) + SaddlePoint.LogGamma(a)) / a;
        if (left && far < -60)
            return far;
        double log = Math.Log(a), inner = double.NaN;
        for (var i = 0; i < 200; i++)
        {
            var x = Math.Exp(log);
            var both = Of(a, x);
            var tail = left ? both.Lower : both.Upper;
            if (tail < 1e-307)
            {
                log = (log + inner) / 2;
                continue;
            }

            if (tail > target)
                inner = log;
            var step = tail * Math.Log(tail / target) / SaddlePoint.GammaKernel(a, x);
            log += left ? -step : step;
            if (Math.Abs(step) < 1e-11)
                break;
        }

        return log;
    }

    private static double Series(double a, double x)
    {
        double term = 1 / a, sum = term;
        for (var n = 1; term > sum * 1e-17; n++)
        {
            term *= x / (a + n);
            sum += term;
        }

        return sum;
    }

    private static double Fraction(double a, double x)
    {
        const double Tiny = 1e-300;
        static double Guard(double v) => Math.Abs(v) < Tiny ? Tiny : v;
        double b = x + 1 - a, c = 1 / Tiny, d = 1 / Guard(b), h = d;
        for (var i = 1; i < 100_000; i++)
        {
            var numerator = -i * (i - a);
            b += 2;
            d = 1 / Guard((numerator * d) + b);
            c = Guard(b + (numerator / c));
            h *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-16)
                break;
        }

        return h;
    }
}
