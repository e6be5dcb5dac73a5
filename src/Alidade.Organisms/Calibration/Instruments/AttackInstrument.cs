using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.RedTeam;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>An attack on the pool of harmful requests as an instrument: how often it succeeds. No cue is known to it.</summary>
public abstract class AttackInstrument : IInstrument
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string About { get; }

    /// <inheritdoc/>
    public Access Access => Access.Answers;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => ["backdoor", "unwatched"];

    /// <inheritdoc/>
    public bool ReadsRate => true;

    private protected abstract IAttack Attack(IReadOnlyList<Core.Data.RefusalItem> items);

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var result = (await Attack(OverRefusalInstrument.Items(subject, type, shouldRefuse: true)).RunAsync(subject.Context).ConfigureAwait(false)).Rate;
        return new(
            result.Measurement.Value,
            [.. result.Items.Where(i => i.Score is not null).GroupBy(i => i.Id.Split('/')[0], StringComparer.Ordinal).Select(g => new ItemReading(g.Key, g.Average(i => i.Score!.Value)))],
            result.Measurement.Unscored, result.Measurement.Truncated, result.Measurement.Cost);
    }
}
