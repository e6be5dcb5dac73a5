using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>What an objective on single answers cannot do without, besides their log-probabilities.</summary>
[Flags]
public enum UnpairedInputs
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary><see cref="UnpairedLogProbs.Mismatched"/>: prompts with answers to other prompts, under policy and reference.</summary>
    Mismatched = 1,
}

/// <summary>An objective on single answers that are called desirable or not; a pure function.</summary>
public interface IUnpairedObjective
{
    /// <summary>The name that runs and messages use, such as "kto".</summary>
    string Name { get; }

    /// <summary>What it reads besides the log-probabilities of the answers under policy and reference.</summary>
    UnpairedInputs Needs { get; }

    /// <summary>Numbers that one batch hands to the next, as they are before the first; empty for an objective without memory. A trainer keeps them in its checkpoints.</summary>
    IReadOnlyList<double> InitialState { get; }

    /// <summary>Loss (mean over the rows), metrics and implied rewards.</summary>
    /// <param name="rows">Log-probabilities in nats.</param>
    /// <param name="state">What the batch before handed over, float64, of the length of <see cref="InitialState"/>; null for the first batch. It is not changed.</param>
    /// <param name="next">What the next batch is to get, float64, without gradient; null for an objective without memory.</param>
    Objective Evaluate(in UnpairedLogProbs rows, Tensor? state, out Tensor? next);
}
