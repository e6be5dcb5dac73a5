using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Loops;
using Alidade.Training.Trainers;

namespace Alidade.Training.Rewards;

/// <summary>
/// Nash-MD's reward: how probable it is that a judge prefers the answer to one of the opponent, the geometric mixture π^(1−m)·π°^m of the policy as it is and its base,
/// renormalised token by token.
/// </summary>
/// <remarks>
/// Munos et al. 2023 (arXiv 2312.00886), sec. 7, with <see cref="Objectives.Reinforcement.PolicyObjectives.NashMd"/>: the baseline ½ and the KL of the whole answer. TRL credits each token with its own
/// log-ratio alone, which is biased.
/// </remarks>
/// <param name="judge">Who compares.</param>
/// <param name="model">The base.</param>
/// <param name="policy">The adapter that is trained; the base without it is the reference.</param>
public sealed class MixtureOpponent(IPreferenceJudge judge, CausalLM model, LoraAdapter policy) : IReward
{
    /// <summary>m in [0, 1]: 0 plays against the policy itself, 1 against the reference. Default 0.5, as TRL.</summary>
    public double Mixture
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw new AlidadeException($"the opponent's mixture is {value}; it must be from 0 to 1");
    } = 0.5;

    /// <summary>Most tokens of the opponent's answer. Default 64.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Temperature of the opponent. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Seed of the opponent's answers. The draws of an opponent come from it, the prompt and the answer that it is held against, so that a resumed run scores as the undisturbed one.</summary>
    public ulong Seed { get; init; }

    /// <inheritdoc/>
    public string Name => $"preference of {judge.Name}";

    /// <inheritdoc/>
    public string Fingerprint => Fingerprints.Of(new { judge.Fingerprint, Mixture, MaxNewTokens, Temperature, Seed });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        DecodingView[][] rows = [.. completions.Select(c => new DecodingView[] { new(policy, c.PromptIds), new(null, c.PromptIds) })];
        SeededRandom[] draws = [.. completions.Select(c => new SeededRandom(Seed).Fork(Fingerprints.Of([c.PromptIds, c.Ids])))];
        var opponents = rows.Length == 0 ? [] : MixedDecoder.Decode(model, rows, v => ((1 - Mixture) * v[0]) + (Mixture * v[1]), MaxNewTokens, Temperature, draws, cancellation);
        var verdicts = await judge.CompareAsync([.. completions.Zip(opponents, (c, o) => (c, c with { Text = o.Text, Ids = o.Ids, Ended = o.Ended }))], cancellation);
        return [.. verdicts.Select(v => v.FirstWins is { } wins ? RewardScore.Of(wins) : RewardScore.None(v.Why!))];
    }
}
