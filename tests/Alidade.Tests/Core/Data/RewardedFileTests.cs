using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Tests.Core.Data;

public sealed class RewardedFileTests
{
    private static DataSet<RewardedAnswer> Read(string text, DataOptions? options = null, string name = "d.jsonl")
    {
        using var folder = new TemporaryFolder();
        return RewardedFile.Read(folder.Write(name, text), options);
    }

    [Fact]
    public void A_row_has_its_numbers_and_leaves_its_other_fields_to_a_reward()
    {
        var row = Assert.Single(Read("""{"id": "x", "prompt": "a", "completion": "1", "reward": -2, "value": 0.5, "answer": "7"}""").Rows);
        Assert.Equal(("x", "1", -2.0, 0.5), (row.Id, row.Completion, row.Reward, row.Value));
        Assert.Equal(["answer"], row.Asked.Fields.Keys);
        Assert.Equal("a", row.Group);
    }

    [Fact]
    public void Numbers_of_a_table_are_numbers() =>
        Assert.Equal([1.5, -1], Read("prompt,completion,reward\na,b,1.5\nc,d,-1\n", name: "d.csv").Rows.Select(r => r.Reward!.Value));

    [Fact]
    public void Both_answers_of_a_pair_are_answers_without_a_reward()
    {
        var rows = Read("""{"id": "x", "prompt": "a", "chosen": "1", "rejected": "2"}""").Rows;
        Assert.Equal([("x/chosen", "1"), ("x/rejected", "2")], rows.Select(r => (r.Id, r.Completion)));
        Assert.All(rows, r => Assert.Null(r.Reward));
        Assert.All(rows, r => Assert.Equal("a", r.Group));
    }

    [Theory]
    [InlineData("""{"prompt": "a", "completion": "2", "reward": 1}""", "d.jsonl:2: field 'value' is missing, while rows before have it")]
    [InlineData("""{"prompt": "a", "completion": "2", "reward": "high", "value": 1}""", "d.jsonl:2: field 'reward'")]
    [InlineData("""{"prompt": "a", "completion": "", "reward": 1, "value": 1}""", "d.jsonl:2: field 'completion' holds an empty answer")]
    [InlineData("""{"prompt": "a", "reward": 1, "value": 1}""", "d.jsonl:2: field 'completion' is missing")]
    public void A_row_that_cannot_be_used_is_named_or_counted(string row, string message)
    {
        var text = """{"prompt": "a", "completion": "1", "reward": 1, "value": 0}""" + "\n" + row + "\n";
        Assert.Contains(message, Assert.ThrowsAny<AlidadeException>(() => Read(text)).Message, StringComparison.Ordinal);
        var counted = Read(text, new() { DropInvalidRows = true });
        Assert.Equal((1, 1), (counted.Rows.Count, counted.DroppedCount));
    }
}
