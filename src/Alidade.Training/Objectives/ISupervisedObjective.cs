namespace Alidade.Training.Objectives;

/// <summary>An objective on the tokens of demonstrations; a pure function.</summary>
public interface ISupervisedObjective
{
    /// <summary>The name that runs and messages use, such as "sft".</summary>
    string Name { get; }

    /// <summary>
    /// What the sum over a whole accumulation window is divided by. Micro-batches that share it add up to the loss of the window, however its rows are spread.
    /// </summary>
    /// <param name="scoredTokens">Scored tokens of each row of the window.</param>
    double NormaliserOf(IEnumerable<int> scoredTokens);

    /// <summary>Loss and metrics.</summary>
    /// <param name="tokens">Log-probabilities of the scored tokens.</param>
    /// <param name="normaliser">From <see cref="NormaliserOf"/> over the window; null when the batch is the window.</param>
    /// <exception cref="Alidade.Core.AlidadeException">No token is scored.</exception>
    Objective Evaluate(in TokenLogProbs tokens, double? normaliser = null);
}
