using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Interpretability.Patching;

/// <summary>A prompt with the answer that training preferred and the one that it did not, as tokens.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Prompt">Prompt tokens.</param>
/// <param name="Chosen">Tokens of the preferred answer.</param>
/// <param name="Rejected">Tokens of the other.</param>
public sealed record TokenPair(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<int> Chosen, IReadOnlyList<int> Rejected);

/// <summary>Settings of <see cref="AlignmentShift"/>.</summary>
public sealed record AlignmentShiftOptions
{
    /// <summary>Prompt positions to patch, counted from the prompt's end; the template's closing tokens among them. Default 12.</summary>
    public int PromptPositions { get; init; } = 12;

    /// <summary>Layers to patch at most, spread evenly from the first to the last. Default 12.</summary>
    public int Layers { get; init; } = 12;
}

/// <summary>The layer × position picture of one pair.</summary>
public sealed record AlignmentShiftMap
{
    /// <summary>The row's id.</summary>
    public required string Id { get; init; }

    /// <summary>log p(chosen) − log p(rejected) under the base, in nats.</summary>
    public required double BaseLogOdds { get; init; }

    /// <summary>The same under the aligned model.</summary>
    public required double AlignedLogOdds { get; init; }

    /// <summary>The blocks patched, by number.</summary>
    public required IReadOnlyList<int> Layers { get; init; }

    /// <summary>Texts of the patched prompt positions, and a last column for all answer tokens together.</summary>
    public required IReadOnlyList<string> Positions { get; init; }

    /// <summary>[layer][position]: the share of the shift that returns, (patched − base) / (aligned − base).</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Share { get; init; }
}

/// <summary>
/// Where inside the model does alignment sit? The residual stream of the aligned model is put into the base, at the input of one block and one position;
/// the picture shows how much of the shift in log-odds of the chosen over the rejected answer comes back.
/// </summary>
/// <remarks>Activation patching between two adapters over one base: both runs read the same tokens, only the weights differ.
/// The last column patches every token of both answers at once.</remarks>
public static class AlignmentShift
{
    /// <summary>What the last column is called.</summary>
    public const string AnswerColumn = "answer";

    /// <summary>Patches one pair.</summary>
    /// <param name="model">The base.</param>
    /// <param name="aligned">The adapter that alignment trained.</param>
    /// <param name="pair">A pair that was not trained on.</param>
    /// <param name="options">How fine the picture is.</param>
    /// <param name="cancellation">Stops between layers.</param>
    public static AlignmentShiftMap Of(CausalLM model, LoraAdapter aligned, TokenPair pair, AlignmentShiftOptions options, CancellationToken cancellation = default)
    {
        using var noGrad = no_grad();
        var shown = Math.Min(options.PromptPositions, pair.Prompt.Count);
        var first = pair.Prompt.Count - shown;
        var layers = Spread(model.Config.Layers, options.Layers);
        var single = Trees(pair, 1);
        double alignedOdds, baseOdds;
        ActivationCache cache;
        using (model.Use(aligned))
        {
            alignedOdds = LogOdds(model, single)[0];
            cache = ActivationCache.Record(model.Hooks, layers.Select(l => $"blocks.{l}.hook_resid_pre"), () => model.LogProbs(single).Dispose());
        }

        using (cache)
        using (model.Use(null))
        {
            baseOdds = LogOdds(model, single)[0];

            // Row r of the batch patches column r; the last row patches the answers.
            var batch = Trees(pair, shown + 1);
            var answers = pair.Chosen.Count + pair.Rejected.Count;
            var share = new List<IReadOnlyList<double>>();
            foreach (var layer in layers)
            {
                cancellation.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                using var patch = model.Hooks.Add($"blocks.{layer}.hook_resid_pre", (value, name) =>
                {
                    var patched = value.clone();
                    for (var column = 0; column < shown; column++)
                        patched[column].narrow(0, first + column, 1).copy_(cache[name][0].narrow(0, first + column, 1));
                    patched[shown].narrow(0, pair.Prompt.Count, answers).copy_(cache[name][0].narrow(0, pair.Prompt.Count, answers));
                    return patched;
                });
                share.Add([.. LogOdds(model, batch).Select(odds => ActivationPatching.Normalised(odds, baseOdds, alignedOdds))]);
            }

            return new()
            {
                Id = pair.Id,
                BaseLogOdds = baseOdds,
                AlignedLogOdds = alignedOdds,
                Layers = layers,
                Positions = [.. pair.Prompt.Skip(first).Select(model.Tokenizer.TokenText), AnswerColumn],
                Share = share,
            };
        }
    }

    private static BranchedBatch Trees(TokenPair pair, int copies) =>
        BranchedBatch.Of(Enumerable.Repeat<(IReadOnlyList<int>, IReadOnlyList<IReadOnlyList<int>>)>((pair.Prompt, [pair.Chosen, pair.Rejected]), copies));

    private static double[] LogOdds(CausalLM model, BranchedBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbs = model.LogProbs(batch).to(ScalarType.Float32).cpu().data<float>().ToArray();
        var sums = new double[batch.Segments.Count];
        for (var i = 0; i < logProbs.Length; i++)
            sums[batch.SegmentOfScored[i]] += logProbs[i];
        return [.. Enumerable.Range(0, batch.Segments.Count / 3).Select(tree => sums[(3 * tree) + 1] - sums[(3 * tree) + 2])];
    }

    private static List<int> Spread(int layers, int wanted) =>
        wanted >= layers ? [.. Enumerable.Range(0, layers)]
            : [.. Enumerable.Range(0, wanted).Select(i => (int)Math.Round(i * (layers - 1.0) / Math.Max(1, wanted - 1))).Distinct()];
}
