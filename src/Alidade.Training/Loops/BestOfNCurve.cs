using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>One strength of optimisation.</summary>
/// <param name="N">Answers of which the proxy takes the best.</param>
/// <param name="Kl">KL to the policy in nats: log n − (n − 1)/n.</param>
/// <param name="Proxy">Expected proxy reward of the chosen answer, over the prompts.</param>
/// <param name="Gold">Expected gold reward of the chosen answer, over the prompts.</param>
public sealed record OptimisationPoint(int N, double Kl, MeanEstimate Proxy, MeanEstimate Gold)
{
    /// <summary>√KL: the distance of the law.</summary>
    public double Distance => Math.Sqrt(Kl);
}

/// <summary>Gold against proxy against distance.</summary>
/// <param name="Points">By rising n, from 1.</param>
/// <param name="Law">The law fitted to the gold reward over that of n = 1; null with fewer than two points beyond n = 1.</param>
/// <param name="Best">The n of the highest gold reward.</param>
/// <param name="Fall">How far the gold reward at the largest n lies below that at <paramref name="Best"/>, prompt by prompt; null when the largest n is the best.</param>
/// <param name="Prompts">Prompts with all of their answers scored by both rewards.</param>
/// <param name="LeftOut">Prompts that were left out, by reason.</param>
public sealed record OverOptimisationCurve(
    IReadOnlyList<OptimisationPoint> Points, OverOptimisation? Law, int Best, MeanEstimate? Fall, int Prompts, IReadOnlyDictionary<string, int> LeftOut)
{
    /// <summary>Why the gate stays shut: the gold reward at the largest n is below its best by more than chance explains. Null when it opens.</summary>
    public string? Failure => Fall?.Interval() is { Low: > 0 } interval
        ? FormattableString.Invariant($"the proxy is over-optimised: at n = {Points[^1].N} the gold reward is {Fall.Value:g3} (95 % interval {interval.Low:g3} to {interval.High:g3}) below that at n = {Best}; choose the best of at most {Best}, or a better proxy")
        : null;
}

/// <summary>
/// Over-optimisation of a proxy reward by best-of-n: for each n the expected proxy and gold reward of the answer that the proxy prefers, without bias from one set of N answers
/// to each prompt, with the fitted law and a gate.
/// </summary>
/// <remarks>
/// Gao et al. 2022 (arXiv 2210.10760), sec. 3; the estimate is Nakano et al. 2021 (arXiv 2112.09332), appendix I, with the gold score in place of the proxy's: each answer counts by the share of the
/// choices of n in which it is the proxy's best. Of equal proxy rewards the earlier answer is preferred.
/// </remarks>
public sealed record BestOfNCurve
{
    /// <summary>The model.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter; null for the model as it is.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The reward that is optimised.</summary>
    public required IReward Proxy { get; init; }

    /// <summary>The reward that is meant.</summary>
    public required IReward Gold { get; init; }

    /// <summary>How answers are sampled; its number of answers is the largest n.</summary>
    public AnswerSampling Sampling { get; init; } = new() { Answers = 64 };

    /// <summary>Seed of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="prompts">Prompts; at least two.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public async Task<OverOptimisationCurve> MeasureAsync(IReadOnlyList<AskedPrompt> prompts, CancellationToken cancellation = default)
    {
        var answers = Sampling.Sample(Model, Adapter, prompts, Sampling.Answers, Seed, cancellation);
        return Of([.. (await Proxy.ScoreAsync(answers, cancellation)).Chunk(Sampling.Answers)], [.. (await Gold.ScoreAsync(answers, cancellation)).Chunk(Sampling.Answers)]);
    }

    /// <summary>The curve of scores that are known.</summary>
    /// <param name="proxy">Proxy scores, [prompt][answer].</param>
    /// <param name="gold">Gold scores, [prompt][answer].</param>
    /// <exception cref="AlidadeException">Fewer than two prompts have all of their scores.</exception>
    internal static OverOptimisationCurve Of(IReadOnlyList<RewardScore[]> proxy, IReadOnlyList<RewardScore[]> gold)
    {
        var leftOut = new ReasonCounts();
        var usable = new List<int>();
        for (var p = 0; p < proxy.Count; p++)
            if (proxy[p].Concat(gold[p]).FirstOrDefault(s => s.Why is not null).Why is { } why)
                leftOut.Add($"prompt with an unscored answer ({why})");
            else
                usable.Add(p);
        if (usable.Count < 2)
            throw new AlidadeException($"over-optimisation is measured over prompts, and {usable.Count} of {proxy.Count} have all of their answers scored: {string.Join(", ", leftOut.Counts.Keys)}");
        var sizes = new List<int>();
        for (var n = 1; n <= proxy[0].Length; n *= 2)
            sizes.Add(n);
        // [n][prompt]
        double[][] Expected(IReadOnlyList<RewardScore[]> of) => [.. sizes.Select(n => usable.Select(p => ExpectedOfBest(proxy[p], of[p], n)).ToArray())];
        var (proxies, golds) = (Expected(proxy), Expected(gold));
        OptimisationPoint[] points = [.. sizes.Select((n, i) => new OptimisationPoint(n, BestOfN.Kl(n), Mean.Of(proxies[i]), Mean.Of(golds[i])))];
        var best = Enumerable.Range(0, points.Length).MaxBy(i => points[i].Gold.Value);
        return new(
            points,
            points.Length < 3 ? null : OverOptimisation.Fit(OptimisationMethod.BestOfN, [.. points.Skip(1).Select(p => p.Distance)], [.. points.Skip(1).Select(p => p.Gold.Value - points[0].Gold.Value)]),
            points[best].N,
            best == points.Length - 1 ? null : Mean.Of([.. golds[best].Zip(golds[^1], (b, last) => b - last)]),
            usable.Count, leftOut.Counts);
    }

    /// <summary>The expected score of the answer that the proxy prefers among n of them, drawn without replacement.</summary>
    internal static double ExpectedOfBest(RewardScore[] proxy, RewardScore[] score, int n)
    {
        // From the proxy's best down: it is the best of a choice with probability n/N, the next one with that times (i − n + 1)/i, and so on.
        int[] order = [.. Enumerable.Range(0, proxy.Length).OrderByDescending(i => proxy[i].Value!.Value)];
        var (sum, share) = (0.0, (double)n / order.Length);
        for (var place = 0; place <= order.Length - n; place++)
        {
            sum += share * score[order[place]].Value!.Value;
            var below = order.Length - 1 - place;
            share *= below == 0 ? 0 : (below - n + 1.0) / below;
        }

        return sum;
    }
}
