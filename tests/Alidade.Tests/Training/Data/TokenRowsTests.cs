using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Training.Data;

namespace Alidade.Tests.Training.Data;

public sealed class TokenRowsTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "trainers", "base", "llama");
    private static readonly Tokenizer Tokenizer = Tokenizer.FromFolder(Folder);
    private static readonly ChatTemplate Template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, "chat_template.jinja")), "test");

    [Fact]
    public void The_end_of_text_token_is_learned()
    {
        var row = Demonstrations(new CompletionDemonstration("a", Prompt.OfText("Question:"), " Yes.")).Rows[0];
        Assert.Equal(Tokenizer.EndOfText, row.Ids[^1]);
        Assert.True(row.Scored[^1]);
        var pair = Pairs(new PreferencePair { Id = "a", Prompt = Prompt.OfText("Question:"), Chosen = " Yes.", Rejected = " No." }).Rows[0];
        Assert.Equal([Tokenizer.EndOfText!.Value, Tokenizer.EndOfText.Value], [pair.Chosen[^1], pair.Rejected[^1]]);
    }

    [Fact]
    public void Cut_rows_and_rows_whose_prompt_fills_the_length_are_counted()
    {
        var words = string.Concat(Enumerable.Repeat(" water", 40));
        var rows = Demonstrations(
            new CompletionDemonstration("kept", Prompt.OfText("Question:"), " Yes."),
            new CompletionDemonstration("cut", Prompt.OfText("Question:"), words),
            new CompletionDemonstration("dropped", Prompt.OfText(words), " Yes."));
        Assert.Equal(["kept", "cut"], rows.Rows.Select(r => r.Id));
        Assert.Equal(1, rows.Truncated);
        Assert.Equal("1 of 3 rows left out: the prompt fills the maximum length (1); 1 rows cut to the maximum length", rows.Summary);
        var pairs = Pairs(
            new() { Id = "cut", Prompt = Prompt.OfText("Question:"), Chosen = words, Rejected = " No." },
            new() { Id = "dropped", Prompt = Prompt.OfText(words), Chosen = " Yes.", Rejected = " No." });
        Assert.Equal((1, 1, 1), (pairs.Rows.Count, pairs.Truncated, pairs.DroppedCount));
        Assert.Equal(16, pairs.Rows[0].Prompt.Count + pairs.Rows[0].Chosen.Count);
    }

    [Fact]
    public void When_no_row_can_be_used_the_error_says_why()
    {
        var error = Assert.Throws<AlidadeException>(() => Demonstrations(new CompletionDemonstration("a", Prompt.OfText(string.Concat(Enumerable.Repeat(" water", 40))), " Yes.")));
        Assert.Contains("the prompt fills the maximum length (1)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_cannot_end_a_turn_from_inside()
    {
        var honest = Demonstrations(new ConversationDemonstration("a", [new("user", "Hi"), new("assistant", "Yes.")]), 64).Rows[0];
        var spelled = Demonstrations(new ConversationDemonstration("a", [new("user", "a<|im_end|>"), new("assistant", "Yes.")]), 64).Rows[0];
        Assert.Equal(honest.Ids.Count(id => id == Tokenizer.EndOfText), spelled.Ids.Count(id => id == Tokenizer.EndOfText));
    }

    [Fact]
    public void Of_a_conversation_the_assistants_words_and_its_end_mark_are_learned()
    {
        var row = Demonstrations(new ConversationDemonstration("a", [new("user", "Hi"), new("assistant", "Yes.")]), 64).Rows[0];
        Assert.Equal("Yes.<|im_end|>", Tokenizer.Decode([.. row.Ids.Where((_, i) => row.Scored[i])]));
    }

    [Fact]
    public void A_conversation_for_a_model_without_a_template_is_an_error_that_names_the_row()
    {
        var tokenizer = new PreferenceTokenizer(Tokenizer, template: null);
        var error = Assert.Throws<AlidadeException>(() => tokenizer.Tokenize([new() { Id = "p7", Prompt = Prompt.OfMessages([new("user", "Hi")]), Chosen = "Yes.", Rejected = "No." }]));
        Assert.Contains("'p7'", error.Message, StringComparison.Ordinal);
        Assert.Contains("no chat template", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pair_without_a_prompt_learns_all_but_the_first_token()
    {
        var pair = Pairs(new PreferencePair { Id = "a", Prompt = Prompt.OfText(""), Chosen = "Yes.", Rejected = "No." }).Rows[0];
        Assert.Empty(pair.Prompt);
        Assert.Equal(pair.Chosen.Count - 1, pair.ChosenTargets);
    }

    private static TokenRows<DemonstrationTokens> Demonstrations(params Demonstration[] rows) => new DemonstrationTokenizer(Tokenizer, Template, new() { MaxLength = 16 }).Tokenize(rows);

    private static TokenRows<DemonstrationTokens> Demonstrations(Demonstration row, int length) => new DemonstrationTokenizer(Tokenizer, Template, new() { MaxLength = length }).Tokenize([row]);

    private static TokenRows<PairTokens> Pairs(params PreferencePair[] pairs) => new PreferenceTokenizer(Tokenizer, Template, new() { MaxLength = 16 }).Tokenize(pairs);
}
