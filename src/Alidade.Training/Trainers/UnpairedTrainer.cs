using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Trainers;

/// <summary>Preference learning of a model, or of an adapter on it, on single answers that are wanted or not.</summary>
/// <remarks>Number for number TRL 1.16 <c>KTOTrainer</c> and TRL 1.12 <c>BCOTrainer</c> on the same rows, order and settings.</remarks>
public sealed record UnpairedTrainer : AnswerTrainer<UnpairedTokens>
{
    /// <summary>The objective. Default KTO, whose rows need mismatched answers (<see cref="UnpairedTokenizer.Tokenize"/>).</summary>
    public IUnpairedObjective Objective { get; init; } = new Kto();

    private protected override bool NeedsReference => true;

    private protected override AnswerTask<UnpairedTokens> TaskOf(IReadOnlyList<UnpairedTokens> rows, Reference? reference, AnswerTask<UnpairedTokens>? training) =>
        new UnpairedTask(Model, Objective, reference!, rows, (UnpairedTask?)training);
}
