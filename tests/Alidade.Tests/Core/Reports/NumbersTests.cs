using Alidade.Core.Reports;
using Alidade.Core.Reports.Pictures;
using CsCheck;

namespace Alidade.Tests.Core.Reports;

public sealed class NumbersTests
{
    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(1, "100 %")]
    [InlineData(0.521, "52.1 %")]
    [InlineData(0.09996, "10.0 %")]
    [InlineData(0.0052, "0.52 %")]
    [InlineData(0.0001, "0.0100 %")]
    [InlineData(-0.123, "−12.3 %")]
    public void Shares_are_percentages_with_three_digits(double share, string shown) => Assert.Equal(shown, Numbers.Value(share, "share").Replace('\u00A0', ' '));

    [Theory]
    [InlineData(18.42, "18.4")]
    [InlineData(1234.5, "1,235")]
    [InlineData(0.00012345, "0.000123")]
    [InlineData(0.0000123, "1.23e−5")]
    [InlineData(2e10, "2e10")]
    [InlineData(-3, "−3")]
    [InlineData(double.NaN, "not a number")]
    [InlineData(double.NegativeInfinity, "−infinity")]
    public void Numbers_have_three_significant_digits(double value, string shown) => Assert.Equal(shown, Numbers.Plain(value));

    [Fact]
    public void An_axis_holds_its_values_between_few_evenly_spaced_ticks() =>
        Gen.Double[-1e6, 1e6].Array[1, 20].Sample(values =>
        {
            var axis = Axis.Around(values);
            Assert.True(axis.Low <= values.Min() + (1e-6 * axis.Step) && axis.High >= values.Max() - (1e-6 * axis.Step));
            Assert.InRange(axis.Ticks.Count, 2, 8);
            Assert.All(values, v => Assert.InRange(axis.Place(v), 0, 1));
            Assert.Equal(axis.Ticks.Count, axis.Ticks.Select(axis.Label).Distinct().Count());
        }, threads: 1);
}
