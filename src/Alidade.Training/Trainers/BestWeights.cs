using Alidade.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Keeps the trained weights of the best update so far, in the folder of the checkpoints where there is one.</summary>
/// <remarks>A resumed run may hold a later best than its checkpoint knows; it comes to the same update again and keeps the same weights.</remarks>
internal sealed class BestWeights(IReadOnlyList<(string Name, Tensor Value)> trainable, string? folder) : IDisposable
{
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

        Directory.CreateDirectory(folder);
        TensorFiles.Write(PathOf(update), trainable, "F32");
        foreach (var older in Directory.EnumerateFiles(folder, "best-*.safetensors").Where(f => f != PathOf(update)).ToArray())
            File.Delete(older);
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

        var kept = TensorFiles.Read(PathOf(update));
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

    private string PathOf(int update) => Path.Combine(folder!, FormattableString.Invariant($"best-{update:d6}.safetensors"));
}
