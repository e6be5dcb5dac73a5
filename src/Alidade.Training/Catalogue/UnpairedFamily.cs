using Alidade.Core.Data;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on single answers that are wanted or not.</summary>
public sealed class UnpairedFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IUnpairedObjective);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => "single answers: rows {prompt, completion, label}, or preference pairs, which are taken apart; texts or lists of messages";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["samples", "data.needs_end", "data.end_token", "data.too_long", "data.truncation", "reference", "reference_model", "moving_reference", .. objective is Bco ? ["prompt_encoder"] : Array.Empty<string>()];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) =>
        objective is IUnpairedObjective unpaired && unpaired.Needs.HasFlag(UnpairedInputs.Mismatched) && recipe.Training.BatchRows == 1
            ? $"{unpaired.Name} compares with answers to other prompts of the same micro-batch: training.batch_rows is 1, and must be at least 2" : null;

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe) = (request.Model, request.Recipe);
        var objective = (IUnpairedObjective)request.Objective;
        var reference = ReferenceOf(request, others);
        var rows = UnpairedFile.Read(recipe.Data.File, request.Reading);
        if (recipe.PromptEncoder is { } named)
        {
            // Of the rows that are trained on; held-out ones are weighed by what was learned there.
            var training = recipe.Data.HeldOut == 0 ? rows.Rows : DataSplit.Of(rows.Rows, recipe.Training.Seed, recipe.Data.HeldOut).Train;
            rows = rows with { Rows = PromptDensity.Fit(others.Sentences("prompt encoder", named), training).Applied(rows.Rows) };
        }

        var tokenizer = new UnpairedTokenizer(model.Tokenizer, model.ChatTemplate, recipe.Data.With(new UnpairedTokenOptions { MismatchedLength = recipe.Data.Limit }));
        return PreparedRows.Of(
            rows, recipe, all => Told(tokenizer.Tokenize(all)), new Shape(), (part, adapter, options, context) =>
                new UnpairedTrainer { Model = model, Adapter = adapter, Objective = objective, Reference = recipe.Reference, OtherReference = reference, MovingReference = recipe.MovingReference, Options = options }.Train(part.Train, part.HeldOut, context),
            objective.Needs.HasFlag(UnpairedInputs.Mismatched) ? part => Paired(tokenizer, part, recipe.Training.BatchRows) : null);
    }

    // There is nothing wrong with such a file, but it teaches half of what the objective is for.
    private static TokenRows<UnpairedTokens> Told(TokenRows<UnpairedTokens> rows) => rows.Rows.Select(r => r.Label).Distinct().Count() > 1 ? rows
        : rows with { Noted = new Dictionary<string, int>(rows.Noted) { [rows.Rows[0].Label ? "wanted answers alone: none is labelled false" : "unwanted answers alone: none is labelled true"] = rows.Rows.Count } };

    // A single row has no other to take an answer from.
    private static TokenRows<UnpairedTokens> Paired(UnpairedTokenizer tokenizer, TokenRows<UnpairedTokens> part, int size) =>
        part.Rows.Count < 2 ? part with { Rows = [] } : tokenizer.Mismatched(part, size);

    private sealed class Shape : IRowShape<UnpairedTokens>
    {
        public string IdOf(UnpairedTokens row) => row.Id;

        public int LengthOf(UnpairedTokens row) => row.Prompt.Count + row.Answer.Count;

        public IReadOnlyList<TokenStretch> StretchesOf(UnpairedTokens row) =>
            [TokenStretch.Prompt(row.Prompt), TokenStretch.Answer(row.Label ? "wanted" : "unwanted", row.Answer, row.Prompt.Count > 0)];
    }
}
