namespace Alidade.Core.Statistics.Distributions;

/// <summary>The regularised incomplete beta function, both tails, by its continued fraction on the side where that converges fast, and its inverse.</summary>
/// <remarks>The even part of DLMF 8.17.22 (Didonato and Morris 1992, equation 9), evaluated by the modified method of Lentz (Thompson and Barnett 1986); the factor
/// before it from <see cref="SaddlePoint"/>.</remarks>
internal static class IncompleteBeta
{
    /// <summary>I_x(a, b) and 1 − I_x(a, b), with y = 1 − x given to its full digits.</summary>
    public static (double Lower, double Upper) Of(double a, double b, double x, double y)
    {
        if (double.IsNaN(a + b + x + y))
            return (double.NaN, double.NaN);
        if (x <= 0)
            return (0, 1);
        if (y <= 0)
            return (1, 0);
        var flipped = x > (a + 1) / (a + b + 2);
        if (flipped)
            (a, b, x, y) = (b, a, y, x);
        var near = SaddlePoint.BetaKernel(a, b, x, y) / Fraction(a, b, x, y);
        return flipped ? (1 - near, near) : (near, 1 - near);
    }

    /// <summary>ln(x/(1 − x)) of the x with I_x(a, b) = lower and 1 − I_x(a, b) = upper; the smaller of the two decides.</summary>
    /// <remarks>Newton's method on the log of the tail over the log-odds, where tails are nearly straight lines. The log of the tail is concave there, so a step from
    /// the outer side never passes the root.</remarks>
    public static double LogOdds(double a, double b, double lower, double upper)
    {
        if (upper < lower)
            return -LogOdds(b, a, upper, lower);
        // Far out I is x^a / (a·B(a, b)), also where x itself is too small for a double.
        var far = (Math.Log(lower) + Math.Log(a) + SaddlePoint.LogBeta(a, b)) / a;
        if (far < -60)
            return far;
        double logOdds = Math.Log(a / b), inner = double.NaN;
        for (var i = 0; i < 200; i++)
        {
            double x = 1 / (1 + Math.Exp(-logOdds)), y = 1 / (1 + Math.Exp(logOdds));
            var tail = Of(a, b, x, y).Lower;
            if (tail < 1e-307)
            {
                // Too far out for doubles: halfway back.
                logOdds = (logOdds + inner) / 2;
                continue;
            }

            if (tail > lower)
                inner = logOdds;
            var step = tail * Math.Log(tail / lower) / SaddlePoint.BetaKernel(a, b, x, y);
            logOdds -= step;
            if (Math.Abs(step) < 1e-11)
                break;
        }

        return logOdds;
    }

    // b₀ + a₁/(b₁ + a₂/(b₂ + …)); with y in it nothing cancels where x is close to 1.
    private static double Fraction(double a, double b, double x, double y)
    {
        double Denominator(double m) =>
            m + (m * (b - m) * x / (a + (2 * m) - 1)) + ((a + m) * ((a * y) - (b * x) + 1 + (m * (1 + y))) / (a + (2 * m) + 1));
        const double Tiny = 1e-300;
        static double Guard(double v) => Math.Abs(v) < Tiny ? Tiny : v;
        double value = Guard(a * ((a * y) - (b * x) + 1) / (a + 1)), c = value, d = 0;
        for (var m = 1; m < 100_000; m++)
        {
            var scale = a + (2 * m) - 1;
            var numerator = m * (a + m - 1) / scale * ((a + b + m - 1) / scale) * (b - m) * x * x;
            var denominator = Denominator(m);
            d = 1 / Guard(denominator + (numerator * d));
            c = Guard(denominator + (numerator / c));
            value *= c * d;
            if (Math.Abs((c * d) - 1) < 1e-16)
                break;
        }

        return value;
    }
}
