using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Reinforcement from answers that are there already: rewarded by the data, or by a reward before training begins.</summary>
public sealed class OfflinePolicyFamily : ObjectiveFamily
{
    private static readonly string Needed =
        $"needs rewards: rows with the numbers 'reward' and 'value', or a reward in the recipe, such as --set reward=ends_with_question; rules: {string.Join(", ", RecipeKeys.Choices(typeof(RuleReward)))}; or reward: {{ model: FOLDER }}";

    /// <inheritdoc/>
    public override Type Interface => typeof(ALol);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => "answers: rows {prompt, completion} with whatever the reward reads, or preference pairs, which are taken apart; and a reward, such as --set reward=ends_with_question; or rows {prompt, completion, reward, value}, value what the model's own answers to the prompt are worth; texts or lists of messages";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
    [
        "samples", "data.needs_end", "data.end_token", "data.too_long", "reward",
        .. ((ALol)objective).NeedsValues ? ["values"] : Array.Empty<string>(),
        .. ((ALol)objective).NeedsReference ? ["reference", "reference_model"] : Array.Empty<string>(),
    ];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) => !((ALol)objective).LossHasNoLevel ? null
        : recipe.Training.Keep == FinalWeights.Best ? Unread("training.keep: best", "training.keep at last")
        : recipe.Training.Patience > 0 ? Unread("training.patience", "it at 0")
        : null;

    private static string Unread(string key, string leave) =>
        $"{key} goes by the held-out loss, which a_lol multiplies by a ratio that moves with the policy, so that it says nothing of what was learned: leave {leave}, or take --set objective.form=reference_free or kl";

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe, objective) = (request.Model, request.Recipe, (ALol)request.Objective);
        var reference = ReferenceOf(request, others);
        var rows = RewardedFile.Read(recipe.Data.File, request.Reading);
        Check(rows, objective, recipe);
        var reward = recipe.Reward.Count == 0 ? null : RewardRecipe.Open(recipe.Reward, "reward", others, recipe.Adapter.Method == TrainedWeights.Lora);
        RewardRecipe.CheckRows(recipe.Reward, rows.File.Path, [.. rows.Rows.Select(r => r.Asked)]);
        var tokenizer = new UnpairedTokenizer(model.Tokenizer, model.ChatTemplate, recipe.Data.With(new UnpairedTokenOptions()));
        var prepared = PreparedRows.Of(
            rows, recipe, answers => OfflineAnswer.Tokens(tokenizer, [.. answers], objective), new Shape(), (part, adapter, options, context) =>
                new LeftoverLunchTrainer { Model = model, Adapter = adapter, Objective = objective, Reference = recipe.Reference, OtherReference = reference, Options = options }
                    .Train(OfflineAnswer.Rewarded(part.Train), [.. part.HeldOut.Select(r => r.Rewarded())], context),
            worth: reward is null ? null : new JudgedWorth(model, objective, recipe, reward, reference));
        // Rows can be looked at without a reward.
        prepared.Lacking = reward is not null || rows.Rows.Any(r => r.Reward is not null) ? null : $"{objective.Name} {Needed}";
        return prepared;
    }

    // A file gives a number in all rows or in none.
    private static void Check(DataSet<RewardedAnswer> rows, ALol objective, TrainRecipe recipe)
    {
        if (rows.Rows is not [var first, ..])
            return;
        if (first.Reward is not null && recipe.Reward.Count > 0)
            throw new AlidadeException($"{rows.File.Path}: the rows have rewards of their own (field 'reward'), and the recipe names a reward: leave one of them out");
        if (first.Reward is null && first.Value is not null)
            throw new AlidadeException($"{rows.File.Path}: the rows have a 'value' and no 'reward': give both, or neither with a reward in the recipe");
        if (first.Reward is not null && first.Value is null && objective.NeedsValues)
            throw new AlidadeException($"{rows.File.Path}: the rows have a 'reward' and no 'value', which is the mean reward of the model's own answers to the prompt: give it, or take --set objective.form=reward, which needs none, or leave 'reward' out and name a reward in the recipe, which finds both");
    }

    private sealed class Shape : IRowShape<OfflineAnswer>
    {
        public string IdOf(OfflineAnswer row) => row.Source.Id;

        public int LengthOf(OfflineAnswer row) => row.Prompt.Count + row.Answer.Count;

        public IReadOnlyList<TokenStretch> StretchesOf(OfflineAnswer row) => [TokenStretch.Prompt(row.Prompt), TokenStretch.Answer("answer", row.Answer, row.Prompt.Count > 0)];
    }
}
