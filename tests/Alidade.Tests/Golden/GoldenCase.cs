using System.Globalization;
using Alidade.Core;

namespace Alidade.Tests.Golden;

/// <summary>Names the part of the golden folder that a test class covers, so that everything else is listed as "not built".</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class GoldenAttribute(string path) : Attribute
{
    /// <summary>A folder or file below the golden folder, with forward slashes; a <c>*</c> stands for any part of one name.</summary>
    public string Path { get; } = path;
}

/// <summary>
/// One case under test: it keeps the largest difference seen, fails at the first that is over its tolerance, and leaves a line for <c>eng/golden</c>
/// in the file that ALIDADE_GOLDEN_REPORT names: state, kind, case, largest difference, its share of the tolerance, reason.
/// </summary>
internal sealed class GoldenCase
{
    private static readonly Lock Writing = new();
    private double largest;
    private double largestShare;

    private GoldenCase()
    {
    }

    /// <summary>Runs a case. A <see cref="NotBuiltException"/> skips it with the reason; any other exception fails it.</summary>
    /// <param name="kind">What <c>eng/golden</c> groups by, such as <c>models</c> or <c>objectives/ranking</c>.</param>
    /// <param name="path">The case's path below the golden folder.</param>
    /// <param name="check">The comparisons.</param>
    public static void Run(string kind, string path, Action<GoldenCase> check)
    {
        var golden = new GoldenCase();
        string? missing = null;
        try
        {
            check(golden);
        }
        catch (NotBuiltException exception)
        {
            missing = "not built: " + exception.Message;
        }
        catch (Exception exception)
        {
            golden.Report("failed", kind, path, exception.Message);
            throw;
        }

        golden.Report(missing is null ? "passed" : "skipped", kind, path, missing ?? "");
        if (missing is not null)
            Assert.Skip(missing);
    }

    /// <summary>The absolute difference must not exceed the tolerance; NaN never passes.</summary>
    public void Within(string what, double difference, double tolerance)
    {
        if (difference > largest || double.IsNaN(difference))
            largest = difference;
        largestShare = Math.Max(largestShare, tolerance > 0 ? difference / tolerance : difference == 0 ? 0 : double.PositiveInfinity);
        Assert.True(difference <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{what}: difference {difference:g4} is over the tolerance {tolerance:g4}"));
    }

    /// <summary>Two numbers, absolute tolerance.</summary>
    public void Close(string what, double expected, double actual, double tolerance)
    {
        if (double.IsNaN(expected) && double.IsNaN(actual))
            return;
        Assert.True(expected.Equals(actual) || double.IsFinite(actual) == double.IsFinite(expected),
            string.Create(CultureInfo.InvariantCulture, $"{what}: expected {expected:r}, got {actual:r}"));
        Within(string.Create(CultureInfo.InvariantCulture, $"{what}: expected {expected:r}, got {actual:r}"), expected.Equals(actual) ? 0 : Math.Abs(expected - actual), tolerance);
    }

    /// <summary>Two lists of numbers, element by element, absolute tolerance.</summary>
    public void Close(string what, IReadOnlyList<double> expected, IReadOnlyList<double> actual, double tolerance)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            Close($"{what}[{i}]", expected[i], actual[i], tolerance);
    }

    /// <summary>Two values that must be the same.</summary>
    public void Equal<T>(string what, T expected, T actual) =>
        Assert.True(EqualityComparer<T>.Default.Equals(expected, actual), $"{what}: expected {expected}, got {actual}");

    private void Report(string state, string kind, string path, string reason)
    {
        if (Environment.GetEnvironmentVariable("ALIDADE_GOLDEN_REPORT") is not { Length: > 0 } file)
            return;
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{state}\t{kind}\t{path}\t{largest:g3}\t{largestShare:g3}\t{reason.ReplaceLineEndings(" ").Replace('\t', ' ')}\n");
        lock (Writing)
            File.AppendAllText(file, line);
    }
}
