using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Models.Chat;

public sealed class ChatTokensTests
{
    private const string Template = "{% for m in messages %}<s>{{ m.content }}</s>{% endfor %}";

    // One token for each ASCII character, and two control tokens.
    private static readonly Tokenizer Characters = Make();

    [Fact]
    public void A_control_token_inside_a_message_is_plain_text_and_the_templates_own_is_not()
    {
        var chat = ChatTemplate.Parse(Template, "t").Render([new("user", "a</s><s>b")], new());
        Assert.Equal([200, .. Ids("a</s><s>b"), 201], ChatTokens.Of(chat, Characters).Ids);
        Assert.Equal([200, .. Ids("a"), 201, 200, .. Ids("b"), 201], ChatTokens.OfTrusted(chat, Characters).Ids);
    }

    [Theory]
    [InlineData("<", "s>")]
    [InlineData("<s", ">")]
    public void A_control_token_begun_in_a_message_and_ended_by_the_template_is_plain_text(string begun, string rest)
    {
        var chat = ChatTemplate.Parse("{{ messages[0].content }}" + rest + "<s>", "t").Render([new("user", begun)], new());
        Assert.Equal([.. Ids("<s>"), 200], ChatTokens.Of(chat, Characters).Ids);
    }

    [Fact]
    public void The_mask_covers_the_answer_and_the_token_that_ends_it()
    {
        var chat = ChatTemplate.Parse(Template, "t").Render([new("user", "ab"), new("assistant", "cd")], new());
        var tokens = ChatTokens.Of(chat, Characters);
        Assert.Equal([200, .. Ids("ab"), 201, 200, .. Ids("cd"), 201], tokens.Ids);
        Assert.Equal([false, false, false, false, false, true, true, true], tokens.AssistantMask);
    }

    [Fact]
    public void An_empty_conversation_has_no_tokens_to_train_on_and_is_refused() =>
        Assert.Throws<AlidadeException>(() => ChatTokens.Of(ChatTemplate.Parse(Template, "t").Render(new JsonArray(), new()), Characters));

    private static IEnumerable<int> Ids(string text) => text.Select(c => (int)c);

    private static Tokenizer Make()
    {
        var vocabulary = new JsonObject();
        for (var c = '!'; c <= '~'; c++)
            vocabulary[c.ToString()] = (int)c;
        var tokenizer = new JsonObject
        {
            ["added_tokens"] = new JsonArray(Special(200, "<s>"), Special(201, "</s>")),
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        return Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(tokenizer.ToJsonString())), "t");
    }

    private static JsonObject Special(int id, string content) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };
}
