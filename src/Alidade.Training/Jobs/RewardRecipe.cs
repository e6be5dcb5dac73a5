using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models.Encoders;
using Alidade.Models.Hub;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Rewards;

namespace Alidade.Training.Jobs;

/// <summary>One reward of a recipe: a rule by its name, a reward model, a classifier, a process reward model, a judge, or an ensemble of such. Paths are relative to the recipe's own folder.</summary>
[ShortForm("rule")]
public sealed record RewardRecipe : IValidated
{
    private const double DefaultVarianceWeight = 0.1;

    /// <summary>A rule, by its name and options.</summary>
    public RuleReward? Rule { get; init; }

    /// <summary>A reward model: a sequence-classification model of one score, or a PEFT folder of an adapter with such a head over the very model that is trained, or the folder of an ensemble of such adapters (<c>members</c>).</summary>
    public string? Model { get; init; }

    /// <summary>A reward model that an earlier stage of the same recipe trains, by its name or number; in recipes of stages alone (<c>alidade align</c>).</summary>
    public string? Stage { get; init; }

    /// <summary>An encoder with a classification head: its folder.</summary>
    public string? Classifier { get; init; }

    /// <summary>The label of the classifier whose probability is the reward; under regression, whose score.</summary>
    public string? Label { get; init; }

    /// <summary>A process reward model: a token-classification model of two scores, wrong and right, such as 'alidade train prm' writes with adapter.method none. Each line of an answer is a step.</summary>
    public string? Steps { get; init; }

    /// <summary>How the steps of an answer become one number.</summary>
    public StepAggregation Aggregation { get; init; } = StepAggregation.Product;

    /// <summary>Rewards for the same thing, whose disagreement is a sign of answers that exploit one of them; at least two.</summary>
    public IReadOnlyList<RewardRecipe> Ensemble { get; init; } = [];

    /// <summary>How the scores of an ensemble become one.</summary>
    public EnsembleRule Combine { get; init; } = EnsembleRule.UncertaintyWeighted;

    /// <summary>Weight of the variance of an ensemble whose rule is uncertainty_weighted.</summary>
    public double VarianceWeight { get; init; } = DefaultVarianceWeight;

    /// <summary>A chat model that grades answers by a rubric.</summary>
    public JudgeRecipe? Judge { get; init; }

