using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core.Files;
using Alidade.Core.Results;

namespace Alidade.Core.Runs;

/// <summary>
/// The folder that a command writes: <c>run.json</c> (what was asked, with what, on what, how it ended), <c>events.jsonl</c> (numbers by stage and step),
/// <c>samples.jsonl</c> (every item of every measure), <c>stages/*.json</c> (what is done, with its result) and artifacts.
/// </summary>
/// <remarks>
/// A run that was killed is taken up again with <see cref="Open"/>: lines that were torn are cut, finished stages are skipped. Whole files are replaced in one
/// step, lines are appended in one piece, so a kill at any moment leaves a folder that can be read and resumed. Lines may be logged from several threads;
/// the other members belong to one.
/// </remarks>
public sealed class RunFolder : IDisposable
{
    private const string LockFile = ".lock";
    private readonly FileStream hold;
    private readonly LineLog events;
    private readonly LineLog samples;

    private RunFolder(string path)
    {
        View = new RunView(path);
        hold = Hold(path);
        try
        {
            events = new LineLog(Path.Combine(path, RunView.EventsFile));
            samples = new LineLog(Path.Combine(path, RunView.SamplesFile));
        }
        catch
        {
            events?.Dispose();
            hold.Dispose();
            throw;
        }

        TornBytes = events.TornBytes + samples.TornBytes;
    }

    /// <summary>What has been written so far, to read.</summary>
    public RunView View { get; }

    /// <summary>The folder.</summary>
    public string Folder => View.Folder;

    /// <summary><c>run.json</c> as it stands now.</summary>
    public RunRecord Record { get; private set; } = null!;

    /// <summary>Bytes of torn lines that <see cref="Open"/> cut.</summary>
    public long TornBytes { get; }

