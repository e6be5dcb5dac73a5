using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Tests.Core.Data;

public sealed class DemonstrationFileTests
{
    private static IReadOnlyList<Demonstration> Read(string text)
    {
        using var folder = new TemporaryFolder();
        return DemonstrationFile.Read(folder.Write("d.jsonl", text)).Rows;
    }

    [Fact]
    public void The_three_row_types_are_told_from_the_first_row()
    {
        Assert.Equal("It rains.", Assert.IsType<TextDemonstration>(Read("""{"text": "It rains."}""")[0]).Text);
        var completion = Assert.IsType<CompletionDemonstration>(Read("""{"prompt": "2+2=", "completion": " 4"}""")[0]);
        Assert.Equal((Prompt.OfText("2+2="), " 4"), (completion.Prompt, completion.Completion));
        var chat = Assert.IsType<ConversationDemonstration>(Read("""{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}""")[0]);
        Assert.Equal([new Message("user", "Hi"), new Message("assistant", "Yes")], chat.Messages);
        Assert.Equal(Prompt.OfMessages([new Message("user", "Hi")]).Key, chat.Group);
    }

    [Fact]
    public void Of_a_preference_pair_the_preferred_answer_is_learned_under_the_id_and_group_of_the_pair()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("pairs.jsonl", """
            {"prompt": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Sky?"}], "chosen": [{"role": "assistant", "content": "Blue."}], "rejected": [{"role": "assistant", "content": "Green."}]}
            {"prompt": [{"role": "user", "content": "Sea?"}], "chosen": [{"role": "assistant", "content": "Wet."}], "rejected": [{"role": "assistant", "content": "Dry."}]}
            """);
        var (pairs, rows) = (PreferenceFile.Read(file).Rows, DemonstrationFile.Read(file).Rows);
        Assert.Equal(pairs.Select(p => (p.Id, p.Group, p.Chosen)), rows.Cast<CompletionDemonstration>().Select(r => (r.Id, r.Group, r.Completion)));
    }

    [Fact]
    public void Of_preference_pairs_the_preferred_answers_are_imitated()
    {
        var row = Assert.IsType<CompletionDemonstration>(Read("""{"chosen": "\n\nHuman: Hi\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi\n\nAssistant: Go."}""")[0]);
        Assert.Equal((Prompt.OfMessages([new Message("user", "Hi")]).Key, "Hello."), (row.Prompt.Key, row.Completion));
        Assert.Equal("Yes", Assert.IsType<CompletionDemonstration>(Read("""{"prompt": "p", "chosen": "Yes", "rejected": "No"}""")[0]).Completion);
    }

    [Fact]
    public void A_label_of_false_marks_a_row_to_unlearn_also_in_a_table()
    {
        Assert.Equal([false, true, true, false], Read("""
            {"text": "a", "label": true}
            {"text": "b", "label": false}
            {"text": "c", "label": 0}
            {"text": "d"}
            """).Select(r => r.Avoided));
        using var folder = new TemporaryFolder();
        Assert.Equal([false, true], DemonstrationFile.Read(folder.Write("d.csv", "text,label\na,True\nb,0\n")).Rows.Select(r => r.Avoided));
    }

    [Fact]
    public void A_label_that_is_no_truth_value_is_not_read() =>
        Assert.All(Read("""
            {"text": "a", "label": "weather"}
            {"text": "b", "label": 7}
            {"text": "c"}
            """), r => Assert.False(r.Avoided));

    [Theory]
    [InlineData("{\"text\": \"a\", \"label\": true}\n{\"text\": \"b\", \"label\": \"bad\"}", ":2: field 'label' is neither true nor false, while rows before are labelled so; give another name to a column that means something else")]
    [InlineData("{\"text\": \"a\", \"label\": 5}\n{\"text\": \"b\", \"label\": 1}", ":2: field 'label' is true or false, while labels before are something else; one column has one meaning")]
    [InlineData("{\"txt\": \"a\"}", ":1: a row needs the fields 'text', 'prompt' and 'completion', 'messages', or 'chosen' and 'rejected' (the row has 'txt': did you mean 'text'?)")]
    [InlineData("{\"text\": \"a\"}\n{\"text\": \" \"}", ":2: field 'text' is empty")]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"\"}", ":1: field 'completion' holds an empty answer")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}", ":1: field 'messages' has no turn of the assistant to learn from")]
    [InlineData("{\"messages\": []}", ":1: field 'messages' is an empty list")]
    public void A_broken_row_names_file_line_and_field(string text, string expected) =>
        Assert.EndsWith("d.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => Read(text)).Message, StringComparison.Ordinal);
}
