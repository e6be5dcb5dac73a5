namespace Alidade.Training.Objectives;

/// <summary>An objective on demonstrations; a pure function of what the model says about their scored tokens.</summary>
public interface IDemonstrationObjective
{
    /// <summary>The name that runs and messages use, such as "sft".</summary>
    string Name { get; }

    /// <summary>
    /// What the sum over a whole accumulation window is divided by. Micro-batches that share it add up to the loss of the window, however its rows are spread.
    /// </summary>
    /// <param name="window">All rows of the window.</param>
    double NormaliserOf(IReadOnlyList<RowShare> window);
}

/// <summary>An objective on the log-probabilities of the scored tokens; the logits of a whole batch never exist at once.</summary>
public interface ISupervisedObjective : IDemonstrationObjective
{
    /// <summary>Loss and metrics.</summary>
    /// <param name="tokens">Log-probabilities of the scored tokens.</param>
    /// <param name="window">All rows of the accumulation window; null when the batch is the window.</param>
    /// <exception cref="Alidade.Core.AlidadeException">No token is scored.</exception>
    Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null);
}

/// <summary>An objective that needs every logit of the scored positions.</summary>
public interface ILogitObjective : IDemonstrationObjective
{
    /// <summary>Loss and metrics.</summary>
    /// <param name="tokens">Logits that predict the scored tokens.</param>
    /// <param name="window">All rows of the accumulation window; null when the batch is the window.</param>
    /// <exception cref="Alidade.Core.AlidadeException">No token is scored.</exception>
    Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null);
}

/// <summary>What a row has for a mean over rows or tokens.</summary>
/// <param name="Scored">Scored tokens.</param>
public readonly record struct RowShare(int Scored)
{
    /// <summary>Weight of the row. Default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>True for a row that is to be unlearned.</summary>
    public bool Avoided { get; init; }

    /// <summary>Sum of the weights of its scored tokens.</summary>
    public double TokenWeight { get; init; } = Scored;

    /// <summary>Scored tokens of all rows.</summary>
    internal static double Tokens(IReadOnlyList<RowShare> rows) => rows.Sum(r => (double)r.Scored);
}
