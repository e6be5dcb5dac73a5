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
/// The checkpoints of one training: <c>step-000120/</c> with <c>weights.safetensors</c> (what is trained), <c>optimizer.safetensors</c> (moments and counts) and
/// <c>state.json</c>. A checkpoint is written under another name and renamed when it is whole, so a kill or a full disk never leaves half of one.
/// </summary>
internal sealed partial class CheckpointFolder(string path, Dictionary<string, string> fingerprint, int keep)
{
    private const string Weights = "weights.safetensors";
    private const string Optimiser = "optimizer.safetensors";
    private const string State = "state.json";
    private const string Unfinished = ".unfinished";

    /// <summary>True when there is a whole checkpoint.</summary>
    public bool Any => Whole().Any();

    /// <summary>Writes a checkpoint and removes old ones.</summary>
    /// <exception cref="AlidadeException">The disk is full or not writable; the older checkpoints stand.</exception>
    public void Save(TrainingState state, IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser)
    {
        var name = FormattableString.Invariant($"step-{state.Update:d6}");
        var target = Path.Combine(path, name);
        // Training is deterministic: what stands under this name is the same.
        if (File.Exists(Path.Combine(target, State)))
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
            Directory.Move(temporary, target);
            foreach (var old in Whole().SkipLast(keep).ToArray())
                Directory.Delete(old, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"cannot write the checkpoint '{target}': {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    /// <summary>Puts the newest checkpoint into the weights and the optimiser; null when there is none.</summary>
    /// <exception cref="AlidadeException">It belongs to a training with other data or settings, or a file of it is damaged.</exception>
    public TrainingState? LoadNewest(IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser)
    {
        if (Whole().LastOrDefault() is not { } newest)
            return null;
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

    private IEnumerable<string> Whole() => Directory.Exists(path)
        ? Directory.EnumerateDirectories(path)
            .Where(d => StepName().IsMatch(Path.GetFileName(d)) && File.Exists(Path.Combine(d, State)))
            .OrderBy(d => int.Parse(Path.GetFileName(d)["step-".Length..], CultureInfo.InvariantCulture))
        : [];

    [GeneratedRegex(@"^step-[0-9]{6,9}$")]
    private static partial Regex StepName();
}
