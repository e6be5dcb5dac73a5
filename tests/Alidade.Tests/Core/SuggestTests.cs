using Alidade.Core;

namespace Alidade.Tests.Core;

public sealed class SuggestTests
{
    [Theory]
    [InlineData("lerning_rate", "learning_rate")]
    [InlineData("LearningRate", "learning_rate")]
    [InlineData("btea", "beta")]
    [InlineData("temperature", null)]
    public void The_nearest_name_is_offered_and_a_far_one_is_not(string typed, string? nearest) =>
        Assert.Equal(nearest, Suggest.Nearest(typed, ["learning_rate", "beta", "seed"]));

    [Fact]
    public void Without_a_near_name_the_known_ones_are_listed() => Assert.Equal(" (known: a, b)", Suggest.Hint("temperature", ["b", "a"]));
}
