using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>Scores read at single tokens, each with a label: at the ends of steps, or at every token of an answer.</summary>
/// <param name="Scores">[places, outputs of the head]; differentiable.</param>
/// <param name="Labels">1 right, 0 wrong, for each place.</param>
/// <param name="RowOf">The row of each place; places of a row stand in order.</param>
/// <param name="Rows">Number of rows.</param>
public readonly record struct StepScores(Tensor Scores, IReadOnlyList<int> Labels, IReadOnlyList<long> RowOf, int Rows);

/// <summary>An objective on scores at single tokens; a pure function.</summary>
public interface IStepRewardObjective
{
    /// <summary>The name that runs and messages use, such as "prm".</summary>
    string Name { get; }

    /// <summary>Outputs that the head must have.</summary>
    int Outputs { get; }

    /// <summary>
    /// What the sum over a whole accumulation window is divided by. Micro-batches that share it add up to the loss of the window, however its rows are spread.
    /// </summary>
    /// <param name="places">Places of each row of the window.</param>
    double NormaliserOf(IReadOnlyList<int> places);

    /// <summary>Loss and metrics.</summary>
    /// <param name="steps">Scores.</param>
    /// <param name="normaliser">From <see cref="NormaliserOf"/> over the window; null when the batch is the window.</param>
    /// <exception cref="Alidade.Core.AlidadeException">No place is labelled, or the head is not what the objective needs.</exception>
    Objective Evaluate(in StepScores steps, double? normaliser = null);
}
