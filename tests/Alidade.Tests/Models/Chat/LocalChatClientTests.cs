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
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "What is the trade of Pelriva?")];

    [Fact]
    public async Task The_stream_and_the_whole_answer_are_the_same_text_as_the_model_gives()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new() { MaxNewTokens = 24 });
        var expected = TextGenerator.Generate(model, [ChatEncoder.Prompt(model, [new("user", "What is the trade of Pelriva?")])], new() { MaxNewTokens = 24 }, cancellation: TestContext.Current.CancellationToken)[0].Text;
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

    [Fact]
    public async Task JSON_of_a_schema_is_what_comes_back_and_the_stream_ends_with_reason_and_usage()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new() { MaxNewTokens = 40 });
        using var schema = System.Text.Json.JsonDocument.Parse("""{"type": "object", "properties": {"trade": {"enum": ["baker", "smith"]}}, "required": ["trade"], "additionalProperties": false}""");
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement), Temperature = 0.7f, TopP = 0.9f, FrequencyPenalty = 0.1f, PresencePenalty = 0.1f, Seed = 3 };
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync(Question, options, TestContext.Current.CancellationToken))
            updates.Add(update);
        var trade = System.Text.Json.Nodes.JsonNode.Parse(string.Concat(updates.Select(u => u.Text)))!["trade"]!.GetValue<string>();
        Assert.Contains(trade, (string[])["baker", "smith"]);
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        var usage = updates[^1].Contents.OfType<UsageContent>().Single().Details;
        Assert.Equal(usage.InputTokenCount + usage.OutputTokenCount, usage.TotalTokenCount);
        Assert.Equal(updates.ToChatResponse().Text, (await client.GetResponseAsync(Question, options, TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task A_second_turn_reads_only_what_is_new_and_says_the_same()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var kept = new LocalChatClient(model, new() { MaxNewTokens = 12 });
        var first = await kept.GetResponseAsync(Question, cancellationToken: TestContext.Current.CancellationToken);
        ChatMessage[] second = [.. Question, .. first.Messages, new(ChatRole.User, "And of Elmira?")];
        using var fresh = new LocalChatClient(model, new() { MaxNewTokens = 12 });
        Assert.Equal(
            (await fresh.GetResponseAsync(second, cancellationToken: TestContext.Current.CancellationToken)).Text,
            (await kept.GetResponseAsync(second, cancellationToken: TestContext.Current.CancellationToken)).Text);
    }

    [Fact]
    public async Task Options_that_a_local_model_does_not_have_are_refused_all_by_name()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new());
        var options = new ChatOptions
        {
            Tools = [new HostedCodeInterpreterTool()],
            ConversationId = "7",
            ModelId = "another",
            AdditionalProperties = new() { ["logit_lens"] = 1 },
        };
        var error = await Assert.ThrowsAsync<AlidadeException>(() => client.GetResponseAsync(Question, options, TestContext.Current.CancellationToken));
        foreach (var name in (string[])["Tools", "ConversationId", "'another'", "'logit_lens'"])
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_that_is_no_whole_number_is_refused()
    {
        using var model = CausalLM.Load(BaseModel.Shipped);
        using var client = new LocalChatClient(model, new());
        var error = await Assert.ThrowsAsync<AlidadeException>(() =>
            client.GetResponseAsync(Question, new() { AdditionalProperties = new() { ["min_tokens"] = 2.7 } }, TestContext.Current.CancellationToken));
        Assert.Contains("'min_tokens' is 2.7", error.Message, StringComparison.Ordinal);
    }
}
