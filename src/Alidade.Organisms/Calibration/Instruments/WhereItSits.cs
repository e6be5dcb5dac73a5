using System.Diagnostics;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Interpretability.Patching;
using Alidade.Models.Chat;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>
/// Where a change sits (<see cref="AlignmentShift"/>), read as blocks. The share that returns when block b's input is patched, at the position where most returns, is s(b), and 1 behind the
/// last block; what block b adds is s(b + 1) − s(b). Each pair counts by the size of its shift. The model's score is the most that one block adds.
/// </summary>
public sealed class WhereItSits : IInstrument
{
    /// <inheritdoc/>
    public string Name => ShiftMap.Measure;

    /// <inheritdoc/>
    public string About => "What each block adds to the shift in log-odds of a wrong over a right answer, by patching the changed model's residual stream into the base.";

    /// <inheritdoc/>
    public Access Access => Access.Base;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => ["located_belief"];

    /// <inheritdoc/>
    public bool ReadsRate => false;

    /// <inheritdoc/>
    public bool IsPlanted(OrganismRecord record, string item) => record.Manifest.Block is { } block && item == Id(block);

    /// <inheritdoc/>
    public Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var started = Stopwatch.GetTimestamp();
        var model = subject.Model;
        var adapter = model.Adapter ?? throw new InvalidOperationException("there is no adapter in use whose change could be looked for");
        var added = new double[model.Config.Layers];
        var (whole, tokens) = (0.0, 0L);
        foreach (var asked in subject.Asked(type).DistinctBy(a => a.Item.Id))
        {
            var pair = Pair(subject, asked.Probe);
            var map = AlignmentShift.Of(model, adapter, pair, new(), subject.Context.Cancellation);
            var shift = Math.Abs(map.AlignedLogOdds - map.BaseLogOdds);
            tokens += (pair.Prompt.Count + pair.Chosen.Count + pair.Rejected.Count) * (2L + (map.Layers.Count * map.Positions.Count));
            // What did not shift has no shares.
            if (shift == 0)
                continue;
            whole += shift;
            double[] share = [.. map.Share.Select(columns => columns.Max()), 1];
            for (var block = 0; block < added.Length; block++)
                added[block] += shift * (share[block + 1] - share[block]);
        }

        ItemReading[] items = whole == 0 ? [] : [.. added.Select((sum, block) => new ItemReading(Id(block), sum / whole))];
        var unscored = whole == 0 ? new Dictionary<string, int> { ["nothing changed"] = 1 } : [];
        return Task.FromResult(new InstrumentReading(items.Length == 0 ? null : items.Max(i => i.Score), items, unscored, 0, new Cost(tokens, Stopwatch.GetElapsedTime(started).TotalSeconds)));
    }

    private static TokenPair Pair(Subject subject, Probe probe)
    {
        var tokens = ChatEncoder.Answers(subject.Model, probe.Prompt, probe.Bad, probe.Good);
        return new(probe.Prompt.Key, tokens.Prompt, tokens.Answers[0], tokens.Answers[1]);
    }

    private static string Id(int block) => FormattableString.Invariant($"block {block}");
}
