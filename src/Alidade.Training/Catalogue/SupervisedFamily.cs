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
    public override string Data => "demonstrations: rows {text}, {prompt, completion} or {messages}; prompts are texts or lists of messages";

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) =>
        ["samples", "data.needs_end", "data.end_token", "data.too_long", "data.completion_only", "data.assistant_only", "noise", .. objective is Distillation ? ["teacher"] : Array.Empty<string>()];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) =>
        objective is Distillation && recipe.Teacher is null ? "distillation needs a teacher, a model with the same vocabulary: --set teacher=path/to/model" : null;

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, data) = (request.Model, request.Recipe.Data);
        var teacher = request.Recipe.Teacher is { } named ? others.WithVocabulary("teacher", "teacher", named) : null;
        var rows = DemonstrationFile.Read(data.File, request.Reading);
        var tokenizer = new DemonstrationTokenizer(model.Tokenizer, model.ChatTemplate, new()
        {
            MaxLength = data.CutAt,
            CompletionOnly = data.CompletionOnly,
            AssistantOnly = data.AssistantOnly,
            EndToken = data.EndToken,
        });
        return PreparedRows.Of(rows, request.Recipe, tokenizer.Tokenize, new Shape(), (part, adapter, options, context) =>
            new SupervisedTrainer { Model = model, Adapter = adapter, Objective = (IDemonstrationObjective)request.Objective, Teacher = teacher, Noise = request.Recipe.Noise, Options = options }.Train(part.Train, part.HeldOut, context));
    }

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
