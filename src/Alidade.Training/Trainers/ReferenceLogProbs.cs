using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Which model preferences are measured against.</summary>
public enum ReferenceModel
{
    /// <summary>The policy as it is when training begins, its adapter included: right also for an adapter that was trained before.</summary>
    Start,

    /// <summary>The base with its adapter off.</summary>
    Base,
}

/// <summary>
/// ℓ° of every pair, computed once before the first update and kept beside the checkpoints, so that no second model is in memory and a resumed run sees the same bits.
/// </summary>
internal sealed class ReferenceLogProbs : IDisposable
{
    private const string KeyName = "key";
    private readonly float[] chosen;
    private readonly float[] rejected;
    private Tensor? onDevice;

    private ReferenceLogProbs(int rows) => (chosen, rejected) = (new float[rows], new float[rows]);

    /// <summary>ℓ° of some pairs, of shape [2, pairs]: chosen, rejected.</summary>
    public Tensor Of(IReadOnlyList<int> rows, Device device, ScalarType type)
    {
        onDevice ??= tensor([.. chosen, .. rejected], [2, chosen.Length], device: device).to(type).DetachFromDisposeScope();
        using var index = tensor(rows.Select(r => (long)r).ToArray(), device: device);
        return onDevice.index_select(1, index);
    }

    /// <summary>Computes, or reads what the same weights gave for the same rows before.</summary>
    /// <param name="model">The model, with the policy's adapter in use.</param>
    /// <param name="reference">Which model.</param>
    /// <param name="rows">All pairs.</param>
    /// <param name="batches">Which of them are needed, in micro-batches: the first update then has a log-ratio of exactly 0.</param>
    /// <param name="file">Where the numbers are kept; null for nowhere.</param>
    /// <param name="context">Whom to tell, and when to stop.</param>
    public static ReferenceLogProbs Compute(
        CausalLM model, ReferenceModel reference, IReadOnlyList<PairTokens> rows, IEnumerable<int[]> batches, string? file, TrainingContext context)
    {
        var adapter = reference == ReferenceModel.Start ? model.Adapter : null;
        int[][] wanted = [.. batches];
        var key = file is null ? "" : Key(model, adapter, rows, wanted);
        var result = new ReferenceLogProbs(rows.Count);
        if (file is not null && result.TryRead(file, key))
            return result;
        if (file is not null && context.Resume && File.Exists(file))
            throw new AlidadeException($"'{file}' holds the reference of other weights or rows: resume with the model and data that the training began with");
        using var noGrad = no_grad();
        using var use = model.Use(adapter);
        var done = 0;
        foreach (var batch in wanted)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var pairs = PairBatch.Of([.. batch.Select(r => rows[r])]);
            var sums = new TokenLogProbs(model.LogProbs(pairs.Forest), pairs.AnswerOfScored, pairs.Count * 2).RowSums().to(ScalarType.Float32).cpu().data<float>().ToArray();
            for (var i = 0; i < batch.Length; i++)
                (result.chosen[batch[i]], result.rejected[batch[i]]) = (sums[i], sums[batch.Length + i]);
            done += batch.Length;
            context.Progress?.Report(new("reference", done, wanted.Sum(b => b.Length)));
        }

        if (file is not null)
            result.Write(file, key);
        return result;
    }

    public void Dispose() => onDevice?.Dispose();

    private static string Key(CausalLM model, LoraAdapter? adapter, IReadOnlyList<PairTokens> rows, int[][] batches) => string.Join('-',
        Fingerprints.Of(Trained.WeightsOf(model, null).Concat(adapter?.Parameters ?? [])), Fingerprints.Of(rows.SelectMany(r => new[] { r.Prompt, r.Chosen, r.Rejected })), Fingerprints.Of(batches));

    private void Write(string file, string key)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        TensorFiles.Write(file, [("chosen", tensor(chosen)), ("rejected", tensor(rejected)), (KeyName, tensor(System.Text.Encoding.ASCII.GetBytes(key)))]);
    }

    // Anything but the right key and shapes is no cache: the numbers are then computed.
    private bool TryRead(string file, string key)
    {
        if (!File.Exists(file))
            return false;
        using var scope = NewDisposeScope();
        try
        {
            var kept = TensorFiles.Read(file);
            var fits = kept.TryGetValue(KeyName, out var stored) && System.Text.Encoding.ASCII.GetString(stored.bytes) == key
                && kept["chosen"].numel() == chosen.Length && kept["rejected"].numel() == rejected.Length;
            if (fits)
            {
                kept["chosen"].data<float>().CopyTo(chosen);
                kept["rejected"].data<float>().CopyTo(rejected);
            }

            foreach (var tensor in kept.Values)
                tensor.Dispose();
            return fits;
        }
        catch (AlidadeException)
        {
            return false;
        }
    }
}
