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

    [Theory]
    [InlineData("{\"txt\": \"a\"}", ":1: a row needs the fields 'text', 'prompt' and 'completion', or 'messages' (the row has 'txt': did you mean 'text'?)")]
    [InlineData("{\"text\": \"a\"}\n{\"text\": \" \"}", ":2: field 'text' is empty")]
    [InlineData("{\"prompt\": \"a\", \"completion\": \"\"}", ":1: field 'completion' holds an empty answer")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}", ":1: field 'messages' has no turn of the assistant to learn from")]
    [InlineData("{\"messages\": []}", ":1: field 'messages' is an empty list")]
    public void A_broken_row_names_file_line_and_field(string text, string expected) =>
        Assert.EndsWith("d.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => Read(text)).Message, StringComparison.Ordinal);
}
