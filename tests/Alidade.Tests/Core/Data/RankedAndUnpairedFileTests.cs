using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Tests.Core.Data;

public sealed class RankedAndUnpairedFileTests
{
    private static DataSet<UnpairedAnswer> Unpaired(string text, DataOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        return UnpairedFile.Read(folder.Write("d.jsonl", text), options);
    }

    private static DataSet<RankedAnswers> Ranked(string text, DataOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        return RankedFile.Read(folder.Write("d.jsonl", text), options);
    }

    [Fact]
    public void Labels_are_true_and_false_in_all_the_ways_people_write_them()
    {
        var rows = Unpaired("""
            {"prompt": "a", "completion": "1", "label": true}
            {"prompt": "a", "completion": "2", "label": 0}
            {"prompt": "a", "completion": "3", "label": "True"}
            {"prompt": [{"role": "user", "content": "Hi"}], "completion": [{"role": "assistant", "content": "Yes"}], "label": "0"}
            """).Rows;
        Assert.Equal([true, false, true, false], rows.Select(r => r.Label));
        Assert.Equal("Yes", rows[3].Completion);
    }

    [Fact]
    public void Pairs_are_taken_apart_preferred_answers_first()
    {
        var rows = Unpaired("""
            {"prompt": "a", "chosen": "1", "rejected": "2"}
            {"prompt": "b", "chosen": "3", "rejected": "4"}
            """).Rows;
        Assert.Equal([("1", true), ("3", true), ("2", false), ("4", false)], rows.Select(r => (r.Completion, r.Label)));
        Assert.Equal(4, rows.Select(r => r.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"b\", \"label\": 2}", ":1: field 'label' is '2'; allowed: true, false, 1, 0")]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"b\", \"label\": \"yes\"}", ":1: field 'label' is 'yes'; allowed: true, false, 1, 0")]
    [InlineData("{\"prompt\": \"a\", \"completion\": \" \", \"label\": true}", ":1: field 'completion' holds an empty answer")]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"b\", \"lable\": true}", ":1: field 'label' is missing (the row has 'lable': did you mean 'label'?)")]
    public void A_broken_row_of_a_single_answer_names_file_line_and_field(string text, string expected) =>
        Assert.EndsWith("d.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => Unpaired(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"prompt\": \"a\", \"completions\": [\"b\"], \"scores\": [1]}", ":1: field 'completions' holds 1 answers; a ranking needs at least 2")]
    [InlineData("{\"prompt\": \"a\", \"completions\": [\"b\", \"\"], \"scores\": [1, 2]}", ":1: field 'completions' holds an empty answer")]
    [InlineData("{\"prompt\": \"a\", \"completions\": [\"b\", \"c\"], \"scores\": [1]}", ":1: field 'scores' holds 1 numbers for 2 answers")]
    [InlineData("{\"prompt\": \"a\", \"completions\": [\"b\", \"c\"], \"scores\": [1, 1]}", ":1: field 'scores' holds equal numbers alone: there is nothing to rank")]
    [InlineData("{\"prompt\": \"a\", \"completions\": [\"b\", \"c\"], \"scores\": [1, \"x\"]}", ":1: field 'scores[1]' is a text; a number is needed")]
    public void A_broken_ranked_list_names_file_line_and_field(string text, string expected) =>
        Assert.EndsWith("d.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => Ranked(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_ranked_list_without_scores_stands_best_first_and_broken_rows_are_counted()
    {
        var set = Ranked("""
            {"prompt": "a", "completions": ["b", "c", "d"]}
            {"prompt": "a", "completions": ["b"]}
            {"prompt": "a", "completions": ["b", "c"], "scores": [2, 2]}
            """, new() { DropInvalidRows = true });
        Assert.True(set.Rows.Single().Scores is [var first, var second, var third] && first > second && second > third);
        Assert.Equal("2 of 3 rows left out: equal scores (1), fewer than two answers in field 'completions' (1)", set.DroppedSummary);
    }
}
