using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on the scores of whole answers: reward models, cost models, classifiers.</summary>
public sealed class RewardFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IRewardObjective);

    /// <inheritdoc/>
    public override bool TeachesAnswers => false;

    /// <inheritdoc/>
    public override string RowsOf(object objective) => ((IRewardObjective)objective).Needs switch
    {
        RewardData.Pairs => "preference pairs: rows {prompt, chosen, rejected}, also with 'margin'",
        RewardData.RankedLists => "ranked lists: rows {prompt, completions, scores}; without scores the completions stand best first",
        RewardData.LabelledPairs => "pairs with safety labels: rows {prompt, response_0, response_1, is_response_0_safe, is_response_1_safe, safer_response_id}, as PKU-SafeRLHF",
        _ => $"single answers: rows {{prompt, completion, label}} or {{text, label}}, the label {(objective is OrdinalReward ? "a level from 0" : "a whole number from 0, or a name")}",
    } + "; texts or lists of messages; rows that are too long are left out, never cut";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["data.end_token", .. ((IRewardObjective)objective).Needs == RewardData.Pairs ? ["data.format"] : Array.Empty<string>(), .. objective is OrdinalReward ? ["ordinal_cuts"] : Array.Empty<string>(),
        // Classes are no reward, and levels have cuts beside the adapter.
        .. ((IRewardObjective)objective).Needs != RewardData.Labelled ? ["members"] : Array.Empty<string>()];

    /// <summary>Of ranked lists the accuracy is one of pairs, several to a row.</summary>
    /// <param name="objective">The objective, with its options.</param>
    public override string? ShareOfRows(object objective) => ((IRewardObjective)objective).Needs == RewardData.RankedLists ? null : "accuracy";

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe, objective) = (request.Model, request.Recipe, (IRewardObjective)request.Objective);
        var file = recipe.Data.File;
        var cuts = objective is OrdinalReward ordinal && recipe.OrdinalCuts == CutPlaces.Learned ? others.Keep(new LearnedCuts(OrdinalCuts.Even(ordinal.Levels, model.Parameters.First().Value))) : null;
        var tokenizer = new RewardTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null, EndToken = recipe.Data.EndToken });
        PreparedRows Of<TRow>(DataSet<TRow> rows, Func<IEnumerable<TRow>, TokenRows<RewardTokens>> tokenize, int labels)
            where TRow : IDataRow => PreparedRows.Of(rows, recipe, tokenize, new Shape(), Trainer(model, objective, cuts), head: new(labels, OfTokens: false));
        PreparedRows Learned(PreparedRows rows)
        {
            rows.OrdinalCuts = cuts is null ? null : cuts.Values;
            return rows;
        }

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
                if (objective is OrdinalReward scale)
                    CheckLevels(rows, scale);
                return Learned(Of(rows, tokenizer.Tokenize, objective is ClassificationReward ? Math.Max(2, 1 + rows.Rows.Max(r => r.Label)) : 1));
        }
    }

    private static void CheckLevels(DataSet<LabelledAnswer> rows, OrdinalReward scale)
    {
        if (LabelledFile.Names(rows.Rows) is { } names)
            throw new AlidadeException($"{rows.File.Path}: the labels are names ({string.Join(", ", names.Take(5))}), which have no order, and a rubric's levels do: number them from 0");
        if (rows.Rows.Max(r => r.Label) is var highest && highest >= scale.Levels)
            throw new AlidadeException($"{rows.File.Path}: the labels go up to {highest}, and {scale.Name} has {scale.Levels} levels, 0 to {scale.Levels - 1}: mend them, or take --set objective.levels={highest + 1}");
    }

    private static Func<RowParts<RewardTokens>, LoraAdapter?, TrainingOptions, TrainingContext, TrainingResult> Trainer(CausalLM model, IRewardObjective objective, LearnedCuts? cuts) =>
        (part, adapter, options, context) => new RewardTrainer { Model = model, Adapter = adapter, Objective = objective, Cuts = cuts?.Cuts, Options = options }.Train(part.Train, part.HeldOut, context);

    // The trainer changes them in place; they live as long as the rows.
    private sealed class LearnedCuts(OrdinalCuts cuts) : IDisposable
    {
        public OrdinalCuts Cuts { get; } = new(cuts.First.DetachFromDisposeScope(), cuts.RawGaps.DetachFromDisposeScope());

        public IReadOnlyList<double> Values()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return Cuts.Values().to(ScalarType.Float64).cpu().data<double>().ToArray();
        }

        public void Dispose()
        {
            Cuts.First.Dispose();
            Cuts.RawGaps.Dispose();
        }
    }

    private sealed class Shape : IRowShape<RewardTokens>
    {
        public string IdOf(RewardTokens row) => row.Id;

        public int LengthOf(RewardTokens row) => row.Prompt.Count + row.Answers.Max(a => a.Count);

        public IReadOnlyList<TokenStretch> StretchesOf(RewardTokens row) =>
            [TokenStretch.Prompt(row.Prompt), .. row.Answers.Select((a, i) => TokenStretch.Whole(row.Answers.Count == 2 ? i == 0 ? "first" : "second" : $"answer {i + 1}", a))];
    }
}
