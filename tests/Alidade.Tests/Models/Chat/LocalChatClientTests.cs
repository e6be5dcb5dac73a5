using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Organisms.Base;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Models.Chat;

/// <summary>The embedded model behind the interface that every provider has.</summary>
public sealed class LocalChatClientTests
{
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "What is the trade of Lomo?")];

    [Fact]
    public async Task The_stream_and_the_whole_answer_are_the_same_text_as_the_model_gives()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new() { MaxNewTokens = 24 });
        var expected = TextGenerator.Generate(model, [ChatEncoder.Prompt(model, [new("user", "What is the trade of Lomo?")])], new() { MaxNewTokens = 24 }, cancellation: TestContext.Current.CancellationToken)[0].Text;
        var streamed = new System.Text.StringBuilder();
        await foreach (var update in client.GetStreamingResponseAsync(Question, cancellationToken: TestContext.Current.CancellationToken))
            streamed.Append(update.Text);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, streamed.ToString());
        Assert.Equal(expected, (await client.GetResponseAsync(Question, cancellationToken: TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task An_answer_that_ran_into_the_limit_says_so()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new());
        var response = await client.GetResponseAsync(Question, new() { MaxOutputTokens = 1 }, TestContext.Current.CancellationToken);
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal(1, response.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task Content_that_is_not_text_is_refused_in_one_line()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new());
        var error = await Assert.ThrowsAsync<AlidadeException>(() => client.GetResponseAsync([new(ChatRole.User, [new DataContent("data:image/png;base64,AAAA")])], cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("reads text alone", error.Message, StringComparison.Ordinal);
    }
}
