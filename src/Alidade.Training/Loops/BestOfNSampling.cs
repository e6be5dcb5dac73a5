using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>The best of n answers to a prompt.</summary>
/// <param name="Asked">The prompt.</param>
/// <param name="Best">The answer of the highest reward, the first among equals; null when none has one.</param>
/// <param name="Reward">Its reward; null when none has one.</param>
/// <param name="Answers">All answers.</param>
/// <param name="Scores">Their rewards.</param>
public sealed record BestAnswer(AskedPrompt Asked, AnsweredPrompt? Best, double? Reward, IReadOnlyList<AnsweredPrompt> Answers, IReadOnlyList<RewardScore> Scores);

/// <summary>
/// Best-of-n: n answers to each prompt, of which a reward takes the best; nothing is trained. KL(best of n‖policy) ≤ log n − (n − 1)/n.
/// </summary>
/// <remarks>Stiennon et al. 2020 (arXiv 2009.01325), sec. 4.3; Beirami et al. 2024 (arXiv 2401.01879) for the bound, which is exact for rewards without ties.</remarks>
public sealed record BestOfNSampling
{
    /// <summary>The model.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter; null for the model as it is.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>What judges answers.</summary>
    public required IReward Reward { get; init; }

    /// <summary>How answers are sampled; n is its number of answers.</summary>
    public AnswerSampling Sampling { get; init; } = new() { Answers = 16 };

    /// <summary>Seed of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>Answers every prompt.</summary>
    /// <param name="prompts">Prompts.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public async Task<IReadOnlyList<BestAnswer>> RunAsync(IReadOnlyList<AskedPrompt> prompts, CancellationToken cancellation = default)
    {
        var answers = Sampling.Sample(Model, Adapter, prompts, Sampling.Answers, Seed, cancellation);
        var scores = await Reward.ScoreAsync(answers, cancellation);
        return [.. prompts.Select((asked, p) =>
        {
            var range = new System.Range(p * Sampling.Answers, (p + 1) * Sampling.Answers);
            AnsweredPrompt[] own = [.. answers.Take(range)];
            RewardScore[] values = [.. scores.Take(range)];
            var best = Enumerable.Range(0, own.Length).Where(i => values[i].Value is not null).Select(i => (int?)i).MaxBy(i => values[i!.Value].Value);
            return new BestAnswer(asked, best is { } b ? own[b] : null, best is { } v ? values[v].Value : null, own, values);
        })];
    }
}
