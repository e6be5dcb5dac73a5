namespace Alidade.Training.Objectives;

/// <summary>An objective on lists of answers to one prompt, ordered by their scores; a pure function.</summary>
public interface IRankingObjective
{
    /// <summary>The name that runs and messages use, such as "rrhf".</summary>
    string Name { get; }

    /// <summary>True when ℓ° enters, so that a trainer has to compute it.</summary>
    bool NeedsReference { get; }

    /// <summary>Loss (mean over the lists) and metrics.</summary>
    /// <param name="lists">Log-probabilities in nats.</param>
    Objective Evaluate(RankedLogProbs lists);
}
