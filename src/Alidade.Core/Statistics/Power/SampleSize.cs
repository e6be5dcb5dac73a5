namespace Alidade.Core.Statistics.Power;

/// <summary>How many items a test needs to see a difference.</summary>
/// <param name="Exact">The number at which the power is just reached; not whole.</param>
/// <param name="Power">The chance of seeing the difference when it is there.</param>
/// <param name="Alpha">The chance of seeing one when it is not; two-sided.</param>
/// <param name="Method">The test and how its power was computed, and whether the number is of pairs or of items in each group.</param>
public sealed record SampleSize(double Exact, double Power, double Alpha, string Method)
{
    /// <summary>The whole number of items to take: <see cref="Exact"/> rounded up.</summary>
    public int Count => checked((int)Math.Ceiling(Exact));

    /// <summary>The least n at which a power that rises with n reaches what is asked.</summary>
    internal static SampleSize Solve(Func<double, double> powerOf, double least, double power, double alpha, string method)
    {
        double low = least, high = 2 * least;
        if (powerOf(low) >= power)
            return new SampleSize(low, power, alpha, method);
        while (powerOf(high) < power)
        {
            low = high;
            high *= 2;
            if (high > 1e12)
                throw new ArgumentException("the difference is so small that no number of items up to 10¹² shows it", nameof(powerOf));
        }

        while (high - low > 1e-14 * high)
        {
            var middle = (low + high) / 2;
            if (powerOf(middle) < power)
                low = middle;
            else
                high = middle;
            if (middle.Equals(low) && middle.Equals(high))
                break;
        }

        return new SampleSize(high, power, alpha, method);
    }

    internal static void Check(double alpha, double power = 0.5)
    {
        if (!(alpha > 0 && alpha < 1))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "a significance level lies between 0 and 1, such as 0.05");
        if (!(power > 0 && power < 1))
            throw new ArgumentOutOfRangeException(nameof(power), power, "a power lies between 0 and 1, such as 0.8");
    }

    /// <exception cref="ArgumentException">The difference is 0 or not finite.</exception>
    internal static void CheckDifference(double difference)
    {
        if (difference == 0 || !double.IsFinite(difference))
            throw new ArgumentException($"a difference of {difference}: no number of items shows it", nameof(difference));
    }
}
