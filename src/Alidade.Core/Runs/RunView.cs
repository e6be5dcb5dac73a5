using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Core.Runs;

/// <summary>Reads a run folder, finished or not; nothing in it is changed.</summary>
public sealed class RunView
{
    internal const string RecordFile = "run.json";
    internal const string EventsFile = "events.jsonl";
    internal const string SamplesFile = "samples.jsonl";
    internal const string StagesFolder = "stages";

    internal RunView(string path) => Folder = path;

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Opens a folder to read.</summary>
    /// <exception cref="AlidadeException">It is not a run folder, or <c>run.json</c> is broken.</exception>
    public static RunView Open(string path)
    {
        if (!File.Exists(Path.Combine(path, RecordFile)))
            throw new AlidadeException($"'{path}' is not a run folder: it has no {RecordFile}");
        var view = new RunView(path);
        _ = view.Record;
        return view;
    }

    /// <summary><c>run.json</c> as it stands now.</summary>
    public RunRecord Record => Json.ReadFile<RunRecord>(Path.Combine(Folder, RecordFile));

    /// <summary>
    /// The numbers, a step once, in the order in which steps were first written. What was logged of a step at several moments (its update, an evaluation after it) stands together;
    /// of a number that a resumed run wrote again the later one counts, so that a curve never runs twice.
    /// </summary>
    /// <exception cref="AlidadeException">A line is broken (file, line, column).</exception>
    public IReadOnlyList<RunEvent> Events() => Latest<RunEvent, (string, long)>(EventsFile, e => (e.Stage, e.Step), Together);

    /// <summary>The items in the order they were first written; an item that was measured again in the same phase replaces the earlier one.</summary>
    /// <exception cref="AlidadeException">A line is broken (file, line, column).</exception>
    public IReadOnlyList<RunSample> Samples() => Latest<RunSample, (string, string, string)>(SamplesFile, s => (s.Measure, s.Phase, s.Item.Id), (_, later) => later);

    /// <summary>True when the stage has been done.</summary>
    public bool IsDone(string stage) => File.Exists(StagePath(stage));

    /// <summary>The result of a stage; the default of <typeparamref name="T"/> when it is not done or gave nothing.</summary>
    /// <exception cref="AlidadeException">The stage's file is broken or holds another type.</exception>
    public T? ResultOf<T>(string stage)
    {
        var path = StagePath(stage);
        if (!File.Exists(path))
            return default;
        var record = Json.ReadFile<StageRecord>(path);
        try
        {
            return record.Result is null ? default : record.Result.Deserialize<T>(Json.Line);
        }
        catch (JsonException exception)
        {
            throw new AlidadeException($"{path}: field {exception.Path}: the result of stage '{stage}' is not the expected {typeof(T).Name}", exception);
        }
    }

    /// <summary>The stages that are done, in the order they were finished.</summary>
    public IReadOnlyList<StageRecord> Stages()
    {
        var folder = Path.Combine(Folder, StagesFolder);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.json").Select(Json.ReadFile<StageRecord>).OrderBy(s => s.Finished).ThenBy(s => s.Stage, StringComparer.Ordinal)]
            : [];
    }

    /// <summary>The path of an artifact, such as <c>report.html</c> or <c>checkpoints/dpo</c>; it lies inside the folder.</summary>
    /// <exception cref="AlidadeException">The name leads out of the folder.</exception>
    public string PathOf(string artifact)
    {
        var root = Path.GetFullPath(Folder);
        var path = Path.GetFullPath(Path.Combine(root, artifact));
        return path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new AlidadeException($"artifact '{artifact}' leads out of the run folder '{Folder}'");
    }

    internal string StagePath(string stage)
    {
        if (stage.Length == 0 || stage[0] == '.' || !stage.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new ArgumentException($"stage '{stage}': letters, digits, '-', '_' and '.' are allowed", nameof(stage));
        return Path.Combine(Folder, StagesFolder, stage + ".json");
    }

    private static RunEvent Together(RunEvent earlier, RunEvent later)
    {
        var values = new Dictionary<string, double>(earlier.Values);
        foreach (var (name, value) in later.Values)
            values[name] = value;
        return later with { Values = values };
    }

    private List<T> Latest<T, TKey>(string file, Func<T, TKey> key, Func<T, T, T> both)
        where TKey : notnull
    {
        var path = Path.Combine(Folder, file);
        var place = new Dictionary<TKey, int>();
        var found = new List<T>();
        foreach (var (number, line) in LineLog.Read(path))
        {
            var item = Json.ReadLine<T>(path, number, line);
            if (place.TryAdd(key(item), found.Count))
                found.Add(item);
            else
                found[place[key(item)]] = both(found[place[key(item)]], item);
        }

        return found;
    }
}
