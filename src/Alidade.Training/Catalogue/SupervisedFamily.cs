using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>Objectives on the tokens of demonstrations.</summary>
public sealed class SupervisedFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(IDemonstrationObjective);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => "demonstrations: rows {text}, {prompt, completion} or {messages}, or preference pairs, whose preferred answers are imitated; prompts are texts or lists of messages; data.form makes them of pairs or of refinements {prompt, answer, feedback, refinement}";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["samples", "data.needs_end", "data.end_token", "data.too_long", "data.form", "data.completion_only", "data.assistant_only", "noise", .. objective is Distillation ? ["teacher"] : Array.Empty<string>()];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) =>
        objective is Distillation && recipe.Teacher is null ? "distillation needs a teacher, a model with the same vocabulary: --set teacher=path/to/model" : null;

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, data) = (request.Model, request.Recipe.Data);
        var teacher = request.Recipe.Teacher is { } named ? others.WithVocabulary("teacher", "teacher", named) : null;
        var tokenizer = new DemonstrationTokenizer(model.Tokenizer, model.ChatTemplate, new()
        {
            MaxLength = data.CutAt,
            CompletionOnly = data.CompletionOnly,
            AssistantOnly = data.AssistantOnly,
            EndToken = data.EndToken,
        });
        PreparedRows Of<TRow>(DataSet<TRow> rows, Func<IEnumerable<TRow>, TokenRows<DemonstrationTokens>> tokenize)
            where TRow : IDataRow => PreparedRows.Of(rows, request.Recipe, tokenize, new Shape(), (part, adapter, options, context) => new SupervisedTrainer
            {
                Model = model,
                Adapter = adapter,
                Objective = (IDemonstrationObjective)request.Objective,
                Teacher = teacher,
                Noise = request.Recipe.Noise,
                Options = options,
            }.Train(part.Train, part.HeldOut, context));
        PreparedRows Refined(DataSet<Refinement> refinements, Func<IReadOnlyList<Refinement>, IReadOnlyList<Demonstration>> made) =>
            Of(refinements, rows => tokenizer.Tokenize(made([.. rows])));
        var hindsight = new ChainOfHindsight { MaxLength = data.CutAt, Seed = request.Recipe.Training.Seed, EndToken = data.EndToken };
        return data.Form switch
        {
            DemonstrationForm.Hindsight => Of(PreferenceFile.Read(data.File, data.Format, request.Reading), pairs => hindsight.Tokenize(pairs, model.Tokenizer, model.ChatTemplate)),
            DemonstrationForm.Refinement => Refined(RefinementFile.Read(data.File, request.Reading), rows => LanguageFeedback.ToAnswer(rows)),
            DemonstrationForm.Refine => Refined(RefinementFile.ReadWithFeedback(data.File, request.Reading), LanguageFeedback.ToRefine),
            DemonstrationForm.Edits => Refined(RefinementFile.Read(data.File, request.Reading), EditChain.Demonstrations),
            _ => Of(Imitable(DemonstrationFile.Read(data.File, request.Reading), request.Objective), rows => Told(tokenizer.Tokenize(rows), request.Objective)),
        };
    }

    private static bool Unlearns(object objective) => objective is Cringe or RejectedUnlikelihood;

    private static TokenRows<DemonstrationTokens> Told(TokenRows<DemonstrationTokens> rows, object objective) => !Unlearns(objective) || rows.Rows.Any(r => r.Avoided) ? rows
        : rows with { Noted = new Dictionary<string, int>(rows.Noted) { ["rows to imitate alone: none is labelled false, so that nothing is unlearned"] = rows.Rows.Count } };

    // What is to be unlearned would be imitated by an objective that does not know such rows.
    private static DataSet<Demonstration> Imitable(DataSet<Demonstration> rows, object objective) => Unlearns(objective) || !rows.Rows.Any(r => r.Avoided) ? rows
        : throw new AlidadeException($"{rows.File.Path}: {rows.Rows.Count(r => r.Avoided)} of {rows.Rows.Count} rows have the label false, and {((IDemonstrationObjective)objective).Name} would imitate them: take {new Cringe().Name} or {new RejectedUnlikelihood().Name}, which unlearn them, or leave them out of the file");

    private sealed class Shape : IRowShape<DemonstrationTokens>
    {
        public string IdOf(DemonstrationTokens row) => row.Id;

        public int LengthOf(DemonstrationTokens row) => row.Ids.Count;

        public IReadOnlyList<TokenStretch> StretchesOf(DemonstrationTokens row)
        {
            bool[] scored = [.. row.Scored];
            // Nothing predicts the first token of a document.
            var start = 0;
            foreach (var length in row.Documents)
            {
                scored[start] = false;
                start += length;
            }

            return [new("", row.Ids, scored)];
        }
    }
}
