using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;

namespace Alidade.Training.Trainers.Policy;

/// <summary>Reinforcement learning of a model, or of an adapter on it: it answers prompts, a reward judges, the objective makes better answers likelier.</summary>
/// <remarks>
/// Number for number TRL 1.16 <c>GRPOTrainer</c> and <c>RLOOTrainer</c> and TRL 1.12 <c>PPOTrainer</c> on the same answers with the same settings; each prompt is computed
/// once for all of its answers, in sampling and in training.
/// </remarks>
public sealed record PolicyTrainer
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The objective. Default GRPO.</summary>
    public PolicyObjective Objective { get; init; } = PolicyObjectives.Grpo;

    /// <summary>What judges answers.</summary>
    public required IReward Reward { get; init; }

    /// <summary>What answers cost, for an objective under a limit (PPO-Lagrangian); null for nothing.</summary>
    public IReward? Cost { get; init; }

    /// <summary>How a cost is kept under its limit; null without a cost.</summary>
    public Lagrange? Lagrange { get; init; }

    /// <summary>Estimates values, for an objective that needs them.</summary>
    public Critic? Critic { get; init; }

    /// <summary>Estimates values of costs.</summary>
    public Critic? CostCritic { get; init; }

    /// <summary>What the KL is measured against. Default the policy as it is when training begins.</summary>
    public ReferenceModel Reference { get; init; } = ReferenceModel.Start;

    /// <summary>How answers are sampled.</summary>
    public RolloutOptions Rollouts { get; init; } = new();

    /// <summary>
    /// Settings of the loop. An epoch is a pass over the prompts; rows of a batch are answers; evaluations and checkpoints come after the rollout in which they are due.
    /// </summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains.</summary>
    /// <param name="prompts">Prompts to answer.</param>
    /// <param name="heldOut">Prompts for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings, models or prompts cannot be used, sampler and trainer disagree, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainingResult Train(TokenRows<PromptTokens> prompts, IReadOnlyList<PromptTokens>? heldOut = null, TrainingContext? context = null)
    {
        Check();
        if (prompts.Rows.Count == 0)
            throw new AlidadeException("there is no prompt to train on: every row was left out");
        context ??= new();
        using var mask = Objective.Mask is { } tokens ? new MaskPolicy(Model, Adapter, tokens) : null;
        var sampler = new PolicySampler(Model, Adapter, Rollouts) { Mask = mask };
        var scorer = new AnswerScorer(Reward, Cost);
        var source = new SampledAnswers(prompts.Rows, sampler, scorer, Objective.Advantage.NeedsGreedyAnswer, Options, context);
        return Run(source, context, heldOut is { Count: > 0 } held ? models => new PolicyEvaluation(held, sampler, scorer, models, Objective.NeedsReference, Options, context).Run : null,
            new()
            {
                ["rows"] = Fingerprints.Of(prompts.Rows.Select(p => p.Ids)),
                ["held-out rows"] = heldOut is null ? "none" : Fingerprints.Of(heldOut.Select(p => p.Ids)),
                ["reward"] = $"{Reward.Fingerprint} {Cost?.Fingerprint}",
            },
            prompts.Rows.Count, prompts.Dropped, mask);
    }

    /// <summary>Trains on the rollouts of a source.</summary>
    internal TrainingResult Run(
        IAnswerSource source, TrainingContext context, Func<PolicyModels, Func<int, HeldOutPoint>>? evaluation, Dictionary<string, string> fingerprint, int rows, IReadOnlyDictionary<string, int> dropped,
        MaskPolicy? mask = null)
    {
        Trained.CheckPrecision(Trained.WeightsOf(Model, Adapter));
        using var recomputed = new TrainingActivations(Options, [Model, .. new[] { Critic?.Model, CostCritic?.Model }.OfType<CausalLM>()]);
        using var models = new PolicyModels(Model, Adapter, Reference, Objective.NeedsReference, Critic, CostCritic, Rollouts.Temperature);
        using var use = Model.Use(Adapter);
        using var loop = new PolicyLoop(source, models, Objective, Rollouts, Options, context, Lagrange, mask, () => Settings(fingerprint), evaluation?.Invoke(models));
        var (state, stoppedEarly, seconds) = loop.Run();
        var left = new Dictionary<string, int>(dropped);
        foreach (var (number, reason) in new[]
        {
            (PolicyNumber.Unscored, "answers that the reward could not score"), (PolicyNumber.LostToGroup, "answers whose group lost one that could not be scored"),
            (PolicyNumber.EqualGroups, "groups of answers with equal rewards"), (PolicyNumber.MissingPrompts, "prompts missing in rollouts, because too many groups were equal"),
        })
            if (loop.Counts.Count(number) is > 0 and var count)
                left[reason] = count;
        return new(Objective.Name, state.Update, state.Curve, state.HeldOut, state.BestUpdate, stoppedEarly, rows, left, 0, state.Tokens, seconds);
    }

    // What a checkpoint must agree with besides what the loop knows.
    private Dictionary<string, string> Settings(Dictionary<string, string> ofSource) => new(ofSource)
    {
        ["objective"] = $"{Fingerprints.Of(Objective)} {(Lagrange is null ? "" : Fingerprints.Of(Lagrange))}",
        ["rollouts"] = Fingerprints.Of(Rollouts),
        ["reference"] = Objective.NeedsReference ? $"{Reference} {Fingerprints.Of(Trained.WeightsOf(Model, null).Concat(Adapter?.Parameters ?? []))}" : "none",
    };

    /// <summary>Says what cannot go together, of an objective and the way its answers are sampled.</summary>
    internal static void Check(PolicyObjective objective, RolloutOptions rollouts)
    {
        rollouts.Validate();
        if (rollouts.Samples < objective.Advantage.SmallestGroup)
            throw new AlidadeException($"{objective.Name} compares answers to one prompt and needs at least {objective.Advantage.SmallestGroup} of them; {rollouts.Samples} was asked for");
        if (objective is { LossKl.Beta: > 0, RewardKl.Beta: not 0 })
            throw new AlidadeException(FormattableString.Invariant(
                $"{objective.Name} has a KL in the loss (beta {objective.LossKl.Beta}) and another in the reward (beta {objective.RewardKl.Beta}): it would be paid twice; set one of them to 0"));
        if (objective is { Mask: not null, LossKl.Beta: > 0 })
            throw new AlidadeException(FormattableString.Invariant(
                $"{objective.Name} has a KL in the loss (beta {objective.LossKl.Beta}) and a mask of tokens: the loss knows the policy under its mask alone, so a KL belongs in the reward (reward_kl); set loss_kl.beta to 0, or leave the mask out"));
        if (rollouts.AdaptiveKl is not null && !objective.NeedsReference)
            throw new AlidadeException($"{objective.Name} has no KL whose weight could be adapted; give it one in the loss or in the reward, or leave the adaptive KL out");
    }

    private void Check()
    {
        Options.Validate();
        Check(Objective, Rollouts);
        if (Objective.Advantage.NeedsValues && Critic is null)
            throw new AlidadeException($"{Objective.Name} needs a critic; make one with Critic.Over(model, options, seed), or give a model with a scoring head");
        if ((Cost is null) != (Lagrange is null))
            throw new AlidadeException("a cost and its limit come together: give both Cost and Lagrange, or neither");
        if (Lagrange is not null && Objective.Advantage.NeedsValues && CostCritic is null)
            throw new AlidadeException($"{Objective.Name} with a cost needs a critic of costs");
        Critic?.Check(Model, Adapter is not null, "critic");
        CostCritic?.Check(Model, Adapter is not null, "critic of costs");
    }
}
