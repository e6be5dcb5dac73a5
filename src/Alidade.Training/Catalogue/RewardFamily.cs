using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on the scores of whole answers: reward models, cost models, classifiers.</summary>
public sealed class RewardFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IRewardObjective);

    /// <inheritdoc/>
    public override bool TeachesAnswers => false;

    /// <inheritdoc/>
    public override string Data =>
        "what the objective needs: preference pairs {prompt, chosen, rejected}, ranked lists {prompt, completions, scores}, pairs with safety labels, or single answers with a label; rows that are too long are left out, never cut";

    /// <inheritdoc/>
    public override PreparedRows Prepare(RowRequest request)
    {
        var (model, recipe, objective) = (request.Model, request.Recipe, (IRewardObjective)request.Objective);
        var file = recipe.Data.File;
        var tokenizer = new RewardTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = recipe.Data.MaxLength, EndToken = recipe.Data.EndToken });
        PreparedRows Of<TRow>(DataSet<TRow> rows, Func<IEnumerable<TRow>, TokenRows<RewardTokens>> tokenize, int labels)
            where TRow : IDataRow => PreparedRows.Of(rows, recipe, tokenize, new Shape(), Trainer(model, objective), head: new(labels, OfTokens: false));
        switch (objective.Needs)
        {
            case RewardData.Pairs:
                return Of(PreferenceFile.Read(file, recipe.Data.Format, request.Reading), tokenizer.Tokenize, 1);
            case RewardData.RankedLists:
                return Of(RankedFile.Read(file, request.Reading), tokenizer.Tokenize, 1);
            case RewardData.LabelledPairs:
                return Of(SafetyPairFile.Read(file, request.Reading), tokenizer.Tokenize, 1);
            default:
                var rows = LabelledFile.Read(file, request.Reading);
                return Of(rows, tokenizer.Tokenize, objective is ClassificationReward ? Math.Max(2, 1 + rows.Rows.Max(r => r.Label)) : 1);
        }
    }

    private static Func<RowParts<RewardTokens>, LoraAdapter?, TrainingOptions, TrainingContext, TrainingResult> Trainer(CausalLM model, IRewardObjective objective) =>
        (part, adapter, options, context) => new RewardTrainer { Model = model, Adapter = adapter, Objective = objective, Options = options }.Train(part.Train, part.HeldOut, context);

    private sealed class Shape : IRowShape<RewardTokens>
    {
        public string IdOf(RewardTokens row) => row.Id;

        public int LengthOf(RewardTokens row) => row.Prompt.Count + row.Answers.Max(a => a.Count);

        public IReadOnlyList<TokenStretch> StretchesOf(RewardTokens row) =>
            [TokenStretch.Prompt(row.Prompt), .. row.Answers.Select((a, i) => TokenStretch.Whole(row.Answers.Count == 2 ? i == 0 ? "first" : "second" : $"answer {i + 1}", a))];
    }
}
