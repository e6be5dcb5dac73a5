using System.IO.Compression;
using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Tests.Core.Data;

public sealed class PreferenceFileTests
{
    private static DataSet<PreferencePair> Read(string text, string name = "p.jsonl", PreferenceFormat format = PreferenceFormat.Auto, bool drop = false)
    {
        using var folder = new TemporaryFolder();
        return PreferenceFile.Read(folder.Write(name, text), format, new DataOptions { DropInvalidRows = drop });
    }

    private static string ErrorOf(string text, string name = "p.jsonl")
    {
        var error = Assert.ThrowsAny<AlidadeException>(() => Read(text, name)).Message;
        Assert.DoesNotContain('\n', error);
        return error[(error.IndexOf(name, StringComparison.Ordinal) + name.Length)..];
    }

    [Fact]
    public void An_explicit_prompt_is_a_text_or_messages()
    {
        var set = Read("""
            {"prompt": "2+2=", "chosen": " 4", "rejected": " 5", "margin": 1.5, "id": 7}
            {"prompt": [{"role": "user", "content": "Hi"}], "chosen": [{"role": "assistant", "content": "Hello"}], "rejected": "No", "margin": 0.5, "extra": 1}
            """);
        Assert.Equal(new PreferencePair { Id = "7", Prompt = Prompt.OfText("2+2="), Chosen = " 4", Rejected = " 5", Margin = 1.5 }, set.Rows[0]);
        Assert.Equal(Prompt.OfMessages([new Message("user", "Hi")]), set.Rows[1].Prompt);
        Assert.Equal(("Hello", "No"), (set.Rows[1].Chosen, set.Rows[1].Rejected));
    }

    [Theory]
    [InlineData("\"win_probability\": 0.7", "win_probability")]
    [InlineData("\"score_chosen\": 2", "chosen_score")]
    [InlineData("\"tie\": false", "tie")]
    [InlineData("\"margin\": 1", "margin")]
    public void What_some_pairs_carry_all_of_a_file_carry(string field, string named)
    {
        string with = $"{{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\", {field}}}", without = """{"prompt": "r", "chosen": "a", "rejected": "b"}""";
        Assert.Equal($":2: field '{named}' is missing, while pairs before have it; give it for all pairs of a file or for none", ErrorOf($"{with}\n{without}"));
        Assert.Equal($":2: field '{named}' is here, while pairs before lack it; give it for all pairs of a file or for none", ErrorOf($"{without}\n{with}"));
        Assert.Equal((1, 1), (Read($"{with}\n{without}", drop: true).Rows.Count, Read($"{with}\n{without}", drop: true).Dropped[$"field '{named}' in some pairs only"]));
    }

    [Theory]
    [InlineData("Answer: Water it.", "Answer: Never.", "Answer:", " Water it.", " Never.")]
    [InlineData("Bring a kettle", "Bring a kitten", "Bring a k", "ettle", "itten")]
    [InlineData("Two  x", "Two  y", "Two ", " x", " y")]
    [InlineData("The kettle is red", "The kettle is red and warm", "The kettle is red", "", " and warm")]
    [InlineData("Same", "Same", "Same", "", "")]
    [InlineData("abc", "xyz", "", "abc", "xyz")]
    [InlineData("a\ud83d\ude00", "a\ud83d\ude01", "a", "\ud83d\ude00", "\ud83d\ude01")]
    public void An_implicit_prompt_is_the_common_beginning_without_its_last_space(string chosen, string rejected, string prompt, string first, string second) =>
        Assert.Equal((prompt, first, second), PreferenceFile.SplitPrompt(chosen, rejected));

