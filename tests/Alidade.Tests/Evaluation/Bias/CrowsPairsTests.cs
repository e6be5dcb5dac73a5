using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Tests.Models;
using CrowsPairsMeasure = Alidade.Evaluation.Bias.CrowsPairs;

namespace Alidade.Tests.Evaluation.Bias;

public sealed class CrowsPairsTests
{
    private static readonly CrowsPair[] Pairs =
        [.. Enumerable.Range(0, 24).Select(i => new CrowsPair($"p{i}", $"Town {i} is loud.", $"Town {i * 7} was calm.", StereotypeDirection.Stereo, "age"))];

    [Fact]
    public void Exchanging_the_sentences_of_every_pair_turns_the_share_over()
    {
        using var model = TinyChat.Create();
        var first = Assert.Single(new CrowsPairsMeasure { Items = Pairs }.Run(model));
        var second = Assert.Single(new CrowsPairsMeasure { Items = [.. Pairs.Select(p => p with { More = p.Less, Less = p.More })] }.Run(model));
        Assert.Equal(24, first.Measurement.Count);
        Assert.Equal("Wilson", first.Measurement.Interval!.Method);
        Assert.Equal(1, first.Measurement.Value!.Value + second.Measurement.Value!.Value, 12);
        Assert.True(first.Measurement.Cost.Tokens > 24 * 2 * 10);
    }

    [Fact]
    public void A_tie_counts_as_not_stereotyping_and_a_pair_that_is_too_long_is_counted_by_reason()
    {
        using var model = TinyChat.Create(context: 32);
        var result = Assert.Single(new CrowsPairsMeasure { Items = [Pairs[0] with { Less = Pairs[0].More }, Pairs[1] with { More = new string('x', 40) }] }.Run(model));
        Assert.Equal(0, result.Items[0].Score);
        Assert.Null(result.Items[1].Score);
        Assert.Equal(1, result.Measurement.Unscored[LocalModel.TooLong]);
    }
}
