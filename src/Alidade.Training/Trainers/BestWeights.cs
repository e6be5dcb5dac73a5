using Alidade.Core;
using Alidade.Models;
using Alidade.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Keeps the trained weights of the best update so far, in the folder of the checkpoints where there is one, sealed with their hash.</summary>
/// <remarks>A resumed run may hold a later best than its checkpoint knows; it comes to the same update again and keeps the same weights.</remarks>
internal sealed class BestWeights(IReadOnlyList<(string Name, Tensor Value)> trainable, string? folder) : IDisposable
{
    private const string Weights = "weights.safetensors";
    private readonly List<Tensor> copies = [];

    public void Keep(int update)
    {
        if (folder is null)
        {
            Dispose();
            using var noGrad = no_grad();
            copies.AddRange(trainable.Select(t => t.Value.detach().clone().DetachFromDisposeScope()));
            return;
        }

        var kept = FolderOf(update);
        if (Directory.Exists(kept))
            Directory.Delete(kept, recursive: true);
        Directory.CreateDirectory(kept);
        TensorFiles.Write(Path.Combine(kept, Weights), trainable, "F32");
        FileHashes.Seal(kept);
        foreach (var older in Directory.EnumerateDirectories(folder, "best-*").Where(f => f != kept).ToArray())
            Directory.Delete(older, recursive: true);
    }

    public void Restore(int update)
    {
        using var noGrad = no_grad();
        if (folder is null)
        {
            foreach (var ((_, value), copy) in trainable.Zip(copies))
                value.copy_(copy);
            return;
        }

        if (FileHashes.Fault(FolderOf(update)) is { } fault)
            throw new AlidadeException($"the best weights, of update {update}, are damaged ('{FolderOf(update)}': {fault}); the checkpoints of the last updates stand: train with the last weights kept, or put back a copy");
        var kept = TensorFiles.Read(Path.Combine(FolderOf(update), Weights));
        foreach (var (name, value) in trainable)
            value.copy_(kept[name]);
        foreach (var tensor in kept.Values)
            tensor.Dispose();
    }

    public void Dispose()
    {
        foreach (var copy in copies)
            copy.Dispose();
        copies.Clear();
    }

    private string FolderOf(int update) => Path.Combine(folder!, FormattableString.Invariant($"best-{update:d6}"));
}
