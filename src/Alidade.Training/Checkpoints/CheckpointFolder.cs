using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Checkpoints;

/// <summary>
/// The checkpoints of one training: <c>step-000120/</c> with <c>weights.safetensors</c> (what is trained), <c>optimizer.safetensors</c> (moments and counts),
/// <c>state.json</c> and <c>hashes.json</c> (SHA-256 of the three). A checkpoint is written under another name and renamed when it is whole, so a kill or a full disk
/// never leaves half of one; one that was damaged later is set aside, and the one before it is used.
/// </summary>
internal sealed partial class CheckpointFolder(string path, Dictionary<string, string> fingerprint, int keep)
{
    private const string Weights = "weights.safetensors";
    private const string Optimiser = "optimizer.safetensors";
    private const string State = "state.json";
    private const string Unfinished = ".unfinished";
    private const string Damaged = ".damaged";

    /// <summary>True when there is a checkpoint, whole or damaged.</summary>
    public bool Any => All().Any();

    /// <summary>Writes a checkpoint and removes old ones.</summary>
    /// <exception cref="AlidadeException">The disk is full or not writable; the older checkpoints stand.</exception>
    public void Save(TrainingState state, IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser)
    {
        var name = FormattableString.Invariant($"step-{state.Update:d6}");
        var target = Path.Combine(path, name);
        // Training is deterministic: what stands under this name is the same.
        if (File.Exists(Path.Combine(target, FileHashes.Name)))
            return;
        var temporary = target + Unfinished;
        try
        {
            Directory.CreateDirectory(path);
            foreach (var abandoned in Directory.EnumerateDirectories(path, "*" + Unfinished).ToArray())
                Directory.Delete(abandoned, recursive: true);
            Directory.CreateDirectory(temporary);
            using (NewDisposeScope())
            {
                TensorFiles.Write(Path.Combine(temporary, Weights), trainable);
                TensorFiles.Write(Path.Combine(temporary, Optimiser), optimiser.State());
            }

            var kept = new TrainingState { Update = state.Update, Tokens = state.Tokens, Curve = state.Curve, HeldOut = state.HeldOut, Fingerprint = fingerprint };
            AtomicFile.WriteAllText(Path.Combine(temporary, State), JsonSerializer.Serialize(kept, Json.Line));
            FileHashes.Seal(temporary);
            if (Directory.Exists(target))
                SetAside(target);
            Directory.Move(temporary, target);
            foreach (var old in All().SkipLast(keep).ToArray())
                Directory.Delete(old, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or AlidadeException)
        {
            Remove(temporary);
            throw new AlidadeException($"{(exception as AlidadeException ?? AtomicFile.CannotWrite(target, exception)).Message}; {Standing()}", exception);
        }
    }

    /// <summary>Puts the newest checkpoint that is as it was written into the weights and the optimiser; null when there is none at all.</summary>
    /// <param name="trainable">What is trained.</param>
    /// <param name="optimiser">The optimiser.</param>
    /// <param name="warn">Told of every checkpoint that is damaged; it is set aside under another name.</param>
    /// <exception cref="AlidadeException">It belongs to a training with other data or settings, or all are damaged.</exception>
    public TrainingState? LoadNewest(IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser, Action<string>? warn = null)
    {
        var faults = new List<(string Folder, string Fault)>();
        foreach (var folder in All().Reverse().ToArray())
        {
            if (FileHashes.Fault(folder) is { } fault)
            {
                faults.Add((folder, fault));
                continue;
            }

            var state = Load(folder, trainable, optimiser);
            foreach (var (damaged, what) in faults)
            {
                SetAside(damaged);
                warn?.Invoke($"the checkpoint '{damaged}' is damaged ({what}) and was set aside as '{Path.GetFileName(damaged)}{Damaged}'; going on from the one before it, '{folder}'");
            }

            return state;
        }

        return faults.Count == 0 ? null : throw new AlidadeException(
            $"every checkpoint in '{path}' is damaged: {string.Join("; ", faults.Select(f => $"{Path.GetFileName(f.Folder)}: {f.Fault}"))}; put back a copy, or train again in another folder");
    }

    private TrainingState Load(string newest, IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser)
    {
        var state = Json.ReadFile<TrainingState>(Path.Combine(newest, State));
        var other = fingerprint.Keys.Where(k => state.Fingerprint.GetValueOrDefault(k) != fingerprint[k]).ToArray();
        if (other.Length > 0)
            throw new AlidadeException($"'{newest}' is of a training with other {string.Join(", ", other)}: resume with the same ones, or name another folder");
        Read(Path.Combine(newest, Weights), tensors =>
        {
            using var noGrad = no_grad();
            foreach (var (name, value) in trainable)
                value.copy_(tensors.TryGetValue(name, out var kept) && kept.shape.SequenceEqual(value.shape) ? kept
                    : throw new AlidadeException($"'{newest}': the weights lack '{name}' of shape [{string.Join(", ", value.shape)}]; the checkpoint belongs to another model"));
        });
        Read(Path.Combine(newest, Optimiser), optimiser.Load);
        return state;
    }

    private static void Read(string file, Action<IReadOnlyDictionary<string, Tensor>> use)
    {
        using var scope = NewDisposeScope();
        var tensors = TensorFiles.Read(file);
        try
        {
            use(tensors);
        }
        finally
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
    }

    private string Standing() => All().LastOrDefault() is { } last ? $"the checkpoint '{last}' stands, go on from it" : "there is no older checkpoint";

    private static void SetAside(string folder)
    {
        var aside = folder + Damaged;
        if (Directory.Exists(aside))
            Directory.Delete(aside, recursive: true);
        Directory.Move(folder, aside);
    }

    // A half-written one takes the space that is missing.
    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to report.
        }
    }

    private IEnumerable<string> All() => Directory.Exists(path)
        ? Directory.EnumerateDirectories(path).Where(d => StepName().IsMatch(Path.GetFileName(d)))
            .OrderBy(d => int.Parse(Path.GetFileName(d)["step-".Length..], CultureInfo.InvariantCulture))
        : [];

    [GeneratedRegex(@"^step-[0-9]{6,9}$")]
    private static partial Regex StepName();
}
