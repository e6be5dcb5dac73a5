using System.Text;
using Alidade.Core;
using Alidade.Models;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>
/// log p° of every token of some answers under their reference. Under a reference that stays they are computed once before the first update and kept in a file whose name is
/// a hash of weights, rows and micro-batches, so that no second model is in memory, a resumed run sees the same bits, and runs with other losses or another β need no
/// forward pass for it. A moving reference is asked at each batch.
/// </summary>
internal sealed class ReferenceLogProbs : IDisposable
{
    private const string KeyName = "key";
    private const string ValuesName = "logprobs";
    private readonly Reference reference;
    private readonly IReadOnlyList<IReadOnlyList<AnswerGroup>> rows;
    private readonly long[] starts;
    private Tensor? values;

    /// <param name="reference">The reference.</param>
    /// <param name="rows">Prompts and answers of each row; a row may have none.</param>
    public ReferenceLogProbs(Reference reference, IReadOnlyList<IReadOnlyList<AnswerGroup>> rows)
    {
        (this.reference, this.rows) = (reference, rows);
        starts = new long[rows.Count + 1];
        for (var r = 0; r < rows.Count; r++)
            starts[r + 1] = starts[r] + rows[r].Sum(g => Enumerable.Range(0, g.Answers.Count).Sum(g.TargetsOf));
    }

    /// <summary>log p° of the answers of some rows, without gradient.</summary>
    public TokenLogProbs Of(IReadOnlyList<int> batch)
    {
        AnswerGroup[] groups = [.. batch.SelectMany(r => rows[r])];
        long[] owners = [.. AnswerBatch.AnswerOfScored(groups)];
        if (!reference.IsFixed)
            return new(reference.LogProbs(AnswerBatch.Of(groups)), owners, groups.Sum(g => g.Answers.Count));
        var index = tensor(batch.SelectMany(r => Range(starts[r], starts[r + 1])).ToArray(), device: values!.device);
        return new(values.index_select(0, index), owners, groups.Sum(g => g.Answers.Count));
    }

    /// <summary>Computes all that will be asked for, or reads what the same weights gave for the same rows before; nothing under a moving reference.</summary>
    /// <param name="batches">Rows in the micro-batches in which they are seen first: the first update then has a log-ratio of exactly 0.</param>
    /// <param name="context">Where the numbers are kept, whom to tell, and when to stop.</param>
    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
        if (!reference.IsFixed)
            return;
        int[][] wanted = [.. batches];
        var folder = context.ReferenceFolder ?? context.Folder;
        var key = folder is null ? "" : string.Join('-', reference.Weights, Fingerprints.Of(Lists()), Fingerprints.Of(wanted));
        var file = folder is null ? null : Path.Combine(folder, $"reference-{Core.Files.ContentHash.OfBytes(Encoding.ASCII.GetBytes(key))[..16]}.safetensors");
        if (file is not null && TryRead(file, key))
            return;
        using var noGrad = no_grad();
        var done = 0;
        foreach (var batch in wanted)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            AnswerGroup[] groups = [.. batch.SelectMany(r => rows[r])];
            done += batch.Length;
            if (groups.Length == 0)
                continue;
            var logProbs = reference.LogProbs(AnswerBatch.Of(groups));
            values ??= zeros(starts[^1], logProbs.dtype, logProbs.device).DetachFromDisposeScope();
            values.index_copy_(0, tensor(batch.SelectMany(r => Range(starts[r], starts[r + 1])).ToArray(), device: values.device), logProbs);
            context.Progress?.Report(new("reference", done, wanted.Sum(b => b.Length)));
        }

        values ??= zeros(0).DetachFromDisposeScope();
        if (file is not null)
            Write(file, key);
    }

    public void Dispose() => values?.Dispose();

    /// <summary>What a hash of the rows is made of.</summary>
    public IEnumerable<IReadOnlyList<int>> Lists() => rows.SelectMany(groups => groups.SelectMany(g => new[] { g.Prompt }.Concat(g.Answers)).Append([groups.Count]));

    private static IEnumerable<long> Range(long start, long end)
    {
        for (var i = start; i < end; i++)
            yield return i;
    }

    private void Write(string file, string key)
    {
        using var scope = NewDisposeScope();
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        TensorFiles.Write(file, [(ValuesName, values!), (KeyName, tensor(Encoding.ASCII.GetBytes(key)))]);
    }

    // Anything but the right key and shape is no cache: the numbers are then computed.
    private bool TryRead(string file, string key)
    {
        if (!File.Exists(file))
            return false;
        using var scope = NewDisposeScope();
        try
        {
            var kept = TensorFiles.Read(file);
            var fits = kept.TryGetValue(KeyName, out var stored) && Encoding.ASCII.GetString(stored.bytes) == key
                && kept.TryGetValue(ValuesName, out var found) && (found.numel() == starts[^1] || found.numel() == 0);
            if (fits)
                values = kept[ValuesName].to(reference.Device).clone().DetachFromDisposeScope();
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
