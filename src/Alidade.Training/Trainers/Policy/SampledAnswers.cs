using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;

namespace Alidade.Training.Trainers.Policy;

/// <summary>Rollouts that are sampled: prompts in the order of the plan, answers by the policy, scores by the reward; what cannot be used is left out and counted.</summary>
internal sealed class SampledAnswers : IAnswerSource
{
    private readonly IReadOnlyList<PromptTokens> prompts;
    private readonly PolicySampler sampler;
    private readonly AnswerScorer scorer;
    private readonly bool greedy;
    private readonly TrainingOptions options;
    private readonly TrainingContext context;
    private readonly TrainingPlan order;

    /// <param name="prompts">All prompts.</param>
    /// <param name="sampler">Answers them.</param>
    /// <param name="scorer">Scores the answers.</param>
    /// <param name="greedy">Whether a greedy answer to each prompt is scored too.</param>
    /// <param name="options">Settings of the loop.</param>
    /// <param name="context">Whom to tell, and when to stop.</param>
    public SampledAnswers(IReadOnlyList<PromptTokens> prompts, PolicySampler sampler, AnswerScorer scorer, bool greedy, TrainingOptions options, TrainingContext context)
    {
        (this.prompts, this.sampler, this.scorer, this.greedy, this.options, this.context) = (prompts, sampler, scorer, greedy, options, context);
        order = new(prompts.Count, options with { BatchRows = Rollout.Prompts, Accumulation = 1, MaxUpdates = null });
        var plan = Rollout.PlanFor(prompts.Count, options);
        (Rollouts, Updates) = (plan.Rollouts, plan.Updates);
    }

    public int Rollouts { get; }

    public int Updates { get; }

    private RolloutOptions Rollout => sampler.Options;

    public Answers Next(PolicyState state)
    {
        var collected = new Collected(Rollout.Samples);
        var batches = state.Count(PolicyNumber.Batches);
        for (var attempt = 0; attempt == 0 || (Rollout.EqualGroups == EqualGroups.Replace && collected.Groups.Count < Rollout.Prompts && attempt <= Rollout.MostResamplings); attempt++)
            Sample(collected, batches++);
        if (collected.Groups.Count == 0 && collected.EqualGroups == 0)
            throw new AlidadeException($"no answer of a whole rollout could be scored: {collected.WhyUnscored}");
        var wanted = Math.Min(Rollout.Prompts, prompts.Count);
        var kept = collected.Groups.Take(wanted).ToArray();
        state[PolicyNumber.Batches] = batches;
        state[PolicyNumber.Rollouts]++;
        state[PolicyNumber.Unscored] += collected.Unscored;
        state[PolicyNumber.LostToGroup] += collected.LostToGroup;
        state[PolicyNumber.EqualGroups] += collected.EqualGroups;
        var missing = Rollout.EqualGroups == EqualGroups.Replace ? wanted - kept.Length : 0;
        state[PolicyNumber.MissingPrompts] += missing;
        return Whole(kept, new Dictionary<string, double>
        {
            ["unscored"] = collected.Unscored,
            ["lost_to_group"] = collected.LostToGroup,
            ["equal_groups_dropped"] = collected.EqualGroups,
            ["prompts_missing"] = missing,
            ["groups_unused"] = collected.Groups.Count - kept.Length,
        });
    }

    public IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration)
    {
        // Answers of one prompt stay together, so that their prompt is computed once.
        var groups = Enumerable.Range(0, answers.Prompts.Count).ToArray();
        new SeededRandom(options.Seed).Fork(FormattableString.Invariant($"rollout {rollout} pass {iteration}")).Shuffle(groups);
        var rows = groups.SelectMany(g => Enumerable.Range(g * answers.Samples, answers.Samples)).Where(r => answers.Learned[r]);
        return [.. rows.Chunk(options.BatchRows).Chunk(options.Accumulation)];
    }

    private void Sample(Collected collected, int batch)
    {
        PromptTokens[] asked = [.. order.Window(batch)[0].Select(i => prompts[i])];
        var seed = new SeededRandom(options.Seed).Fork(FormattableString.Invariant($"answers {batch}")).NextUInt64();
        var rows = sampler.Sample(asked, Rollout.Samples, seed, context.Progress, context.Cancellation);
        PromptTokens[] owners = [.. asked.SelectMany(p => Enumerable.Repeat(p, Rollout.Samples))];
        var scores = scorer.Score(owners, rows, context.Cancellation);
        var baselines = greedy ? scorer.Score(asked, sampler.Greedy(asked, context.Progress, context.Cancellation), context.Cancellation) : null;
        for (var g = 0; g < asked.Length; g++)
        {
            var range = new Range(g * Rollout.Samples, (g + 1) * Rollout.Samples);
            collected.Add(asked[g], rows.Take(range), scores.Take(range), baselines?[g], Rollout.EqualGroups != EqualGroups.Keep);
        }
    }

    private Answers Whole(Group[] kept, Dictionary<string, double> counts)
    {
        Completion[] rows = [.. kept.SelectMany(g => g.Rows)];
        ScoredAnswer[] scores = [.. kept.SelectMany(g => g.Scores)];
        return new([.. kept.Select(g => g.Prompt)], rows, Rollout.Samples, [.. scores.Select(s => (float)s.Reward!.Value)])
        {
            Costs = scorer.HasCost ? [.. scores.Select(s => (float)s.Cost!.Value)] : null,
            GreedyScores = greedy ? [.. kept.Select(g => (float)g.Baseline!.Reward!.Value)] : null,
            ScoresByReward = scorer.Weights is null ? null : [.. scores.Select(s => s.Parts!)],
            RewardWeights = scorer.Weights,
            Learned = [.. rows.Select(r => r.Ended || !Rollout.MaskTruncated)],
            Counts = counts,
        };
    }

    /// <summary>A prompt with its answers.</summary>
    private sealed record Group(PromptTokens Prompt, Completion[] Rows, ScoredAnswer[] Scores, ScoredAnswer? Baseline);

    /// <summary>Groups that can be used, and counts of what cannot.</summary>
    private sealed class Collected(int samples)
    {
        public List<Group> Groups { get; } = [];

        public int Unscored { get; private set; }

        public int LostToGroup { get; private set; }

        public int EqualGroups { get; private set; }

        public string? WhyUnscored { get; private set; }

        // The baselines of a group are over all of its answers, so a group that lost one is left out.
        public void Add(PromptTokens prompt, IEnumerable<Completion> rows, IEnumerable<ScoredAnswer> scores, ScoredAnswer? baseline, bool dropEqual)
        {
            var group = new Group(prompt, [.. rows], [.. scores], baseline);
            var unscored = group.Scores.Count(s => !s.IsScored);
            if (unscored > 0 || baseline is { IsScored: false })
            {
                Unscored += unscored + (baseline is { IsScored: false } ? 1 : 0);
                LostToGroup += samples - unscored;
                WhyUnscored ??= (group.Scores.FirstOrDefault(s => !s.IsScored) ?? baseline)!.Why;
            }
            else if (dropEqual && DynamicSampling.TeachesNothing([.. group.Scores.Select(s => s.Reward!.Value)]))
            {
                EqualGroups++;
            }
            else
            {
                Groups.Add(group);
            }
        }
    }
}
