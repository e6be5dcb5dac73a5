using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Tests.Core.Data;

public sealed class PromptFileTests
{
    private static IReadOnlyList<AskedPrompt> Read(string text)
    {
        using var folder = new TemporaryFolder();
        return PromptFile.Read(folder.Write("p.jsonl", text)).Rows;
    }

    [Fact]
    public void Prompts_are_texts_or_conversations_and_keep_what_a_reward_needs_to_know()
    {
        var plain = Read("""{"id": 7, "prompt": "2+2=", "answer": 4}""")[0];
        Assert.Equal(("7", Prompt.OfText("2+2="), 4), (plain.Id, plain.Prompt, plain.Fields["answer"].GetInt32()));
        Assert.Equal(["answer"], plain.Fields.Keys);
        Assert.Equal(Prompt.OfMessages([new("user", "Hi")]), Read("""{"prompt": [{"role": "user", "content": "Hi"}]}""")[0].Prompt);
    }

    [Fact]
    public void Of_preference_pairs_the_prompt_is_taken()
    {
        var row = Read("""{"chosen": "\n\nHuman: Why?\n\nAssistant: So.", "rejected": "\n\nHuman: Why?\n\nAssistant: No."}""")[0];
        Assert.Equal(Prompt.OfMessages([new("user", "Why?")]), row.Prompt);
        Assert.Empty(row.Fields);
    }

    [Theory]
    [InlineData("{\"promt\": \"a\"}", ":1: field 'prompt' is missing (the row has 'promt': did you mean 'prompt'?)")]
    [InlineData("{\"prompt\": \" \"}", ":1: field 'prompt' is empty")]
    [InlineData("{\"prompt\": [{\"role\": \"assistant\", \"content\": \"Hi\"}]}", ":1: field 'prompt' ends with the assistant's turn: there is nothing left to answer")]
    [InlineData("{\"chosen\": \"a b\", \"rejected\": \"c d\"}", ":1: field 'chosen' has no prompt in common with 'rejected'")]
    public void A_broken_row_names_file_line_and_field(string text, string expected) =>
        Assert.EndsWith("p.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => Read(text)).Message, StringComparison.Ordinal);
}
