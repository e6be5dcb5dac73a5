using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>What answers are worth, as a run keeps it.</summary>
/// <param name="Answers">Of each answer, in their order.</param>
/// <param name="OwnUnscored">Answers of the model itself that could not be scored; they count for no value.</param>
internal sealed record FoundWorths(IReadOnlyList<AnswerWorth> Answers, int OwnUnscored);

/// <summary>
/// Finds what answers are worth (A-LoL): 1. the answers of the data are rewarded. 2. The reference answers each of their prompts a few times; the mean reward is what an answer is worth there.
/// </summary>
internal sealed record AnswerWorths
{
    /// <summary>What judges answers.</summary>
    public required IReward Reward { get; init; }

    /// <summary>The model whose own answers are the measure.</summary>
    public required CausalLM Reference { get; init; }

    /// <summary>The adapter on it; null for the model itself.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>How its answers are sampled; null where no value is needed.</summary>
    public AnswerSampling? Sampling { get; init; }

    /// <summary>Seed of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>Finds it.</summary>
    /// <param name="data">Answers of the data.</param>
    /// <param name="progress">Told how many answers are sampled.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="AlidadeException">The reward cannot be used.</exception>
    public async Task<FoundWorths> FindAsync(IReadOnlyList<AnsweredPrompt> data, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        // 1.
        var rewards = await Reward.ScoreAsync(data, cancellation);

        // 2.
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        var unscored = 0;
        AskedPrompt[] prompts = [.. data.Zip(rewards).Where(d => d.Second.Value is not null).Select(d => d.First.Asked).DistinctBy(a => a.Prompt.Key)];
        if (Sampling is { } sampling && prompts.Length > 0)
        {
            var own = sampling.Sample(Reference, Adapter, prompts, sampling.Answers, new SeededRandom(Seed).Fork("values").NextUInt64(), cancellation, progress);
            var scores = await Reward.ScoreAsync(own, cancellation);
            unscored = scores.Count(s => s.Value is null);
            foreach (var group in own.Zip(scores, (a, s) => (a.Asked.Prompt.Key, s.Value)).Where(v => v.Value is not null).GroupBy(v => v.Key, StringComparer.Ordinal))
                values.Add(group.Key, group.Average(v => v.Value!.Value));
        }

        return new([.. data.Zip(rewards, (d, r) => new AnswerWorth(r.Value, values.TryGetValue(d.Asked.Prompt.Key, out var value) ? value : null, r.Why))], unscored);
    }
}
