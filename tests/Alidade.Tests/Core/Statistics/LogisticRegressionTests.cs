using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class LogisticRegressionTests
{
    private static readonly float[][] Rows = [[0.5f, -1], [1.5f, 0.5f], [-0.5f, 2], [2, 1], [-1, -0.5f], [0, 0.75f], [1, -2], [-1.5f, 1.25f]];
    private static readonly bool[] Labels = [true, true, false, true, false, true, true, false];

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(0.1, true)]
    public void Nothing_near_the_fit_has_a_lower_loss(double strength, bool balanced)
    {
        var fit = LogisticRegression.Fit(Rows, Labels, strength, balanced);
        double Loss(double a, double b, double intercept) => (0.5 * ((a * a) + (b * b))) + Rows.Select((r, i) =>
            strength * (balanced ? Labels[i] ? 8 / 10.0 : 8 / 6.0 : 1) * Math.Log(1 + Math.Exp((Labels[i] ? -1 : 1) * ((a * r[0]) + (b * r[1]) + intercept)))).Sum();
        var (a, b, c) = (fit.Coefficients[0], fit.Coefficients[1], fit.Intercept);
        const double Step = 1e-5;
        // The loss is convex, so a point where it is flat is its least.
        Assert.Equal(0, (Loss(a + Step, b, c) - Loss(a - Step, b, c)) / (2 * Step), 1e-8);
        Assert.Equal(0, (Loss(a, b + Step, c) - Loss(a, b - Step, c)) / (2 * Step), 1e-8);
        Assert.Equal(0, (Loss(a, b, c + Step) - Loss(a, b, c - Step)) / (2 * Step), 1e-8);
        Assert.Equal(1 / (1 + Math.Exp(-((a * 0.5) - b + c))), fit.Probability(Rows[0]), 1e-12);
    }

    [Fact]
    public void One_kind_of_rows_cannot_be_told_from_another() =>
        Assert.Contains("8 of 8", Assert.Throws<AlidadeException>(() => LogisticRegression.Fit(Rows, [.. Labels.Select(_ => true)])).Message, StringComparison.Ordinal);
}
