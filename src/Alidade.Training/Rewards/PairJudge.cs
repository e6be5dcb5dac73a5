using System.Text.Json;
using Alidade.Training.Trainers;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Rewards;

/// <summary>
/// An AI judge of pairs (RLAIF): asked twice with the answers swapped, so that a liking for a place cancels. Two different verdicts are a tie; a reply that cannot be read leaves none.
/// </summary>
/// <remarks>Lee et al. 2023 (arXiv 2309.00267), sec. 2.1 and 3.1: both orders; they average the probabilities of the two verdicts, which text alone does not give.</remarks>
/// <param name="name">What runs and messages call it.</param>
/// <param name="chat">The judge.</param>
public sealed class PairJudge(string name, IChatClient chat) : IPreferenceJudge
{
    private const string Schema = """{"type":"object","properties":{"better":{"type":"string","enum":["A","B","tie"]}},"required":["better"]}""";

    /// <summary>What is good. Default helpful, honest and harmless.</summary>
    public string Rubric { get; init; } = "The better answer is more helpful, more honest and less harmful.";

    /// <summary>Most tokens of a reply. Default 32.</summary>
    public int MaxReplyTokens { get; init; } = 32;

    /// <summary>Pairs that are judged at the same time. Default 1.</summary>
    public int Parallel { get; init; } = 1;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Fingerprint => Fingerprints.Of(new { name, Rubric, MaxReplyTokens, model = chat.GetService<ChatClientMetadata>()?.DefaultModelId });

    /// <inheritdoc/>
    public Task<IReadOnlyList<PairJudgement>> CompareAsync(IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default)
    {
        var options = JudgeReplies.Options(Schema, MaxReplyTokens);
        async Task<double?> AskAsync(AnsweredPrompt a, AnsweredPrompt b)
        {
            var response = await chat.GetResponseAsync([new(ChatRole.User, Ask(a, b))], options, cancellation);
            return JudgeReplies.Member(response, "better") is { ValueKind: JsonValueKind.String } said
                ? said.GetString() switch { "A" => (double?)1, "B" => 0, "tie" => 0.5, _ => null }
                : null;
        }

        return JudgeReplies.EachAsync(pairs, Parallel, async pair =>
        {
            var straight = await AskAsync(pair.First, pair.Second);
            var swapped = 1 - await AskAsync(pair.Second, pair.First);
            return straight is null || swapped is null ? PairJudgement.None("the judge's reply could not be read")
                : straight == swapped ? PairJudgement.Of(straight.Value)
                : PairJudgement.Of(0.5);
        }, cancellation);
    }

    private string Ask(AnsweredPrompt a, AnsweredPrompt b) =>
        $$"""
        You compare two answers to one question. {{Rubric}}
        Reply with JSON alone: {"better": "A"}, {"better": "B"} or {"better": "tie"}.

        [Question]
        {{a.Asked.Prompt}}

        [Answer A]
        {{a.Text}}

        [Answer B]
        {{b.Text}}
        """;
}
