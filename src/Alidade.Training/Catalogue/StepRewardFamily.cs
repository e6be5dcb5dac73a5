using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on scores of single tokens: process and outcome reward models.</summary>
public sealed class StepRewardFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IStepRewardObjective);

    /// <inheritdoc/>
    public override bool TeachesAnswers => false;

    /// <inheritdoc/>
    public override string RowsOf(object objective) => objective is OutcomeReward
        ? "single answers: rows {prompt, completion, label}, the label 1 or true for a right one, 0 or false for a wrong one; rows that are too long are left out, never cut"
        : "solutions in steps: rows {prompt, completions, labels}, for each step true or false, or 1 or 0";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        objective is OutcomeReward ? ["data.end_token"] : ["data.too_long"];

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe, objective) = (request.Model, request.Recipe, (IStepRewardObjective)request.Objective);
        var head = new ScoringHead(objective.Outputs, OfTokens: true);
        // An outcome is foretold at every token of an answer, a step is judged at its end.
        if (objective is OutcomeReward)
        {
            var outcomes = new RewardTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null, EndToken = recipe.Data.EndToken });
            return PreparedRows.Of(LabelledFile.ReadOutcomes(recipe.Data.File, request.Reading), recipe, outcomes.TokenizeOutcomes, new Shape(), Trainer(model, objective), head: head);
        }

        var steps = new StepTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = recipe.Data.CutAt });
        return PreparedRows.Of(StepwiseFile.Read(recipe.Data.File, request.Reading), recipe, steps.Tokenize, new Shape(), Trainer(model, objective), head: head);
    }

    private static Func<RowParts<StepTokens>, LoraAdapter?, TrainingOptions, TrainingContext, TrainingResult> Trainer(CausalLM model, IStepRewardObjective objective) =>
        (part, adapter, options, context) => new StepRewardTrainer { Model = model, Adapter = adapter, Objective = objective, Options = options }.Train(part.Train, part.HeldOut, context);

    private sealed class Shape : IRowShape<StepTokens>
    {
        public string IdOf(StepTokens row) => row.Id;

        public int LengthOf(StepTokens row) => row.Ids.Count;

        public IReadOnlyList<TokenStretch> StretchesOf(StepTokens row)
        {
            var places = row.Places.ToHashSet();
            return [new("", row.Ids, [.. row.Ids.Select((_, i) => places.Contains(i))])];
        }
    }
}
