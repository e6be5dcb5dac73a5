using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Loops;

/// <summary>What answers are worth, as a run keeps it.</summary>
/// <param name="Answers">Of each answer, in their order.</param>
/// <param name="OwnUnscored">Answers of the model itself that could not be scored; they count for no value.</param>
internal sealed record FoundWorths(IReadOnlyList<AnswerWorth> Answers, int OwnUnscored);

/// <summary>
/// Finds what answers are worth (A-LoL): 1. the answers of the data are rewarded. 2. The reference answers each of their prompts a few times; the mean reward is what an answer is worth there.
/// Both go batch by batch, each with a seed of its own, so that work that was broken off goes on to the same bits.
/// </summary>
internal sealed record AnswerWorths
{
    private const int BatchAnswers = RolloutOptions.DefaultDecodingRows;

    /// <summary>What judges answers, and keeps what it said.</summary>
    public required JudgedAnswers Judge { get; init; }

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
    /// <param name="progress">Told how many answers are judged, and how many sampled.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="AlidadeException">The reward cannot be used.</exception>
    public async Task<FoundWorths> FindAsync(IReadOnlyList<AnsweredPrompt> data, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        // 1.
        var rewards = new List<RewardScore>();
        foreach (var batch in data.Chunk(BatchAnswers))
        {
            rewards.AddRange(await Judge.ScoresAsync("data", [.. batch.Select(a => a.Asked.Id)], () => batch, cancellation));
            progress?.Report(new("judging", rewards.Count, data.Count));
        }

        // 2.
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        var unscored = 0;
        AskedPrompt[] prompts = [.. data.Zip(rewards).Where(d => d.Second.Value is not null).Select(d => d.First.Asked).DistinctBy(a => a.Prompt.Key)];
        if (Sampling is { } sampling && prompts.Length > 0)
        {
            var (random, done, total) = (new SeededRandom(Seed).Fork("values"), 0, prompts.Length * sampling.Answers);
            foreach (var batch in prompts.Chunk(Math.Max(1, BatchAnswers / sampling.Answers)))
            {
                var (seed, before) = (random.NextUInt64(), done);
                var scores = await Judge.ScoresAsync(
                    "own", [.. batch.SelectMany(p => Enumerable.Range(1, sampling.Answers).Select(n => FormattableString.Invariant($"{p.Id} answer {n}")))],
                    () => sampling.Sample(Reference, Adapter, batch, sampling.Answers, seed, cancellation, new Further(before, total, progress)), cancellation);
                done += scores.Count;
                progress?.Report(new("sampling", done, total));
                unscored += scores.Count(s => s.Value is null);
                foreach (var (prompt, own) in batch.Zip(scores.Chunk(sampling.Answers), (p, s) => (p, s.Where(v => v.Value is not null).ToArray())))
                    if (own.Length > 0)
                        values.Add(prompt.Prompt.Key, own.Average(v => v.Value!.Value));
            }
        }

        return new([.. data.Zip(rewards, (d, r) => new AnswerWorth(r.Value, values.TryGetValue(d.Asked.Prompt.Key, out var value) ? value : null, r.Why))], unscored);
    }

    // The answers of a batch as those of all.
    private sealed class Further(int before, int total, IProgress<Progress>? progress) : IProgress<Progress>
    {
        public void Report(Progress value) => progress?.Report(value with { Done = before + value.Done, Total = total });
    }
}
