using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation;

namespace Alidade.Tests.Evaluation;

public sealed class ItemChoiceTests
{
    private static readonly CrowsPair[] Pairs = [.. Enumerable.Range(0, 30).Select(i => new CrowsPair($"p{i}", "a", "b", StereotypeDirection.Stereo, "age"))];

    [Fact]
    public void The_choice_does_not_depend_on_the_order_and_keeps_it()
    {
        var chosen = ItemChoice.Of(Pairs, 10, 7);
        var backwards = ItemChoice.Of([.. Pairs.Reverse()], 10, 7);
        Assert.Equal(10, chosen.Count);
        Assert.Equal(chosen, backwards.Reverse());
        Assert.Equal(chosen, Pairs.Where(chosen.Contains));
        Assert.NotEqual(chosen, ItemChoice.Of(Pairs, 10, 8));
    }

    [Fact]
    public void No_limit_takes_all_and_a_limit_of_none_is_an_error()
    {
        Assert.Equal(Pairs, ItemChoice.Of(Pairs, null, 1));
        Assert.Throws<AlidadeException>(() => ItemChoice.Of(Pairs, 0, 1));
    }
}
