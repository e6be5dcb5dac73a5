using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Trainers;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Rewards;

/// <summary>A judge with a rubric: a chat model that gives a whole number. A reply that cannot be read, or a number outside of the scale, is no score, and is counted.</summary>
/// <remarks>Zheng et al. 2023 (arXiv 2306.05685), single-answer grading; the number is asked for as JSON, which a local model is held to and others are asked for.</remarks>
/// <param name="name">What runs and messages call it.</param>
/// <param name="chat">The judge: any provider, or a local model.</param>
public sealed class JudgeReward(string name, IChatClient chat) : IReward
{
    /// <summary>Helpfulness on a scale of 0 to 5, as in self-rewarding language models (arXiv 2401.10020, fig. 2), in short.</summary>
    public const string Helpfulness =
        "Give one point for each that holds: the answer is relevant; it addresses much of the question; it answers the basic elements usefully; it is written from an assistant's perspective, clear and organised; it is tailored, expert and without superfluous text.";

    /// <summary>What is good. Default helpfulness.</summary>
    public string Rubric { get; init; } = Helpfulness;

    /// <summary>Least score. Default 0.</summary>
    public int Lowest { get; init; }

    /// <summary>Largest score. Default 5.</summary>
    public int Highest { get; init; } = 5;

    /// <summary>Most tokens of a reply. Default 64.</summary>
    public int MaxReplyTokens { get; init; } = 64;

    /// <summary>Answers that are judged at the same time. Default 1; a local model judges one after the other.</summary>
    public int Parallel { get; init; } = 1;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Fingerprint => Fingerprints.Of(new { name, Rubric, Lowest, Highest, MaxReplyTokens, model = chat.GetService<ChatClientMetadata>()?.DefaultModelId });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        if (Lowest >= Highest)
            throw new AlidadeException($"the judge '{name}' has a scale from {Lowest} to {Highest}; the largest score must be above the least");
        var options = JudgeReplies.Options(
            """{"type":"object","properties":{"score":{"type":"integer","enum":[""" + string.Join(",", Enumerable.Range(Lowest, Highest - Lowest + 1)) + """]}},"required":["score"]}""", MaxReplyTokens);
        return await JudgeReplies.EachAsync(completions, Parallel, async completion =>
        {
            var response = await chat.GetResponseAsync([new(ChatRole.User, Ask(completion))], options, cancellation);
            return JudgeReplies.Member(response, "score") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var score)
                ? score >= Lowest && score <= Highest ? RewardScore.Of(score) : RewardScore.None("the judge's number is outside of the scale")
                : RewardScore.None("the judge's reply could not be read");
        }, cancellation);
    }

    private string Ask(AnsweredPrompt completion) =>
        $$"""
        You judge an answer. {{Rubric}}
        Reply with JSON alone: {"score": n}, n a whole number from {{Lowest}} to {{Highest}}.

        [Question]
        {{completion.Asked.Prompt}}

        [Answer]
        {{completion.Text}}
        """;
}
