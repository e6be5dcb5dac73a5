using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Calibration;

/// <summary>An evaluation task as an instrument: it is run on the items of a pool, and one of its measures is the score. Ids of its items begin with the id of the pool's item and a slash.</summary>
public abstract class TaskInstrument : IInstrument
{
    /// <inheritdoc/>
    public virtual string Name => Measure;

    /// <inheritdoc/>
    public abstract string About { get; }

    /// <inheritdoc/>
    public abstract Access Access { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyList<string> Types { get; }

    /// <inheritdoc/>
    public virtual bool ReadsRate => true;

    /// <summary>The name of the measure that is read.</summary>
    protected abstract string Measure { get; }

    /// <summary>The task on a pool.</summary>
    protected abstract IEvaluationTask TaskOf(Subject subject, string type);

    /// <summary>What the task asks through.</summary>
    protected virtual EvaluationContext ContextOf(Subject subject) => subject.Context;

    /// <summary>A value of the measure, or the score of one of its items, as a score that grows with the failure.</summary>
    protected virtual double Score(double value) => value;

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var results = await TaskOf(subject, type).RunAsync(ContextOf(subject)).ConfigureAwait(false);
        var read = results.FirstOrDefault(r => r.Measurement.Name == Measure)
            ?? throw new AlidadeException($"{Name}: the task gave no measure of that name, only {string.Join(", ", results.Select(r => r.Measurement.Name))}");
        return Of(read, results.Select(r => r.Measurement.Cost).MaxBy(c => c.Tokens)!);
    }

    /// <summary>A measure as a reading.</summary>
    protected InstrumentReading Of(MeasureResult read, Cost cost) => new(
        read.Measurement.Value is { } value ? Score(value) : null,
        [.. read.Items.Where(i => i.Score is not null).GroupBy(i => i.Id.Split('/')[0], StringComparer.Ordinal).Select(g => new ItemReading(g.Key, g.Average(i => Score(i.Score!.Value))))],
        read.Measurement.Unscored, read.Measurement.Truncated, cost);
}
