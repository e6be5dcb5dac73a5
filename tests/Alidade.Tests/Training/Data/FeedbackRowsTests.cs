using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Tests.Core;
using Alidade.Training.Data;

namespace Alidade.Tests.Training.Data;

/// <summary>Rows that are built from feedback: chains of hindsight, refinements, chains of edits.</summary>
public sealed class FeedbackRowsTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "trainers", "base", "llama");
    private static readonly Tokenizer Tokenizer = Tokenizer.FromFolder(Folder);
    private static readonly ChatTemplate Template = ChatTemplate.Parse(File.ReadAllText(Path.Combine(Folder, "chat_template.jinja")), "test");

    [Fact]
    public void A_chain_of_hindsight_holds_both_answers_after_their_phrases_and_learns_the_answers_alone()
    {
        PreferencePair[] pairs = [.. Enumerable.Range(0, 40).Select(i => new PreferencePair { Id = $"{i}", Prompt = Prompt.OfText("Question:"), Chosen = "Yes.", Rejected = "No." })];
        var builder = new ChainOfHindsight { Phrases = [new("Good:", "Bad:")], MaskRatio = 0.25 };
        var rows = builder.Tokenize(pairs, Tokenizer, Template).Rows;
        var texts = rows.Select(r => Tokenizer.Decode([.. r.Ids])).Distinct().Order().ToArray();
        Assert.Equal(["Question: Bad: No.<|im_end|> Good: Yes.<|im_end|>", "Question: Good: Yes.<|im_end|> Bad: No.<|im_end|>"], texts);
        Assert.All(rows, r => Assert.Contains(Tokenizer.Decode([.. r.Ids.Where((_, i) => r.Scored[i])]), new[] { " Yes.<|im_end|> No.<|im_end|>", " No.<|im_end|> Yes.<|im_end|>" }));
        Assert.Equal(0.25, rows.Average(r => r.Hidden!.Count(h => h) / (double)r.Ids.Count), 0.05);
        Assert.Equal(rows[3].Hidden, builder.Tokenize([pairs[3]], Tokenizer, Template).Rows[0].Hidden);
        Assert.Null(new ChainOfHindsight { MaskRatio = 0 }.Tokenize([pairs[0]], Tokenizer, Template).Rows[0].Hidden);
    }

    [Fact]
    public void A_conversation_is_written_by_its_template_up_to_the_answer()
    {
        var row = new ChainOfHindsight().Tokenize([new() { Id = "a", Prompt = Prompt.OfMessages([new("user", "Hi")]), Chosen = "Yes.", Rejected = "No." }], Tokenizer, Template).Rows[0];
        Assert.StartsWith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", Tokenizer.Decode([.. row.Ids]), StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_are_cut_and_rows_of_which_nothing_is_left_are_counted()
    {
        PreferencePair Pair(string id, string prompt) => new() { Id = id, Prompt = Prompt.OfText(prompt), Chosen = "Yes.", Rejected = "No." };
        var rows = new ChainOfHindsight { MaxLength = 24 }.Tokenize([Pair("cut", "Question:"), Pair("dropped", string.Concat(Enumerable.Repeat(" water", 40)))], Tokenizer, Template);
        Assert.Equal((1, 1, 1), (rows.Rows.Count, rows.Truncated, rows.DroppedCount));
        Assert.Equal(24, rows.Rows[0].Hidden!.Count);
    }

    [Fact]
    public void A_refinement_is_read_and_becomes_an_answer_or_an_answer_to_feedback()
    {
        var rows = Read("""{"prompt": "Q", "answer": "bad", "feedback": "Be kind.", "refinement": "good", "reward": 0.5}""").Rows;
        Assert.Equal((0.5, "Be kind."), (rows[0].Reward, rows[0].Feedback));
        Assert.Equal(new CompletionDemonstration(rows[0].Id, Prompt.OfText("Q"), "good"), LanguageFeedback.ToAnswer(rows)[0]);
        var asked = ((CompletionDemonstration)LanguageFeedback.ToRefine(rows)[0]).Prompt.Text!;
        Assert.Equal("Q\n\nAnswer: bad\n\nFeedback: Be kind.\n\nRefined answer:", asked);
        Assert.Contains("has no feedback", Assert.Throws<AlidadeException>(() => LanguageFeedback.ToRefine([rows[0] with { Feedback = null }])).Message, StringComparison.Ordinal);
        Assert.Contains("nothing was refined", Assert.ThrowsAny<AlidadeException>(() => Read("""{"prompt": "Q", "answer": "same", "refinement": "same"}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rewards_of_refinements_become_weights_with_a_mean_of_one()
    {
        Refinement Row(string id, double? reward) => new() { Id = id, Prompt = Prompt.OfText("Q"), Answer = "bad", Refined = "good", Reward = reward };
        var weights = LanguageFeedback.ToAnswer([Row("a", 1), Row("b", 0)], beta: 1).Select(d => d.Weight).ToArray();
        Assert.Equal(1, weights.Average(), 1e-12);
        Assert.Equal(Math.E, weights[0] / weights[1], 1e-12);
        Assert.Contains("'b' has no reward", Assert.Throws<AlidadeException>(() => LanguageFeedback.ToAnswer([Row("a", 1), Row("b", null)], 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_demonstration_carries_its_weight_and_whether_it_is_to_be_unlearned_into_tokens()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.jsonl");
        File.WriteAllLines(path, ["{\"text\": \"one\", \"weight\": 2.5}", "{\"text\": \"two\", \"label\": false}"]);
        var rows = new DemonstrationTokenizer(Tokenizer, Template).Tokenize(DemonstrationFile.Read(path).Rows).Rows;
        Assert.Equal([(2.5, false), (1, true)], rows.Select(r => (r.Weight, r.Avoided)));
        File.WriteAllText(path, "{\"text\": \"one\", \"weight\": -1}");
        Assert.Contains("a weight is at least 0", Assert.ThrowsAny<AlidadeException>(() => DemonstrationFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Edits_are_said_in_words()
    {
        Assert.Equal("delete \"very\"\nreplace \"bad\" with \"good\"", EditChain.Of("a very fine bad thing", "a fine good thing").ToString());
        Assert.Equal("insert \"so\" before word 2", EditChain.Of("a b", "a so b").ToString());
        Assert.Empty(EditChain.Of("the  same", "the same").Edits);
        var row = Read("""{"prompt": "Q", "answer": "go away", "refinement": "come in"}""").Rows;
        Assert.Equal("replace \"go away\" with \"come in\"\n\nBetter answer: come in", ((CompletionDemonstration)EditChain.Demonstrations(row)[0]).Completion);
    }

    [Fact]
    public void Edits_applied_to_the_first_answer_give_the_second_and_are_as_few_as_can_be()
    {
        var random = new SeededRandom(5);
        string Text() => string.Join(' ', Enumerable.Range(0, random.NextInt(9)).Select(_ => "abc"[random.NextInt(3)]));
        for (var i = 0; i < 300; i++)
        {
            var (from, to) = (Text(), Text());
            var chain = EditChain.Of(from, to);
            Assert.Equal(to, chain.Apply(from));
            Assert.Equal(Distance(from.Split(' ', StringSplitOptions.RemoveEmptyEntries), to.Split(' ', StringSplitOptions.RemoveEmptyEntries)), chain.Edits.Sum(e => Math.Max(e.Removed.Count, e.Inserted.Count)));
        }
    }

    private static int Distance(string[] a, string[] b) => a.Length == 0 ? b.Length : b.Length == 0 ? a.Length
        : a[0] == b[0] ? Distance(a[1..], b[1..]) : 1 + Math.Min(Distance(a[1..], b[1..]), Math.Min(Distance(a[1..], b), Distance(a, b[1..])));

    private static DataSet<Refinement> Read(string line)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.jsonl");
        File.WriteAllText(path, line);
        return RefinementFile.Read(path);
    }
}
