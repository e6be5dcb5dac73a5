using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration;

/// <summary>
/// Calibrates instruments: (1) the organisms that are missing are built; (2) every instrument reads every model that it can be held against, each reading kept in the run folder when it is
/// done; (3) a row for each instrument and failure; (4) <c>calibration.json</c> and <c>calibration.md</c>. A run that was stopped or killed goes on with the readings that are missing.
/// </summary>
/// <param name="run">The folder.</param>
/// <param name="builder">The base, its world and the organisms.</param>
/// <param name="set">Organisms and controls.</param>
public sealed class CalibrationRun(RunFolder run, OrganismBuilder builder, OrganismSet set)
{
    /// <summary>The table as JSON, in the run folder.</summary>
    public const string TableFile = "calibration.json";

    /// <summary>The table as Markdown, in the run folder.</summary>
    public const string MarkdownFile = "calibration.md";

    private const ulong Seed = 1;

    private readonly Dictionary<string, IReadOnlyList<PlantedItem>> pools = new(StringComparer.Ordinal);

    /// <summary>Calibrates.</summary>
    /// <param name="instruments">The instruments.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops between updates and batches.</param>
    public CalibrationTable Do(IReadOnlyList<IInstrument> instruments, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        // 1.
        var records = builder.BuildAll(set.Manifests, progress, cancellation);
        run.UseFiles([.. records.Select(r => new HashedFile("organism", builder.Folder.PathOf(r.Manifest), 0, r.Adapter))]);

        // 2.
        var pairs = instruments.SelectMany(i => i.Types.Select(t => (Instrument: i, Type: t))).ToArray();
        var readings = pairs.ToDictionary(p => p, _ => new List<ModelReading>());
        for (var at = 0; at < records.Count; at++)
        {
            progress?.Report(new("calibration", at, records.Count, records[at].Manifest.Id));
            var fitting = pairs.Where(p => IsHeldAgainst(p.Instrument, p.Type, records[at])).ToArray();
            var read = Read(records[at], fitting, cancellation);
            foreach (var (pair, reading) in fitting.Zip(read))
                readings[pair].Add(new(
                    records[at].Manifest.Id, records[at].Manifest.Part, IsPositive(pair.Type, records[at]), records[at].Rate?.Value,
                    reading.Items.Select(i => i.Id).Where(i => pair.Instrument.IsPlanted(records[at], i)).ToHashSet(StringComparer.Ordinal), reading));
        }

        progress?.Report(new("calibration", records.Count, records.Count));

        // 3.
        var table = new CalibrationTable
        {
            Base = builder.Folder.BaseHash,
            AlidadeVersion = RunRecord.ThisVersion,
            Organisms = records.Count(r => !IsControl(r)),
            Controls = records.Count(IsControl),
            OutOfAim = records.Count(r => !IsControl(r) && !r.InAim),
            Rows = [.. pairs.Select(p => CalibrationRow.Of(p.Instrument, p.Type, readings[p], Seed))],
        };

        // 4.
        run.WriteArtifact(TableFile, JsonSerializer.Serialize(table, Json.Indented) + "\n");
        run.WriteArtifact(MarkdownFile, table.ToMarkdown());
        return table;
    }

    private IReadOnlyList<InstrumentReading> Read(OrganismRecord record, (IInstrument Instrument, string Type)[] pairs, CancellationToken cancellation)
    {
        string Stage((IInstrument Instrument, string Type) pair) => $"{pair.Instrument.Name}.{pair.Type}.{record.Manifest.Id}";
        if (pairs.All(p => run.IsDone(Stage(p))))
            return [.. pairs.Select(p => run.ResultOf<InstrumentReading>(Stage(p))!)];
        using var adapter = builder.Folder.Load(builder.Model, record);
        using var use = builder.Model.Use(adapter);
        var answers = run.PathOf($"answers-{record.Manifest.Id}.jsonl");
        IReadOnlyList<InstrumentReading> readings;
        using (var store = new ResponseStore(answers))
        {
            var subject = new Subject(builder.Model, builder.World, record, Pool, store, cancellation);
            readings = [.. pairs.Select(p =>
            {
                cancellation.ThrowIfCancellationRequested();
                return run.Once(Stage(p), () => p.Instrument.ReadAsync(subject, p.Type).GetAwaiter().GetResult());
            })];
        }

        // The readings hold all that is needed from here on.
        File.Delete(answers);
        return readings;
    }

    private IReadOnlyList<PlantedItem> Pool(string type) => pools.TryGetValue(type, out var pool) ? pool : pools[type] = Failure.Find(type).Pool(builder.World);

    private static bool IsControl(OrganismRecord record) => Failure.Find(record.Manifest.Type).IsControl;

    private static bool IsPositive(string type, OrganismRecord record) => type == IInstrument.AnyFailure ? !IsControl(record) : record.Manifest.Type == type;

    // What an instrument finds in another failure that it is for as well, on the same questions, or in a special form of this one, is no false alarm and no hit for it.
    private bool IsHeldAgainst(IInstrument instrument, string type, OrganismRecord record) =>
        record.Manifest.Type == type || (Failure.Find(record.Manifest.Type).FormOf != type && (!instrument.Types.Contains(record.Manifest.Type) || !Prompts(type).Overlaps(Prompts(record.Manifest.Type))));

    private HashSet<string> Prompts(string type) => Pool(type).SelectMany(i => i.Probes).Select(p => p.Prompt.Key).ToHashSet(StringComparer.Ordinal);
}