    /// <summary>Factor in the sum of several rewards; below 0 for what is not wanted.</summary>
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        var named = new object?[] { Rule, Model, Stage, Classifier, Steps, Judge, Ensemble.Count > 0 ? Ensemble : null }.Count(x => x is not null);
        if (named != 1)
            yield return $"{(named == 0 ? "none" : "more than one")} of rule, model, stage, classifier, steps, judge and ensemble is named; exactly one is needed";
        if (Classifier is not null && Label is null)
            yield return "label: the classifier's label whose probability is the reward is not named";
        if (Classifier is null && Label is not null)
            yield return "label: it is a classifier's, and no classifier is named";
        if (Steps is null && Aggregation != StepAggregation.Product)
            yield return "aggregation: it is of the steps of a process reward model, and no steps are named";
        if (Ensemble.Count == 1)
            yield return "ensemble: one reward knows no disagreement; give at least 2";
        if (Ensemble.FirstOrDefault(r => r.Weight != 1) is { } weighed)
            yield return FormattableString.Invariant($"ensemble: a member has the weight {weighed.Weight}, and members count alike; leave it out (the ensemble as a whole may have one)");
        if (Ensemble.Count == 0 && Model is null && Combine != EnsembleRule.UncertaintyWeighted)
            yield return "combine: it is of an ensemble, and none is named";
        if (!(VarianceWeight >= 0) || (VarianceWeight != DefaultVarianceWeight && ((Ensemble.Count == 0 && Model is null) || Combine != EnsembleRule.UncertaintyWeighted)))
            yield return FormattableString.Invariant($"variance_weight: {VarianceWeight} (at least 0, of an ensemble whose rule is uncertainty_weighted)");
    }

    /// <summary>The weighted sum of some rewards, their models opened and checked.</summary>
    /// <param name="recipes">At least one.</param>
    /// <param name="role">What they are: reward or cost.</param>
    /// <param name="models">Opens the models and keeps them.</param>
    /// <param name="baseStays">Whether the base of the policy stays as it is, so that other adapters over it keep their meaning.</param>
    /// <exception cref="AlidadeException">A model cannot be used.</exception>
    internal static WeightedReward Open(IReadOnlyList<RewardRecipe> recipes, string role, OpenedModels models, bool baseStays) =>
        new([.. recipes.Select(r => (r.Opened(role, models, baseStays), r.Weight))]);

    /// <summary>That a method needs a reward, and what there is, as an error says it.</summary>
    internal static string NeededBy(string method) => $"{method} needs a reward, such as --set reward=ends_with_question; rules: {string.Join(", ", RecipeKeys.Choices(typeof(RuleReward)))}; or reward: {{ model: FOLDER }}";

    /// <summary>Says before any work which row lacks what a rule among some rewards reads, those of ensembles too.</summary>
    /// <param name="recipes">The rewards.</param>
    /// <param name="file">The file of the rows.</param>
    /// <param name="rows">What is asked.</param>
    /// <exception cref="AlidadeException">A field is missing.</exception>
    internal static void CheckRows(IEnumerable<RewardRecipe> recipes, string file, IReadOnlyList<AskedPrompt> rows) => RowProblems.InFile(file, () =>
    {
        foreach (var rule in RulesOf(recipes))
            foreach (var asked in rows)
                rule.CheckRow(asked);
        return rows;
    });

    private static IEnumerable<RuleReward> RulesOf(IEnumerable<RewardRecipe> recipes) => recipes.SelectMany(r => r.Rule is { } rule ? [rule] : RulesOf(r.Ensemble));

    /// <summary>The same with its paths made whole.</summary>
    /// <param name="whole">Makes one whole.</param>
    public RewardRecipe At(Func<string, string> whole) => this with
    {
        Model = Model is null ? null : whole(Model),
        Classifier = Classifier is null ? null : whole(Classifier),
        Steps = Steps is null ? null : whole(Steps),
        Ensemble = [.. Ensemble.Select(r => r.At(whole))],
    };

    private IReward Opened(string role, OpenedModels models, bool baseStays)
    {
        if (Rule is not null)
            return Rule;
        if (Stage is not null)
            throw new AlidadeException($"{role}.stage: '{Stage}' names a stage, and one training has none; take 'alidade align', or name the reward model's folder (model)");
        if (Judge is not null)
            return Judge.Opened(models);
        if (Classifier is not null)
            return OfClassifier(role, models);
        if (Steps is not null)
            return OfSteps(role, models);
        if (Ensemble.Count > 0)
            return Together(Ensemble.Select(r => r.Opened(role, models, baseStays)));
        var location = ModelLocation.Resolve(Model!);
        if (EnsembleFolder.ListOf(location) is { } list)
        {
            models.Read(role, list);
            return Together(EnsembleFolder.MembersOf(list).Select(m => OfAdapter(role, m, models, baseStays)));
        }

        if (Combine != EnsembleRule.UncertaintyWeighted || VarianceWeight != DefaultVarianceWeight)
            throw new AlidadeException($"{role}: combine and variance_weight are of an ensemble, and '{Model}' is one reward model; leave them out, or name the folder of an ensemble");
        return ModelFolder.IsAdapter(location) ? OfAdapter(role, Model!, models, baseStays) : OfModel(role, models);
    }

    private EnsembleReward Together(IEnumerable<IReward> members) => new([.. members]) { Rule = Combine, VarianceWeight = VarianceWeight };

    private ModelReward OfModel(string role, OpenedModels models)
    {
        var model = models.Model(role, Model!);
        CheckHead(role, Model!, model.ScoringLabels);
        return new(model.Name, model);
    }

    // A role over the base of the policy: no second copy of the weights.
    private ModelReward OfAdapter(string role, string path, OpenedModels models, bool baseStays)
    {
        if (!baseStays)
            throw new AlidadeException($"{role}.model: '{path}' is an adapter over the model that is trained, all of whose weights change with adapter.method none; leave it at lora, or merge the adapter and name the whole model");
        var adapter = models.Adapter(role, path);
        int labels;
        using (models.Trained.Use(adapter))
            labels = models.Trained.ScoringLabels;
        CheckHead(role, path, labels);
        return new(path, models.Trained, adapter);
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

    private StepReward OfSteps(string role, OpenedModels models)
    {
        var model = models.Model(role, Steps!);
        return model.ScoringLabels == 2 ? new(model.Name, model) { Aggregation = Aggregation } : throw new AlidadeException(
            $"{role}.steps: '{Steps}' gives {model.ScoringLabels} scores to a token; a process reward model gives two, wrong and right, as those that 'alidade train prm' writes with adapter.method none");
    }

    private static void CheckHead(string role, string path, int labels)
    {
        if (labels != 1)
            throw new AlidadeException($"{role}.model: '{path}' {(labels == 0 ? "has no scoring head" : $"gives {labels} scores to an answer")}, so it is no reward model; a reward model gives one score, as those that 'alidade train reward' writes");
    }
}
