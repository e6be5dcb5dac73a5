using Alidade.Core;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Tests.Training.Objectives;

public sealed class DpoTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Beta_must_be_above_zero(double beta) => Assert.Throws<AlidadeException>(() => new Dpo { Beta = beta });

    [Theory]
    [InlineData(-0.1)]
    [InlineData(0.5)]
    public void Label_smoothing_must_be_below_a_half(double smoothing) => Assert.Throws<AlidadeException>(() => new Dpo { LabelSmoothing = smoothing });
}
