using System.Reflection;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives of reinforcement: the model answers prompts, and a reward judges.</summary>
public sealed class PolicyFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(PolicyObjective);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => PromptShape.Rows;

    /// <inheritdoc/>
    public override bool LearnsFromRewards => true;

    /// <summary>The published combinations.</summary>
    public override IEnumerable<KnownObjective> Objectives
    {
        get
        {
            var documented = typeof(PolicyObjectives).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == typeof(PolicyObjective))
                .ToDictionary(p => ((PolicyObjective)p.GetValue(null)!).Name, p => (Summary: XmlDocumentation.Of(p), Source: XmlDocumentation.RemarksOf(p)), StringComparer.Ordinal);
            var constant = typeof(PolicyObjectives).GetMethod(nameof(PolicyObjectives.DrGrpo))!;
            documented.Add(PolicyObjectives.DrGrpo(null).Name, (XmlDocumentation.Of(constant), XmlDocumentation.RemarksOf(constant)));
            return PolicyObjectives.All(null).Select(o =>
                new KnownObjective(o.Name, KnownObjective.HeadingOf(typeof(PolicyObjectives)), documented[o.Name].Summary, documented[o.Name].Source, this, () => PolicyObjectives.All(null).Single(x => x.Name == o.Name)));
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
    [
        "reward", "rollouts", "samples",
        .. ((PolicyObjective)objective).NeedsReference ? ["reference"] : Array.Empty<string>(),
        // Advantages of costs are made of the costs of tokens, which the estimators of groups do not look at.
        .. ((PolicyObjective)objective).Advantage.NeedsValues ? ["cost", "lagrange"] : Array.Empty<string>(),
    ];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) => recipe.Reward.Count > 0 ? null : RewardRecipe.NeededBy(((PolicyObjective)objective).Name);

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe, objective) = (request.Model, request.Recipe, (PolicyObjective)request.Objective);
        if (objective.Advantage.NeedsValues && recipe.Adapter.Method != TrainedWeights.Lora)
            throw new AlidadeException($"{objective.Name} trains a critic beside the policy, as a second adapter over one base: leave adapter.method at lora, or take an objective without a critic, such as grpo");
        if (objective.Opponent is not null && recipe.Adapter.Method != TrainedWeights.Lora)
            throw new AlidadeException($"{objective.Name} plays against a mixture of the policy and its base, which is the model without its adapter: leave adapter.method at lora");
        PolicyTrainer.Check(objective, recipe.Rollouts);
        if (objective.Aggregation is ConstantLength { Tokens: null } constant)
            objective = objective with { Aggregation = constant with { Tokens = recipe.Rollouts.MaxNewTokens } };
        var baseStays = recipe.Adapter.Method == TrainedWeights.Lora;
        // Rows can be looked at without a reward.
        var reward = recipe.Reward.Count == 0 ? null : RewardRecipe.Open(recipe.Reward, "reward", others, baseStays);
        var cost = recipe.Cost.Count == 0 ? null : RewardRecipe.Open(recipe.Cost, "cost", others, baseStays);
        var tokenizer = new PromptTokenizer(model.Tokenizer, model.ChatTemplate, Math.Min(recipe.Data.MaxLength, model.Config.ContextLength - 1));
        var prompts = PromptFile.Read(recipe.Data.File, request.Reading);
        RewardRecipe.CheckRows(recipe.Reward.Concat(recipe.Cost), prompts.File.Path, prompts.Rows);
        return PreparedRows.Of(prompts, recipe, tokenizer.Tokenize, new PromptShape(), (part, adapter, options, context) =>
        {
            Critic? Critic(bool wanted, ulong seed) => wanted ? Trainers.Policy.Critic.Over(model, recipe.Adapter.Lora, seed) : null;
            var critic = Critic(objective.Advantage.NeedsValues, options.Seed);
            var costCritic = Critic(objective.Advantage.NeedsValues && cost is not null, options.Seed + 1);
            using var owned = critic?.Adapter;
            using var ownedToo = costCritic?.Adapter;
            return new PolicyTrainer
            {
                Model = model,
                Adapter = adapter,
                Objective = objective,
                Reward = Against(objective, reward ?? throw new AlidadeException(Missing(objective, recipe)!), model, adapter, recipe),
                Cost = cost,
                Lagrange = cost is null ? null : recipe.Lagrange ?? new(),
                Critic = critic,
                CostCritic = costCritic,
                Reference = recipe.Reference,
                Rollouts = recipe.Rollouts,
                Options = options,
            }.Train(part.Train, part.HeldOut, context);
        }, rollouts: recipe.Rollouts);
    }

    // An answer is held against one of the opponent's, of the same length and temperature.
    private static IReward Against(PolicyObjective objective, IReward reward, CausalLM model, LoraAdapter? adapter, TrainRecipe recipe) => objective.Opponent is not { } mixture ? reward
        : new MixtureOpponent(new RewardJudge(reward), model, adapter!)
        {
            Mixture = mixture,
            MaxNewTokens = recipe.Rollouts.MaxNewTokens,
            Temperature = recipe.Rollouts.Temperature,
            Seed = recipe.Training.Seed,
        };
}
