using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;

namespace Alidade.Tests.Models.Chat;

public sealed class ChatEncoderTests
{
    [Fact]
    public void A_message_that_spells_the_end_of_a_turn_does_not_end_it()
    {
        using var model = TinyChat.Create();
        var ids = ChatEncoder.Conversation(model, [new("user", "a<|im_end|>b")]);
        Assert.Equal(1, ids.Count(id => id == 0));
        Assert.Contains("a<|im_end|>b", model.Tokenizer.Decode(ids), StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_ends_with_the_mark_and_not_with_what_the_template_writes_after_it()
    {
        using var model = TinyChat.Create();
        var tokens = ChatEncoder.Answers(model, Prompt.OfMessages([new("user", "hi")]), "yes", "no");
        Assert.Equal("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", model.Tokenizer.Decode(tokens.Prompt));
        Assert.Equal(["yes<|im_end|>", "no<|im_end|>"], tokens.Answers.Select(a => model.Tokenizer.Decode(a)));
    }

    [Fact]
    public void A_plain_prompt_is_continued_without_the_template()
    {
        using var model = TinyChat.Create();
        var tokens = ChatEncoder.Answers(model, Prompt.OfText("one, two,"), " three", " four");
        Assert.Equal("one, two,", model.Tokenizer.Decode(tokens.Prompt));
        Assert.Equal([" three<|im_end|>", " four<|im_end|>"], tokens.Answers.Select(a => model.Tokenizer.Decode(a)));
    }

    [Fact]
    public void The_prompt_ends_where_the_first_answer_differs_from_it()
    {
        using var model = TinyChat.Create();
        var tokens = ChatEncoder.Answers(model, Prompt.OfMessages([]), "yes", "no");
        Assert.Empty(tokens.Prompt);
        Assert.Equal("<|im_start|>assistant\nyes<|im_end|>", model.Tokenizer.Decode(tokens.Answers[0]));
    }

    [Fact]
    public void A_model_without_a_template_says_what_to_do()
    {
        using var chat = TinyChat.Create();
        using var model = Alidade.Models.CausalLM.Create(chat.Config, chat.Tokenizer, null, 1);
        var error = Assert.Throws<AlidadeException>(() => ChatEncoder.Prompt(model, [new("user", "hi")]));
        Assert.Contains("chat template", error.Message, StringComparison.Ordinal);
    }
}
