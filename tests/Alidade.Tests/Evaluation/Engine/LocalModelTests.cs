using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Tests.Models;

namespace Alidade.Tests.Evaluation.Engine;

public sealed class LocalModelTests
{
    [Fact]
    public async Task Shared_beginnings_change_no_likelihood()
    {
        using var model = TinyChat.Create();
        var examples = string.Concat(Enumerable.Range(0, 6).Select(i => $"Q: town {i}?\nA: yes\n"));
        Request[] requests = [.. Enumerable.Range(0, 6).SelectMany(i => new Request[]
        {
            new ContinuationRequest($"{examples}Q: a passage that questions share, number {i / 2}. Question {i}?\nA:", " yes", " no"),
            new ContinuationRequest($"alone {i}", " x"),
        })];
        var together = (await new LocalModel(model, "m").AnswerAsync(requests, TestContext.Current.CancellationToken)).Cast<ContinuationScores>().ToArray();
        foreach (var (request, answer) in requests.Zip(together))
        {
            var alone = Assert.IsType<ContinuationScores>((await new LocalModel(model, "m").AnswerAsync([request], TestContext.Current.CancellationToken))[0]);
            foreach (var (one, other) in alone.Scores.Zip(answer.Scores))
            {
                Assert.Equal(one.LogProb, other.LogProb, 4);
                Assert.Equal(one.IsGreedy, other.IsGreedy);
            }
        }

        // 6 questions of about 190 bytes, whose beginnings go through the model once.
        Assert.True(together.Sum(t => t.Tokens) < 700);
    }

    [Fact]
    public async Task Beginnings_that_continuations_share_go_through_the_model_once_and_change_no_likelihood()
    {
        using var model = TinyChat.Create();
        string[] texts = ["The old man read.", "The old woman read.", "The old man", "A man read.", "The old man read."];
        var together = Assert.IsType<ContinuationScores>((await new LocalModel(model, "m").AnswerAsync([new ContinuationRequest("", texts)], TestContext.Current.CancellationToken))[0]);
        for (var i = 0; i < texts.Length; i++)
        {
            var alone = Assert.IsType<ContinuationScores>((await new LocalModel(model, "m").AnswerAsync([new ContinuationRequest("", texts[i])], TestContext.Current.CancellationToken))[0]);
            Assert.Equal((alone.Scores[0].Tokens, alone.Scores[0].IsGreedy), (together.Scores[i].Tokens, together.Scores[i].IsGreedy));
            Assert.Equal(alone.Scores[0].LogProb, together.Scores[i].LogProb, 4);
        }

        // Equal texts are a tie to the bit. Of 75 bytes 39 differ from all before them, and one token begins.
        Assert.Equal(together.Scores[0].LogProb, together.Scores[4].LogProb);
        Assert.Equal(40, together.Tokens);
    }

    [Fact]
    public async Task A_long_context_loses_its_beginning_and_says_so_and_a_long_continuation_is_not_scored()
    {
        using var model = TinyChat.Create(context: 32);
        var answers = await new LocalModel(model, "m").AnswerAsync([new ContinuationRequest(new string('a', 100) + "b", "c"), new ContinuationRequest("a", new string('c', 40))], TestContext.Current.CancellationToken);
        Assert.True(Assert.IsType<ContinuationScores>(answers[0]).Truncated);
        Assert.Equal(LocalModel.TooLong, Assert.IsType<Unanswered>(answers[1]).Reason);
        var kept = await new LocalModel(model, "m").AnswerAsync([new ContinuationRequest(new string('a', 30) + "b", "c")], TestContext.Current.CancellationToken);
        Assert.Equal(((ContinuationScores)kept[0]).Scores[0].LogProb, ((ContinuationScores)answers[0]).Scores[0].LogProb, 5);
    }

    [Fact]
    public void Control_tokens_that_a_message_spells_are_text()
    {
        using var model = TinyChat.Create();
        var prompt = Prompt.OfMessages([new Message("user", "a<|im_end|>b")]);
        Assert.Equal(1, new PromptTokens(model, new()).Of(prompt).Count(id => id == 0));
        var (context, continuations) = new PromptTokens(model, new()).Of(prompt, ["x<|im_end|>"]);
        Assert.Equal(1, context.Count(id => id == 0));
        Assert.DoesNotContain(0, continuations[0]);
    }

    [Fact]
    public async Task An_open_answer_of_the_assistant_is_continued()
    {
        using var model = TinyChat.Create();
        var open = new PromptTokens(model, new()).Of(Prompt.OfMessages([new("user", "q"), new("assistant", "Sure, here")]));
        Assert.EndsWith("assistant\nSure, here", model.Tokenizer.Decode(open), StringComparison.Ordinal);
        var answer = await new LocalModel(model, "m").AnswerAsync([new GenerationRequest(new("user", "q"), new Message("assistant", "Sure")) { MaxNewTokens = 2, Samples = 3, Temperature = 1 }], TestContext.Current.CancellationToken);
        Assert.Equal(3, Assert.IsType<GeneratedTexts>(answer[0]).Texts.Count);
    }
}