    /// <summary>Begins a run in a new or empty folder.</summary>
    /// <exception cref="AlidadeException">The folder holds something already, or cannot be written.</exception>
    public static RunFolder Create(string path, RunRecord record)
    {
        if (File.Exists(path))
            throw new AlidadeException($"'{path}' is a file; a run needs a folder of its own");
        if (File.Exists(Path.Combine(path, RunView.RecordFile)))
            throw new AlidadeException($"'{path}' already holds a run: resume it, or name another folder");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(entry => Path.GetFileName(entry) != LockFile))
            throw new AlidadeException($"'{path}' is not empty: name a new folder for the run");
        var run = new RunFolder(path);
        try
        {
            run.Update(_ => record);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Takes a run up again, whatever ended it. Its state becomes running.</summary>
    /// <exception cref="AlidadeException">It is not a run folder, <c>run.json</c> is broken, or another process is writing the run.</exception>
    public static RunFolder Open(string path)
    {
        var record = RunView.Open(path).Record;
        var run = new RunFolder(path) { Record = record };
        try
        {
            run.Update(r => r with { State = RunState.Running, Ended = null, Failure = null, Resumed = [.. r.Resumed, DateTimeOffset.UtcNow] });
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Changes <c>run.json</c> in one step.</summary>
    /// <exception cref="AlidadeException">The disk is full; the old file stands.</exception>
    public void Update(Func<RunRecord, RunRecord> change)
    {
        var changed = change(Record);
        AtomicFile.WriteAllText(Path.Combine(Folder, RunView.RecordFile), JsonSerializer.Serialize(changed, Json.Indented) + "\n");
        Record = changed;
    }

    /// <summary>Records the files that the run reads. A resumed run must read the very bytes that it began with.</summary>
    /// <exception cref="AlidadeException">A file is not the one that the run began with.</exception>
    public void UseFiles(IReadOnlyList<HashedFile> files)
    {
        foreach (var file in files)
            if (Record.Files.FirstOrDefault(f => f.Path == file.Path) is { } earlier && earlier.Sha256 != file.Sha256)
                throw new AlidadeException($"'{file.Path}' is not the file that the run began with; put it back, or begin a new run");
        Update(r => r with { Files = files });
    }

    /// <summary>A new folder for a run below ./runs, named after its command and the time.</summary>
    public static string NewPath(string command, TimeProvider clock) => Path.Combine("runs", $"{command}-{clock.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");

    /// <summary>Appends numbers of one step.</summary>
    /// <exception cref="AlidadeException">The disk is full.</exception>
    public void Log(string stage, long step, IReadOnlyDictionary<string, double> values) =>
        events.Append(JsonSerializer.Serialize(new RunEvent(DateTimeOffset.UtcNow, stage, step, values), Json.Line));

    /// <summary>Appends one item of a measure.</summary>
    /// <exception cref="AlidadeException">The disk is full.</exception>
    public void AddSample(string measure, string phase, ItemResult item) =>
        samples.Append(JsonSerializer.Serialize(new RunSample(measure, phase, item), Json.Line));

    /// <summary>Appends every item of a measure.</summary>
    /// <exception cref="AlidadeException">The disk is full.</exception>
    public void AddSamples(string phase, MeasureResult result)
    {
        foreach (var item in result.Items)
            AddSample(result.Measurement.Name, phase, item);
    }

    /// <summary>True when the stage has been done, now or before a kill.</summary>
    public bool IsDone(string stage) => View.IsDone(stage);

    /// <summary>Says that a stage is done, with its result. What was logged before is on the disk before the stage counts as done.</summary>
    /// <exception cref="AlidadeException">The disk is full; the stage is then not done.</exception>
    public void MarkDone(string stage, JsonNode? result = null)
    {
        var path = View.StagePath(stage);
        events.Flush();
        samples.Flush();
        AtomicFile.WriteAllText(path, JsonSerializer.Serialize(new StageRecord(stage, DateTimeOffset.UtcNow, result), Json.Indented) + "\n");
    }

    /// <summary>The result of a stage; the default of <typeparamref name="T"/> when it is not done or gave nothing.</summary>
    public T? ResultOf<T>(string stage) => View.ResultOf<T>(stage);

    /// <summary>Does a stage once: its stored result when it is done, else the result of <paramref name="work"/>, stored.</summary>
    /// <typeparam name="T">A type that <see cref="Json"/> can write and read back, such as a result record.</typeparam>
    public T Once<T>(string stage, Func<T> work)
    {
        if (IsDone(stage))
            return ResultOf<T>(stage)!;
        var result = work();
        MarkDone(stage, Json.ToNode(result));
        return result;
    }

    /// <summary>The path of an artifact inside the folder.</summary>
    /// <exception cref="AlidadeException">The name leads out of the folder.</exception>
    public string PathOf(string artifact) => View.PathOf(artifact);

    /// <summary>Writes a text artifact, such as the report.</summary>
    /// <exception cref="AlidadeException">The disk is full; nothing half-written is left.</exception>
    public void WriteArtifact(string artifact, string text) => AtomicFile.WriteAllText(PathOf(artifact), text);

    /// <summary>Everything is done.</summary>
    public void Finish() => End(RunState.Done, null);

    /// <summary>The user stopped the run.</summary>
    public void Stop() => End(RunState.Stopped, null);

    /// <summary>An error ended the run.</summary>
    /// <param name="failure">The error's one line.</param>
    public void Fail(string failure) => End(RunState.Failed, failure);

    /// <summary>Closes the files; the state stays what it is.</summary>
    public void Dispose()
    {
        events.Dispose();
        samples.Dispose();
        hold.Dispose();
    }

    // The system lets go of the file when the process dies, so a killed run is never locked out.
    private static FileStream Hold(string path)
    {
        var file = Path.Combine(path, LockFile);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(path, exception);
        }

        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw AtomicFile.CannotWrite(path, exception);
        }
        catch (IOException exception)
        {
            throw File.Exists(file)
                ? new AlidadeException($"the run '{path}' is being written by another process; wait for it or stop it", exception)
                : AtomicFile.CannotWrite(path, exception);
        }
    }

    private void End(RunState state, string? failure)
    {
        events.Flush();
        samples.Flush();
        Update(r => r with { State = state, Ended = DateTimeOffset.UtcNow, Failure = failure });
    }
}
