using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Models.Encoders;
using Alidade.Models.Hub;
using Alidade.Training.Rewards;

namespace Alidade.Training.Jobs;

/// <summary>One reward of a recipe: a rule by its name, a reward model, a classifier, or a judge. Paths are relative to the recipe's own folder.</summary>
[ShortForm("rule")]
public sealed record RewardRecipe : IValidated
{
    /// <summary>A rule, by its name and options.</summary>
    public RuleReward? Rule { get; init; }

    /// <summary>A reward model: a sequence-classification model of one score, or a PEFT folder of an adapter with such a head over the very model that is trained.</summary>
    public string? Model { get; init; }

    /// <summary>An encoder with a classification head: its folder.</summary>
    public string? Classifier { get; init; }

    /// <summary>The label of the classifier whose probability is the reward; under regression, whose score.</summary>
    public string? Label { get; init; }

    /// <summary>A chat model that grades answers by a rubric.</summary>
    public JudgeRecipe? Judge { get; init; }

    /// <summary>Factor in the sum of several rewards; below 0 for what is not wanted.</summary>
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        var named = new object?[] { Rule, Model, Classifier, Judge }.Count(x => x is not null);
        if (named != 1)
            yield return $"{(named == 0 ? "none" : "more than one")} of rule, model, classifier and judge is named; exactly one is needed";
        if (Classifier is not null && Label is null)
            yield return "label: the classifier's label whose probability is the reward is not named";
        if (Classifier is null && Label is not null)
            yield return "label: it is a classifier's, and no classifier is named";
    }

    /// <summary>The weighted sum of some rewards, their models opened and checked.</summary>
    /// <param name="recipes">At least one.</param>
    /// <param name="role">What they are: reward or cost.</param>
    /// <param name="models">Opens the models and keeps them.</param>
    /// <param name="baseStays">Whether the base of the policy stays as it is, so that other adapters over it keep their meaning.</param>
    /// <exception cref="AlidadeException">A model cannot be used.</exception>
    internal static WeightedReward Open(IReadOnlyList<RewardRecipe> recipes, string role, OpenedModels models, bool baseStays) =>
        new([.. recipes.Select(r => (r.Opened(role, models, baseStays), r.Weight))]);

    /// <summary>The same with its paths made whole.</summary>
    internal RewardRecipe At(Func<string, string> whole) => this with { Model = Model is null ? null : whole(Model), Classifier = Classifier is null ? null : whole(Classifier) };

    private IReward Opened(string role, OpenedModels models, bool baseStays)
    {
        if (Rule is not null)
            return Rule;
        if (Judge is not null)
            return Judge.Opened(models);
        if (Classifier is not null)
            return OfClassifier(role, models);
        return ModelFolder.IsAdapter(ModelLocation.Resolve(Model!)) ? OfAdapter(role, models, baseStays) : OfModel(role, models);
    }

    private ModelReward OfModel(string role, OpenedModels models)
    {
        var model = models.Model(role, Model!);
        CheckHead(role, model.ScoringLabels);
        return new(model.Name, model);
    }

    // A role over the base of the policy: no second copy of the weights, and the tokens are the policy's own.
    private ModelReward OfAdapter(string role, OpenedModels models, bool baseStays)
    {
        if (!baseStays)
            throw new AlidadeException($"{role}.model: '{Model}' is an adapter over the model that is trained, all of whose weights change with adapter.method none; leave it at lora, or merge the adapter and name the whole model");
        var adapter = models.Adapter(role, Model!);
        int labels;
        using (models.Trained.Use(adapter))
            labels = models.Trained.ScoringLabels;
        CheckHead(role, labels);
        return new(Model!, models.Trained, adapter) { Reads = RewardText.PolicyTokens };
    }

    private ClassifierReward OfClassifier(string role, OpenedModels models)
    {
        var classifier = models.Classifier(role, Classifier!);
        if (!classifier.Labels.Contains(Label, StringComparer.Ordinal))
            throw new AlidadeException($"{role}.label: '{Classifier}' has no label '{Label}'{Suggest.Hint(Label!, classifier.Labels)}");
        return new($"{Path.GetFileName(Path.TrimEndingDirectorySeparator(Classifier!))}: {Label}", classifier, Label!)
        {
            Value = classifier.Problem == ClassificationProblem.Regression ? ClassifierValue.Logit : ClassifierValue.Probability,
        };
    }

    private void CheckHead(string role, int labels)
    {
        if (labels != 1)
            throw new AlidadeException($"{role}.model: '{Model}' {(labels == 0 ? "has no scoring head" : $"gives {labels} scores to an answer")}, so it is no reward model; a reward model gives one score, as those that 'alidade train reward' writes");
    }
}
