using Alidade.Core.Data;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on pairs of answers.</summary>
public sealed class PreferenceFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IPreferenceObjective);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => "preference pairs: rows {prompt, chosen, rejected}, {chosen, rejected} with a common beginning, or dialogues \"Human: … Assistant: …\"; texts or lists of messages";

    /// <summary>Those whose pairs a file can hold: which answer the reference wrote (<see cref="PairInputs.Source"/>) is known only to the loop that had it written.</summary>
    public override IEnumerable<KnownObjective> Objectives => base.Objectives.Where(o => !((IPreferenceObjective)o.New()).Needs.HasFlag(PairInputs.Source));

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["samples", "data.needs_end", "data.end_token", "data.too_long", "data.format", "data.truncation", .. ((IPreferenceObjective)objective).Needs.HasFlag(PairInputs.Reference) ? ["reference", "reference_model", "moving_reference"] : Array.Empty<string>()];

    /// <inheritdoc/>
    public override string? ShareOfRows(object objective) => "rewards_accuracy";

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, data) = (request.Model, request.Recipe.Data);
        var reference = ReferenceOf(request, others);
        var pairs = PreferenceFile.Read(data.File, data.Format, request.Reading);
        var tokenizer = new PreferenceTokenizer(model.Tokenizer, model.ChatTemplate, data.With(new PreferenceTokenOptions()));
        return PreparedRows.Of(pairs, request.Recipe, tokenizer.Tokenize, new Shape(), (part, adapter, options, context) =>
            new PreferenceTrainer { Model = model, Adapter = adapter, Objective = (IPreferenceObjective)request.Objective, Reference = request.Recipe.Reference, OtherReference = reference, MovingReference = request.Recipe.MovingReference, Options = options }.Train(part.Train, part.HeldOut, context));
    }

    private sealed class Shape : IRowShape<PairTokens>
    {
        public string IdOf(PairTokens row) => row.Id;

        public int LengthOf(PairTokens row) => row.Prompt.Count + Math.Max(row.Chosen.Count, row.Rejected.Count);

        public IReadOnlyList<TokenStretch> StretchesOf(PairTokens row) =>
            [TokenStretch.Prompt(row.Prompt), TokenStretch.Answer("chosen", row.Chosen, row.Prompt.Count > 0), TokenStretch.Answer("rejected", row.Rejected, row.Prompt.Count > 0)];
    }
}
