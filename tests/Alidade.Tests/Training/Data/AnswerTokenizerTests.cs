using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Training.Data;

namespace Alidade.Tests.Training.Data;

public sealed class AnswerTokenizerTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "trainers", "base", "llama");
    private static readonly Tokenizer Tokenizer = Tokenizer.FromFolder(Folder);
    private static readonly ChatTemplate Template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, "chat_template.jinja")), "test");
    private static readonly string Long = string.Concat(Enumerable.Repeat(" water", 40));

    [Fact]
    public void A_cut_answer_ends_with_the_end_token_only_where_that_is_asked_for()
    {
        UnpairedTokens Cut(RowTruncation truncation) => Answers(16, truncation, ("Question:", Long)).Rows[0];
        Assert.NotEqual(Tokenizer.EndOfText, Cut(RowTruncation.KeepStart).Answer[^1]);
        Assert.Equal(Tokenizer.EndOfText, Cut(RowTruncation.CutAnswer).Answer[^1]);
        Assert.Equal(16, Cut(RowTruncation.KeepStart).Prompt.Count + Cut(RowTruncation.KeepStart).Answer.Count);
        // An answer that fits is left as it is.
        Assert.Equal(Answers(16, RowTruncation.KeepStart, ("Question:", " No.")).Rows[0].Answer, Answers(16, RowTruncation.CutAnswer, ("Question:", " No.")).Rows[0].Answer);
    }

    [Fact]
    public void Cut_and_dropped_answers_are_counted()
    {
        var rows = Answers(16, RowTruncation.KeepStart, ("Question:", " No."), ("Question:", Long), (Long, " No."));
        Assert.Equal("1 of 3 rows left out: the prompt fills the maximum length (1); 1 rows cut to the maximum length", rows.Summary);
    }

    [Fact]
    public void Cutting_at_the_start_leaves_each_answer_of_a_pair_its_own_prompt()
    {
        PairTokens Cut(int? length) => new PreferenceTokenizer(Tokenizer, Template, new() { MaxLength = length, Truncation = RowTruncation.KeepEnd })
            .Tokenize([new() { Id = "a", Prompt = Prompt.OfText("Question: When?"), Chosen = Long, Rejected = " Now." }]).Rows[0];
        var whole = Cut(null);
        var length = whole.Prompt.Count + 2;
        var pair = Cut(length);
        Assert.Empty(pair.Prompt);
        Assert.Equal((length, length - 1), (pair.Chosen.Count, pair.ChosenTargets));
        Assert.Equal(whole.Chosen.TakeLast(length), pair.Chosen);
        Assert.Equal(whole.Rejected, pair.Rejected);
        Assert.True(whole.Rejected.Count > 2);
        Assert.Equal(whole.Prompt.TakeLast(length - whole.Rejected.Count), pair.RejectedPrompt!);
        Assert.Equal(pair.Rejected.Count, pair.RejectedTargets);
    }

    [Fact]
    public void A_conversation_whose_prompt_is_written_otherwise_once_an_answer_follows_is_left_out_and_counted()
    {
        // A template that counts the turns in its first words.
        var counting = ChatTemplate.Parse("{{ messages | length }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}", "counting");
        var pair = new PreferencePair { Id = "a", Prompt = Prompt.OfMessages([new("user", "Hi")]), Chosen = "Yes.", Rejected = "No." };
        var error = Assert.Throws<AlidadeException>(() => new PreferenceTokenizer(Tokenizer, counting).Tokenize([pair]));
        Assert.Equal("no pairs can be used: 1 of 1 rows left out: the chat template writes the prompt otherwise once an answer follows (1)", error.Message);
    }

    [Fact]
    public void A_mismatched_answer_is_that_of_the_row_before_in_the_micro_batch_and_a_row_alone_has_none()
    {
        var tokens = new UnpairedTokenizer(Tokenizer, Template, new() { MaxLength = 16 }).Tokenize(
            [.. new[] { " One.", " Two.", " Three.", " Four.", " Five." }.Select((a, i) => new UnpairedAnswer { Id = $"{i}", Prompt = Prompt.OfText("Say:"), Completion = a, Label = true })], mismatchedBatch: 2);
        var rows = tokens.Rows;
        Assert.Equal(new[] { rows[1].Answer, rows[0].Answer, rows[3].Answer, rows[2].Answer, null }, rows.Select(r => r.Mismatched));
        // All five answer one prompt, so that no answer is really another prompt's.
        Assert.Equal("4 rows: the mismatched answer is one to the same prompt", tokens.Summary);
        Assert.Throws<AlidadeException>(() => new UnpairedTokenizer(Tokenizer, Template).Tokenize([new() { Id = "a", Prompt = Prompt.OfText("Say:"), Completion = " One.", Label = true }], mismatchedBatch: 1));
    }

    [Fact]
    public void A_ranked_list_stands_best_first_on_one_prompt()
    {
        var row = new RankedTokenizer(Tokenizer, Template, new() { MaxLength = 16 })
            .Tokenize([new() { Id = "a", Prompt = Prompt.OfText("Say:"), Completions = [" low", " high", " equal"], Scores = [0.1, 0.9, 0.1] }]).Rows[0];
        Assert.Equal([0.9, 0.1, 0.1], row.Scores);
        Assert.Equal([" high", " low", " equal"], row.Answers.Select(a => Tokenizer.Decode([.. a.SkipLast(1)])));
        Assert.All(row.Answers, a => Assert.Equal(Tokenizer.EndOfText, a[^1]));
        Assert.Equal(row.Answers.Select(a => a.Count), row.Targets);
    }

    [Fact]
    public void A_conversation_whose_answer_the_template_does_not_end_is_left_out_and_counted_where_end_tokens_are_asked_for()
    {
        var endless = ChatTemplate.Parse("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}", "endless");
        var end = new HashSet<int> { Tokenizer.EndOfText!.Value };
        var prompt = Prompt.OfMessages([new("user", "Hi")]);
        PreferencePair[] pairs = [new() { Id = "a", Prompt = prompt, Chosen = "Yes.", Rejected = "No." }];
        Assert.Single(new PreferenceTokenizer(Tokenizer, endless).Tokenize(pairs).Rows);
        Assert.Single(new PreferenceTokenizer(Tokenizer, Template, new() { EndTokens = end }).Tokenize(pairs).Rows);
        void Refused(Action tokenize) => Assert.Contains("no end token", Assert.Throws<AlidadeException>(tokenize).Message, StringComparison.Ordinal);
        Refused(() => new PreferenceTokenizer(Tokenizer, endless, new() { EndTokens = end }).Tokenize(pairs));
        Refused(() => new UnpairedTokenizer(Tokenizer, endless, new() { EndTokens = end }).Tokenize(UnpairedAnswer.OfPairs(pairs)));
        Refused(() => new RankedTokenizer(Tokenizer, endless, new() { EndTokens = end }).Tokenize([new() { Id = "a", Prompt = prompt, Completions = ["Yes.", "No."], Scores = [1, 0] }]));
        Refused(() => new DemonstrationTokenizer(Tokenizer, endless, new() { EndTokens = end, AssistantOnly = false }).Tokenize([new CompletionDemonstration("a", prompt, "Yes.")]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void A_maximum_length_below_two_is_an_error(int length)
    {
        Assert.Throws<AlidadeException>(() => new UnpairedTokenizer(Tokenizer, Template, new() { MaxLength = length }));
        Assert.Throws<AlidadeException>(() => new RankedTokenizer(Tokenizer, Template, new() { MaxLength = length }));
        Assert.Throws<AlidadeException>(() => new PreferenceTokenizer(Tokenizer, Template, new() { MaxLength = length }));
    }

    private static TokenRows<UnpairedTokens> Answers(int length, RowTruncation truncation, params (string Prompt, string Answer)[] rows) =>
        new UnpairedTokenizer(Tokenizer, Template, new() { MaxLength = length, Truncation = truncation })
            .Tokenize(rows.Select((r, i) => new UnpairedAnswer { Id = $"{i}", Prompt = Prompt.OfText(r.Prompt), Completion = r.Answer, Label = true }));
}
