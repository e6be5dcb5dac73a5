using Alidade.Core;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Evaluation.Judges;

public sealed class LlmJudgeTests
{
    private static readonly IReadOnlyList<Message>[] Prompts = [[new("user", "a")], [new("user", "b")]];

    [Fact]
    public async Task A_reply_that_cannot_be_read_is_asked_for_again_and_counted()
    {
        var chat = new ScriptedChat((messages, options) => ScriptedChat.Said(messages[0].Text == "a" || options.Temperature > 0 ? "[[7]]" : "seven"));
        var judged = await Ask(chat, new());
        Assert.Equal([7, 7], judged.Verdicts.Select(v => v.Value));
        Assert.Equal([0, 1], judged.All.Select(j => j.Retries));
        Assert.Equal((1, 30), (judged.Retries, judged.Cost.Tokens));
        // Other tokens, and the same ones in every run.
        Assert.Equal((0.7f, 1), chat.Asked.Last().Options is var last ? (last.Temperature, last.Seed) : default);
    }

    [Fact]
    public async Task After_the_last_try_there_is_the_reason_and_no_verdict()
    {
        var judged = await Ask(ScriptedChat.By(text => text == "a" ? "[[7]]" : "[[6]] or [[7]]"), new() { Retries = 1 });
        Assert.Equal("several different ratings", judged.Verdicts[1].Why);
        Assert.Equal("[[6]] or [[7]]", judged.All[1].Reply);
        Assert.True(judged.Verdicts[0].HasValue);
    }

    [Fact]
    public async Task A_judge_that_says_nothing_is_not_asked_again()
    {
        var chat = ScriptedChat.By(_ => "");
        Assert.All((await Ask(chat, new())).Verdicts, v => Assert.Equal("judge: empty answer", v.Why));
        Assert.Equal(2, chat.Asked.Count);
    }

    private static Task<Judgements<double>> Ask(ScriptedChat chat, JudgeOptions options) =>
        new LlmJudge(new EvaluationContext { Model = chat.As("model") }, chat.As("judge"), options).AskAsync("judging", Prompts, reply => MtBenchReply.Rating(reply.Text));
}