    [Fact]
    public void An_implicit_prompt_of_messages_is_the_common_turns()
    {
        var pair = Read("""
            {"chosen": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A"}], "rejected": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "B"}]}
            """).Rows[0];
        Assert.Equal(Prompt.OfMessages([new Message("user", "Hi")]), pair.Prompt);
        Assert.Equal(("A", "B"), (pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void A_dialogue_is_split_into_turns_and_its_last_is_the_answer()
    {
        var pair = Read("""{"chosen": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nWhat?\n\nHuman: Bye \n\nAssistant: Good\n\nbye", "rejected": "\n\nHuman: Hi\n\nAssistant: Yes?\n\nWhat?\n\nHuman: Bye \n\nAssistant: So"}""").Rows[0];
        Assert.Equal(Prompt.OfMessages([new("user", "Hi"), new("assistant", "Yes?\n\nWhat?"), new("user", "Bye")]), pair.Prompt);
        Assert.Equal(("Good\n\nbye", "So"), (pair.Chosen, pair.Rejected));
    }

    [Fact]
    public void Dialogues_with_different_prompts_are_always_left_out_and_counted()
    {
        var set = Read("""
            {"chosen": "\n\nHuman: Hi\n\nAssistant: A", "rejected": "\n\nHuman: Ho\n\nAssistant: B"}
            {"chosen": "\n\nHuman: Hi\n\nAssistant: A", "rejected": "\n\nHuman: Hi\n\nAssistant: B"}
            """);
        Assert.Single(set.Rows);
        Assert.Equal("1 of 2 rows left out: the prompts of chosen and rejected differ (1)", set.DroppedSummary);
    }

    [Theory]
    [InlineData("{\"prompt\": \"é\", \"chosen\": oops}", ":1: not JSON at column 27: 'o' is an invalid start of a value")]
    [InlineData("\n{\"prompt\": \"a\", \"chosen\": \"b\"}", ":2: field 'rejected' is missing (the row has: prompt, chosen)")]
    [InlineData("{\"prompt\": \"a\", \"choosen\": \"b\", \"rejected\": \"c\"}", ":1: field 'chosen' is missing (the row has 'choosen': did you mean 'chosen'?)")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": 3, \"rejected\": \"c\"}", ":1: field 'chosen' is a number; a text or a list with one assistant message is needed")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": null, \"rejected\": \"c\"}", ":1: field 'chosen' is null")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": \" \\n\", \"rejected\": \"c\"}", ":1: field 'chosen' holds an empty answer")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": \"c\", \"rejected\": \"c\"}", ":1: field 'rejected' equals 'chosen': there is nothing to prefer")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\", \"margin\": \"x\"}", ":1: field 'margin' is a text; a number is needed")]
    [InlineData("{\"prompt\": [{\"role\": \"user\"}], \"chosen\": \"b\", \"rejected\": \"c\"}", ":1: field 'prompt[0].content' is missing or not a text")]
    [InlineData("{\"prompt\": \"a\", \"chosen\": [{\"role\": \"user\", \"content\": \"b\"}], \"rejected\": \"c\"}", ":1: field 'chosen' must end in one assistant message after the prompt; here follow: user")]
    [InlineData("[1]", " (row):1: a row is an object {…} with named fields; this is number")]
    [InlineData("7", ":1: a row is an object {…} with named fields; this is number")]
    [InlineData("", ": holds no rows")]
    [InlineData("{\"id\": \"x\", \"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"c\"}\n{\"id\": \"x\", \"prompt\": \"a\", \"chosen\": \"b\", \"rejected\": \"d\"}", ":2: the id 'x' was used on line 1 already")]
    public void A_broken_row_names_file_line_and_field(string text, string expected) => Assert.Equal(expected, ErrorOf(text));

    [Fact]
    public void Rows_that_cannot_be_used_are_counted_by_reason_when_asked()
    {
        var set = Read("""
            {"prompt": "a", "chosen": "b", "rejected": "c"}
            {"prompt": "a", "chosen": "", "rejected": "c"}
            {"prompt": "a", "chosen": "c", "rejected": "c"}
            {"prompt": "a", "chosen": "d", "rejected": "d"}
            oops
            """, drop: true);
        Assert.Single(set.Rows);
        Assert.Equal(new Dictionary<string, int> { ["empty answer in field 'chosen'"] = 1, ["equal answers"] = 2, ["not JSON"] = 1 }, set.Dropped);
        var error = Assert.ThrowsAny<AlidadeException>(() => Read("oops", drop: true)).Message;
        Assert.Contains("no row can be used; 1 of 1 rows left out: not JSON (1)", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_lines_are_counted_through_quoted_line_breaks()
    {
        const string Good = "prompt,chosen,rejected\n\"a\nb\",\"x, \"\"y\"\"\",z\n";
        Assert.Equal("x, \"y\"", Read(Good, "p.csv").Rows[0].Chosen);
        Assert.Equal(":4: field 'chosen' holds an empty answer", ErrorOf(Good + "q,,z\n", "p.csv"));
        Assert.Equal(":4: the row has 2 fields, the header names 3", ErrorOf(Good + "q,r\n", "p.csv"));
    }

    [Fact]
    public void A_compressed_file_reads_like_the_plain_one_and_a_broken_one_is_one_clear_line()
    {
        using var folder = new TemporaryFolder();
        const string Row = """{"prompt": "a", "chosen": "b", "rejected": "c"}""";
        using (var gzip = new GZipStream(File.Create(folder.File("p.jsonl.gz")), CompressionLevel.Fastest))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(Row));
        Assert.Equal(PreferenceFile.Read(folder.Write("p.jsonl", Row)).Rows, PreferenceFile.Read(folder.File("p.jsonl.gz")).Rows);
        Assert.Contains("no gzip file", Assert.Throws<AlidadeException>(() => PreferenceFile.Read(folder.Write("q.jsonl.gz", Row))).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("r.jsonl"), [0x7B, 0xFF, 0x7D]);
        Assert.Contains("is not UTF-8", Assert.Throws<AlidadeException>(() => PreferenceFile.Read(folder.File("r.jsonl"))).Message, StringComparison.Ordinal);
        Assert.Contains(".jsonl, .json, .csv, .tsv", Assert.Throws<AlidadeException>(() => PreferenceFile.Read(folder.Write("p.txt", Row))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_stands_for_the_content_and_copies_are_told_apart()
    {
        const string Row = """{"prompt": "a", "chosen": "b", "rejected": "c"}""";
        const string Other = """{"prompt": "ab", "chosen": "", "rejected": "c"}""";
        var ids = Read($"{Row}\n{Row}\n{Row.Replace("\"b\"", "\"d\"", StringComparison.Ordinal)}\n{Other}", drop: true).Rows.Select(r => r.Id).ToArray();
        Assert.Equal(3, ids.Distinct().Count());
        Assert.Equal(ids[0] + "-2", ids[1]);
        Assert.Equal(ids[0], Read(Row).Rows[0].Id);
    }
}
