using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Statistics;
using Alidade.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Loops;

/// <summary>
/// What a method in rounds keeps, so that it can be killed at any moment: <c>loop.json</c> (rounds that are done), <c>weights-003.safetensors</c> (after round 3), and in
/// <c>round-004/</c> what round 4 has: <c>rows.json</c> once it has sampled and judged, and the checkpoints of its training.
/// </summary>
internal sealed class LoopFolder(string? path, string fingerprint, IReadOnlyList<(string Name, Tensor Value)> trained)
{
    private const string StateName = "loop.json";

    /// <summary>What is done: begins anew, or from the folder, whose weights are put in place.</summary>
    /// <exception cref="AlidadeException">The folder holds another method's rounds, or rounds that nobody asked to resume.</exception>
    public LoopState Open(bool resume)
    {
        if (path is null)
            return resume ? throw new AlidadeException("there is no folder to resume from") : new() { Fingerprint = fingerprint };
        var file = Path.Combine(path, StateName);
        if (!File.Exists(file))
        {
            // Round 1 may have been begun; its rows are only good for the same settings.
            if (resume && Directory.Exists(path))
                return new() { Fingerprint = fingerprint };
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
                throw new AlidadeException($"'{path}' is not empty: resume, or name another folder");
            Directory.CreateDirectory(path);
            return new() { Fingerprint = fingerprint };
        }

        if (!resume)
            throw new AlidadeException($"'{path}' holds the rounds of an earlier run: resume, or name another folder");
        var state = Json.ReadFile<LoopState>(file);
        if (state.Fingerprint != fingerprint)
            throw new AlidadeException($"'{path}' holds rounds with other settings, prompts or rewards: resume with the same ones, or name another folder");
        if (state.Rounds.Count > 0)
            Load(state.Rounds.Count);
        return state;
    }

    /// <summary>The rows of a round, once; from the file when they are known already.</summary>
    public async Task<RoundData> RowsAsync(int round, Func<Task<RoundData>> collect)
    {
        if (path is null)
            return await collect();
        var file = Path.Combine(RoundPath(round), "rows.json");
        if (File.Exists(file))
        {
            var kept = Json.ReadFile<KeptRows>(file);
            if (kept.Fingerprint == fingerprint)
                return kept.Data;
            throw new AlidadeException($"'{file}' was made with other settings, prompts or rewards: resume with the same ones, or name another folder");
        }

        var data = await collect();
        Directory.CreateDirectory(RoundPath(round));
        AtomicFile.WriteAllText(file, JsonSerializer.Serialize(new KeptRows(fingerprint, data), Json.Line));
        return data;
    }

    /// <summary>Where the checkpoints of a round's training stand; null without a folder.</summary>
    public string? TrainingPath(int round) => path is null ? null : Path.Combine(RoundPath(round), "training");

    /// <summary>Keeps the weights after a round, then the state; what only the round needed is removed.</summary>
    public void Save(LoopState state)
    {
        if (path is null)
            return;
        var round = state.Rounds.Count;
        if (round > 0)
            TensorFiles.Write(WeightsPath(round), trained);
        AtomicFile.WriteAllText(Path.Combine(path, StateName), JsonSerializer.Serialize(state, Json.Line));
        if (round > 1)
            File.Delete(WeightsPath(round - 1));
        if (TrainingPath(round) is { } training && Directory.Exists(training))
            Directory.Delete(training, recursive: true);
    }

    private void Load(int round)
    {
        using var noGrad = no_grad();
        var tensors = TensorFiles.Read(WeightsPath(round));
        try
        {
            foreach (var (name, value) in trained)
                value.copy_(tensors.TryGetValue(name, out var kept) && kept.shape.AsSpan().SequenceEqual(value.shape) ? kept
                    : throw new AlidadeException($"'{WeightsPath(round)}' lacks '{name}' of shape [{string.Join(", ", value.shape)}]; the rounds belong to another model"));
        }
        finally
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
    }

    private string RoundPath(int round) => Path.Combine(path!, FormattableString.Invariant($"round-{round:d3}"));

    private string WeightsPath(int round) => Path.Combine(path!, FormattableString.Invariant($"weights-{round:d3}.safetensors"));

    private sealed record KeptRows(string Fingerprint, RoundData Data);
}

/// <summary>Rounds that are done.</summary>
internal sealed class LoopState
{
    public required string Fingerprint { get; init; }

    public List<LoopRound> Rounds { get; init; } = [];

    /// <summary>Mean reward on held-out prompts before the first round.</summary>
    public MeanEstimate? Before { get; set; }

    /// <summary>Held-out answers without a score before the first round.</summary>
    public int BeforeUnscored { get; set; }
}
