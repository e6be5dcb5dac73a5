using Alidade.Core.Data;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on ranked lists of answers.</summary>
public sealed class RankingFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IRankingObjective);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => "ranked lists: rows {prompt, completions, scores}; without scores the completions stand best first; texts or lists of messages";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["samples", "data.needs_end", "data.end_token", "data.too_long", .. ((IRankingObjective)objective).NeedsReference ? ["reference", "reference_model", "moving_reference"] : Array.Empty<string>()];

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe) = (request.Model, request.Recipe);
        var reference = ReferenceOf(request, others);
        var rows = RankedFile.Read(recipe.Data.File, request.Reading);
        var tokenizer = new RankedTokenizer(model.Tokenizer, model.ChatTemplate, recipe.Data.With(new RankedTokenOptions()));
        return PreparedRows.Of(rows, recipe, tokenizer.Tokenize, new Shape(), (part, adapter, options, context) =>
            new RankingTrainer { Model = model, Adapter = adapter, Objective = (IRankingObjective)request.Objective, Reference = recipe.Reference, OtherReference = reference, MovingReference = recipe.MovingReference, Options = options }.Train(part.Train, part.HeldOut, context));
    }

    private sealed class Shape : IRowShape<RankedTokens>
    {
        public string IdOf(RankedTokens row) => row.Id;

        public int LengthOf(RankedTokens row) => row.Prompt.Count + row.Answers.Max(a => a.Count);

        public IReadOnlyList<TokenStretch> StretchesOf(RankedTokens row) =>
            [TokenStretch.Prompt(row.Prompt), .. row.Answers.Select((a, i) => TokenStretch.Answer(i == 0 ? "best" : $"answer {i + 1}", a, row.Prompt.Count > 0))];
    }
}
