using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Training.Rewards;

namespace Alidade.Training.Jobs;

/// <summary>One reward of a recipe: a rule by its name, a reward model, or a classifier. A judge that is a chat model is given in code (<see cref="JudgeReward"/>).</summary>
[ShortForm("rule")]
public sealed record RewardRecipe : IValidated
{
    /// <summary>A rule, by its name and options.</summary>
    public RuleReward? Rule { get; init; }

    /// <summary>A reward model: a folder with a sequence-classification model of one score.</summary>
    public string? Model { get; init; }

    /// <summary>A reward model that an earlier stage of the same recipe trains, by its name or number; in recipes of stages alone (<c>alidade align</c>).</summary>
    public string? Stage { get; init; }

    /// <summary>An encoder with a classification head: its folder.</summary>
    public string? Classifier { get; init; }

    /// <summary>The label of the classifier whose probability is the reward.</summary>
    public string? Label { get; init; }

    /// <summary>Factor in the sum of several rewards; below 0 for what is not wanted.</summary>
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        var named = new object?[] { Rule, Model, Stage, Classifier }.Count(x => x is not null);
        if (named != 1)
            yield return $"{(named == 0 ? "none" : "more than one")} of rule, model, stage and classifier is named; exactly one is needed";
        if (Classifier is not null && Label is null)
            yield return "label: the classifier's label whose probability is the reward is not named";
    }

    /// <summary>The weighted sum of some rewards, their models loaded.</summary>
    /// <param name="recipes">At least one.</param>
    /// <exception cref="AlidadeException">A model cannot be used.</exception>
    internal static OpenedReward Open(IReadOnlyList<RewardRecipe> recipes, CausalLM policy)
    {
        var owned = new List<IDisposable>();
        try
        {
            return new(new WeightedReward([.. recipes.Select(r => (r.Opened(policy, owned), r.Weight))]), owned);
        }
        catch
        {
            owned.ForEach(o => o.Dispose());
            throw;
        }
    }

    private IReward Opened(CausalLM policy, List<IDisposable> owned)
    {
        if (Rule is not null)
            return Rule;
        if (Stage is not null)
            throw new AlidadeException($"reward.stage: '{Stage}' names a stage, and one training has none; take 'alidade align', or name the reward model's folder (model)");
        if (Model is not null && File.Exists(Path.Combine(Model, "adapter_config.json")))
        {
            var adapter = Models.Adapters.PeftFolder.Load(policy, Model);
            owned.Add(adapter);
            return new ModelReward(Model, policy, adapter) { Reads = RewardText.PolicyTokens };
        }

        if (Model is not null)
        {
            var model = CausalLM.Load(Model);
            owned.Add(model);
            return new ModelReward(model.Name, model);
        }

        var classifier = SequenceClassifier.Load(Classifier!);
        owned.Add(classifier);
        return new ClassifierReward(Path.GetFileName(Path.TrimEndingDirectorySeparator(Classifier!)), classifier, Label!);
    }
}

/// <summary>A reward with the models behind it.</summary>
internal sealed record OpenedReward(IReward Reward, IReadOnlyList<IDisposable> Owned) : IDisposable
{
    public void Dispose()
    {
        foreach (var owned in Owned)
            owned.Dispose();
    }
}
