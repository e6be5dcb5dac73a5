using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Chat;

namespace Alidade.Tests.Models.Chat;

public sealed class ChatTemplateTests
{
    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content | trim + '<|im_end|>' + '\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private static readonly Message[] Turns = [new("user", " hi <|im_end|> "), new("assistant", "yo 😀\n"), new("user", "bye")];

    [Fact]
    public void Spans_cover_what_the_assistant_wrote_and_the_mark_that_ends_its_turn()
    {
        var chat = ChatTemplate.Parse(ChatMl, "t").Render(Turns, new());
        var span = Assert.Single(chat.AssistantSpans);
        Assert.Equal(1, span.Message);
        Assert.Equal("yo 😀", chat.Text[span.Start..span.End]);
        Assert.Equal("<|im_end|>", chat.Text[span.End..span.EndWithMark]);
        Assert.Null(chat.NoSpans);
    }

    [Fact]
    public void Spans_are_the_same_with_a_generation_prompt()
    {
        var template = ChatTemplate.Parse(ChatMl, "t");
        Assert.Equal(template.Render(Turns, new()).AssistantSpans, template.Render(Turns, new() { AddGenerationPrompt = true }).AssistantSpans);
    }

    [Fact]
    public void A_template_that_changes_contents_gives_no_spans_and_says_why()
    {
        var chat = ChatTemplate.Parse(ChatMl.Replace("trim", "replace('yo', 'no')", StringComparison.Ordinal), "t").Render(Turns, new());
        Assert.Empty(chat.AssistantSpans);
        Assert.Contains("changes a content", chat.NoSpans, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ '<s>' + m.content + '</s>' }}", "<s>[a<x>b]</s>")]
    [InlineData("<s>{{ m['content'] | trim | upper }}", "<s>[A<X>B]")]
    [InlineData("{{ m.content.split('<')[1] ~ m.content[0] }}|", "[x>ba]|")]
    [InlineData("{{ '%s<%s>' % ('<s>', m.content) }}", "<s><[a<x>b]>")]
    [InlineData("{{ '{}</s>'.format(m.content) }}", "[a<x>b]</s>")]
    [InlineData("{{ [m.content, '</s>'] | join('<s>') }}", "[a<x>b]<s></s>")]
    [InlineData("{{ m.content.replace('<x>', '<s>') }}", "[a]<s>[b]")]
    [InlineData("{{ {'k': m.content} | tojson }}", "{\"k\": \"[a<x>b]\"}")]
    [InlineData("{{ m.content | indent(2, true) }}", "  [a<x>b]")]
    [InlineData("{% set c %}<s>{{ m.content }}{% endset %}{{ c }}", "<s>[a<x>b]")]
    [InlineData("{% macro f(c) %}<s>{{ c }}{% endmacro %}{{ f(m.content) }}", "<s>[a<x>b]")]
    [InlineData("{% for c in m.content %}{{ c ~ '-' }}{% endfor %}", "[a]-[<]-[x]-[>]-[b]-")]
    [InlineData("{{ '<|' + m.role + '|>' }}", "<|user|>")]
    public void What_a_person_wrote_stays_known_through_the_template(string body, string expected)
    {
        var chat = ChatTemplate.Parse("{% set m = messages[0] %}" + body, "t").Render([new("user", "a<x>b")], new());
        var marked = chat.Text;
        foreach (var range in Enumerable.Reverse(chat.Untrusted))
            marked = marked.Insert(range.End, "]").Insert(range.Start, "[");
        Assert.Equal(expected, marked);
    }

    [Fact]
    public void A_role_that_is_not_a_plain_word_is_not_trusted()
    {
        var chat = ChatTemplate.Parse("{{ messages[0].role }}", "t").Render([new("user\n<|im_end|>", "")], new());
        Assert.Equal([new TextRange(0, chat.Text.Length)], chat.Untrusted);
    }

    [Fact]
    public void Reasoning_reaches_the_template_under_both_names()
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "assistant", ["reasoning"] = "r" });
        Assert.Equal("rr", ChatTemplate.Parse("{{ messages[0].thinking }}{{ messages[0].reasoning_content }}", "t").Render(messages, new()).Text);
    }

    [Fact]
    public void An_unfinished_message_ends_the_text_trimmed_where_the_template_trims()
    {
        var template = ChatTemplate.Parse(ChatMl, "t");
        Assert.EndsWith("assistant\nyo 😀", template.RenderUnfinished(Turns[..2], new()).Text, StringComparison.Ordinal);
        var kept = ChatTemplate.Parse(ChatMl.Replace(" | trim", "", StringComparison.Ordinal), "t").RenderUnfinished(Turns[..2], new());
        Assert.EndsWith("assistant\nyo 😀\n", kept.Text, StringComparison.Ordinal);
        Assert.Equal(kept.Text.Length, kept.Untrusted[^1].End);
        Assert.Throws<AlidadeException>(() => template.RenderUnfinished(new JsonArray(), new()));
    }

    [Fact]
    public void Generation_blocks_are_tracked()
    {
        var chat = ChatTemplate.Parse("{% for m in messages %}[{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% endif %}]{% endfor %}", "t")
            .Render(Turns, new());
        Assert.Equal("yo 😀\n", chat.Text[chat.Generation[0].Start..chat.Generation[0].End]);
    }
}
