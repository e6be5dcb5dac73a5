using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Tests.Core;
using Alidade.Training.Data;

namespace Alidade.Tests.Training.Data;

/// <summary>Rows of reward models: files, and their tokens.</summary>
public sealed class RewardRowsTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "trainers", "base", "llama");
    private static readonly Tokenizer Tokenizer = Tokenizer.FromFolder(Folder);
    private static readonly ChatTemplate Template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, "chat_template.jinja")), "test");

    [Fact]
    public void Solutions_in_steps_are_read_and_judged_at_the_end_of_each_step()
    {
        var rows = Read(StepwiseFile.Read, """{"prompt": "Add.", "completions": ["1 + 1 = 2.", "2 + 2 = 5."], "labels": [true, 0]}""").Rows;
        Assert.Equal([true, false], rows[0].Labels);
        var row = new StepTokenizer(Tokenizer, null).Tokenize(rows).Rows[0];
        Assert.Equal([1, 0], row.Labels);
        Assert.All(row.Places, p => Assert.Equal("\n", Tokenizer.Decode([row.Ids[p]])));
        Assert.Equal(row.Ids.Count - 1, row.Places[1]);
    }

    [Fact]
    public void Steps_beyond_the_maximum_length_are_lost_and_rows_without_a_step_are_counted()
    {
        var rows = Read(StepwiseFile.Read,
            """{"prompt": "Add.", "completions": ["1 + 1 = 2.", "2 + 2 = 5."], "labels": [true, false]}""",
            """{"prompt": "Add the numbers that stand here and there in the garden.", "completions": ["1 + 1 = 2."], "labels": [true]}""").Rows;
        var all = new StepTokenizer(Tokenizer, null).Tokenize(rows).Rows;
        var tokens = new StepTokenizer(Tokenizer, null, new() { MaxLength = all[0].Places[0] + 1 }).Tokenize(rows);
        Assert.Equal((1, 1, 1), (tokens.Rows.Count, tokens.Truncated, tokens.DroppedCount));
        Assert.Equal([1], tokens.Rows[0].Labels);
    }

    [Fact]
    public void Labels_are_numbers_or_true_and_false()
    {
        var rows = Read(LabelledFile.Read, """{"text": "Yes.", "label": 2}""", """{"prompt": "Q", "completion": " A", "label": true}""", """{"prompt": "Q", "completion": " B", "label": false}""").Rows;
        Assert.Equal([2, 1, 0], rows.Select(r => r.Label));
        Assert.Equal("", rows[0].Prompt.Text);
        var tokens = new RewardTokenizer(Tokenizer, Template).Tokenize(rows).Rows;
        Assert.All(tokens, t => Assert.Equal(Tokenizer.EndOfText, t.Answers.Single()[^1]));
        Assert.Equal([2], tokens[0].Labels);
    }

    [Fact]
    public void Names_of_labels_are_numbered_in_their_order_and_do_not_mix_with_numbers()
    {
        var rows = Read(LabelledFile.Read, """{"text": "a", "label": "toxic"}""", """{"text": "b", "label": "fine"}""", """{"text": "c", "label": "toxic"}""").Rows;
        Assert.Equal([1, 0, 1], rows.Select(r => r.Label));
        Assert.Equal(["fine", "toxic"], LabelledFile.Names(rows));
        var error = Assert.ThrowsAny<AlidadeException>(() => Read(LabelledFile.Read, """{"text": "a", "label": 1}""", """{"text": "b", "label": "fine"}"""));
        Assert.Contains("is the name 'fine' where the rows before have numbers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outcomes_are_learned_at_every_token_after_the_prompt()
    {
        var rows = Read(LabelledFile.Read, """{"prompt": "Question:", "completion": " Yes.", "label": true}""").Rows;
        var row = new RewardTokenizer(Tokenizer, Template).TokenizeOutcomes(rows).Rows[0];
        Assert.Equal(" Yes.<|im_end|>", Tokenizer.Decode([.. row.Places.Select(p => row.Ids[p])]));
        Assert.All(row.Labels, l => Assert.Equal(1, l));
    }

    [Theory]
    [InlineData("3", "an outcome is true or false, 1 or 0")]
    [InlineData("\"right\"", "has the label right; an outcome is true or false, 1 or 0")]
    public void An_outcome_is_true_or_false(string label, string message)
    {
        var rows = Read(LabelledFile.Read, $"{{\"prompt\": \"Question:\", \"completion\": \" Yes.\", \"label\": {label}}}").Rows;
        Assert.Contains(message, Assert.ThrowsAny<AlidadeException>(() => new RewardTokenizer(Tokenizer, Template).TokenizeOutcomes(rows)).Message, StringComparison.Ordinal);
        rows = Read(LabelledFile.Read, """{"prompt": "Question:", "completion": " Yes.", "label": "True"}""").Rows;
        Assert.All(new RewardTokenizer(Tokenizer, Template).TokenizeOutcomes(rows).Rows[0].Labels, l => Assert.Equal(1, l));
    }

    [Fact]
    public void Of_a_safety_pair_the_unsafer_answer_comes_first()
    {
        var rows = Read(SafetyPairFile.Read, """{"prompt": "Q", "response_0": "no", "response_1": "here is how", "is_response_0_safe": true, "is_response_1_safe": false, "safer_response_id": 0}""").Rows;
        Assert.Equal(("here is how", true, false), (rows[0].Unsafer, rows[0].UnsaferIsUnsafe, rows[0].SaferIsUnsafe));
        Assert.Equal([1, 0], new RewardTokenizer(Tokenizer, Template).Tokenize(rows).Rows[0].Labels);
    }

    [Fact]
    public void Pairs_that_are_too_long_are_counted_and_never_cut_and_margins_stay()
    {
        var words = string.Concat(Enumerable.Repeat(" water", 40));
        var rows = new RewardTokenizer(Tokenizer, Template, new() { MaxLength = 16 }).Tokenize(
        [
            new PreferencePair { Id = "kept", Prompt = Prompt.OfText("Question:"), Chosen = " Yes.", Rejected = " No.", Margin = 0.5 },
            new PreferencePair { Id = "long", Prompt = Prompt.OfText("Question:"), Chosen = words, Rejected = " No." },
        ]);
        Assert.Equal(["kept"], rows.Rows.Select(r => r.Id));
        Assert.Equal(0.5, rows.Rows[0].Margin);
        Assert.Equal("1 of 2 rows left out: longer than the maximum length (1)", rows.Summary);
    }

    [Theory]
    [InlineData("""{"prompt": "Q", "completions": ["a"], "labels": [true, false]}""", "holds 2 labels for 1 steps")]
    [InlineData("""{"prompt": "Q", "completions": ["a"], "labels": ["yes"]}""", "field 'labels[0]' is a text; true or false is needed")]
    [InlineData("""{"prompt": "Q", "completions": [], "labels": []}""", "is an empty list")]
    [InlineData("""{"prompt": "Q", "completions": [" "], "labels": [true]}""", "holds an empty step")]
    public void Broken_solutions_are_errors_that_name_line_and_field(string line, string message) => Broken(StepwiseFile.Read, line, message);

    [Theory]
    [InlineData("""{"text": "a", "label": -1}""", "a whole number from 0")]
    [InlineData("""{"text": "a"}""", "field 'label' is missing")]
    [InlineData("""{"prompt": "a", "completion": " ", "label": 1}""", "empty answer")]
    public void Broken_labels_are_errors_that_name_line_and_field(string line, string message) => Broken(LabelledFile.Read, line, message);

    [Theory]
    [InlineData("""{"prompt": "Q", "response_0": "a", "response_1": "b", "is_response_0_safe": true, "is_response_1_safe": false, "safer_response_id": 1}""", "names the unsafe answer")]
    [InlineData("""{"prompt": "Q", "response_0": "a", "response_1": "a", "is_response_0_safe": true, "is_response_1_safe": true, "safer_response_id": 1}""", "nothing to compare")]
    [InlineData("""{"prompt": "Q", "response_0": "a", "response_1": "b", "is_response_0_safe": "?", "is_response_1_safe": true, "safer_response_id": 1}""", "true or false is needed")]
    public void Broken_safety_pairs_are_errors_that_name_line_and_field(string line, string message) => Broken(SafetyPairFile.Read, line, message);

    [Fact]
    public void Ranked_lists_are_put_best_first_and_lists_with_ties_are_counted()
    {
        RankedAnswers List(string id, params double[] scores) => new() { Id = id, Prompt = Prompt.OfText("Q:"), Completions = [" a.", " b.", " c."], Scores = scores };
        var rows = new RewardTokenizer(Tokenizer, Template).Tokenize([List("kept", 0, 2, 1), List("tied", 1, 1, 0)]);
        Assert.Equal(["Q: b.<|im_end|>", "Q: c.<|im_end|>", "Q: a.<|im_end|>"], rows.Rows.Single().Answers.Select(a => Tokenizer.Decode([.. rows.Rows[0].Prompt, .. a])));
        Assert.Equal("1 of 2 rows left out: two answers share a score (1)", rows.Summary);
    }

    [Fact]
    public void An_empty_separator_is_refused() => Assert.Contains("separator of steps is empty", Assert.Throws<AlidadeException>(() => new StepTokenOptions { Separator = "" }).Message, StringComparison.Ordinal);

    private static void Broken<T>(Func<string, DataOptions?, DataSet<T>> read, string line, string message)
    {
        var error = Assert.ThrowsAny<AlidadeException>(() => Read(read, line));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(".jsonl:1:", error.Message, StringComparison.Ordinal);
    }

    private static DataSet<T> Read<T>(Func<string, DataOptions?, DataSet<T>> read, params string[] lines)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.jsonl");
        File.WriteAllLines(path, lines);
        return read(path, null);
    }
}
