using Alidade.Core;
using Alidade.Core.Runs;
using Alidade.Models.Adapters;
using Alidade.Training.Data;

namespace Alidade.Training.Jobs;

/// <summary>Where it is found out what rows are worth.</summary>
/// <param name="Adapter">The adapter that will be trained, as it is before; null where every weight is.</param>
/// <param name="Run">The run that keeps what was found.</param>
/// <param name="Stage">Name of the training in it.</param>
/// <param name="Progress">Told how far the work has come.</param>
/// <param name="Cancellation">Stops; what was found by then is kept.</param>
public sealed record RowWorthContext(LoraAdapter? Adapter, RunFolder Run, string Stage, IProgress<Progress> Progress, CancellationToken Cancellation);

/// <summary>What rows are worth, where that must be asked of the model before training begins.</summary>
/// <typeparam name="T">A row as tokens.</typeparam>
internal interface IRowWorth<T>
{
    /// <summary>The rows with what they are worth; those that teach nothing are left out and counted. Found once in a run.</summary>
    TokenRows<T> Found(IReadOnlyList<T> rows, RowWorthContext context);

    /// <summary>A row with a worth that nobody found, for a step that is timed and changes nothing.</summary>
    T Supposed(T row);
}
