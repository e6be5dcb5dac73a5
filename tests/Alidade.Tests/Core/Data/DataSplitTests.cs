using Alidade.Core;
using Alidade.Core.Data;
using CsCheck;

namespace Alidade.Tests.Core.Data;

public sealed class DataSplitTests
{
    private sealed record Row(string Id, string Group) : IDataRow;

    private static readonly Gen<Row[]> Rows = Gen.Int[1, 60].SelectMany(prompts => Gen.Int[0, prompts].Array[2, 300])
        .Select(groups => groups.Select((g, i) => new Row($"{i}", $"prompt {g}")).ToArray())
        .Where(rows => rows.Select(r => r.Group).Distinct().Count() > 1);

    [Fact]
    public void No_prompt_is_on_both_sides_and_no_row_is_lost() => Gen.Select(Rows, Gen.ULong, Gen.Double[0.01, 0.9]).Sample((rows, seed, share) =>
    {
        var split = DataSplit.Of(rows, seed, share);
        Assert.Empty(split.Train.Select(r => r.Group).Intersect(split.HeldOut.Select(r => r.Group)));
        Assert.Equal(rows.Select(r => r.Id).Order(), split.Train.Concat(split.HeldOut).Select(r => r.Id).Order());
        Assert.NotEmpty(split.HeldOut);
        Assert.NotEmpty(split.Train);
    });

    [Fact]
    public void The_order_of_the_rows_does_not_matter() => Gen.Select(Rows, Gen.ULong).Sample((rows, seed) =>
    {
        var held = DataSplit.Of(rows, seed).HeldOut.Select(r => r.Id).ToHashSet();
        Assert.Equal(held, DataSplit.Of([.. rows.Reverse()], seed).HeldOut.Select(r => r.Id).ToHashSet());
    });

    [Fact]
    public void A_tenth_is_held_out_and_another_seed_takes_others()
    {
        Row[] rows = [.. Enumerable.Range(0, 1000).Select(i => new Row($"{i}", $"prompt {i}"))];
        var one = DataSplit.Of(rows, 1).HeldOut;
        Assert.Equal(100, one.Count);
        Assert.InRange(one.Intersect(DataSplit.Of(rows, 2).HeldOut).Count(), 1, 30);
        Assert.Empty(DataSplit.Of(rows, 1, 0).HeldOut);
    }

    [Fact]
    public void One_prompt_alone_cannot_be_split() =>
        Assert.Contains("same prompt", Assert.Throws<AlidadeException>(() => DataSplit.Of([new Row("1", "a"), new Row("2", "a")], 1)).Message, StringComparison.Ordinal);
}
