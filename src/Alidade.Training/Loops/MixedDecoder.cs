using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Loops;

/// <summary>One way to look at a text that is written: what stands before it, and which adapter reads it.</summary>
/// <param name="Adapter">The adapter; null for the bare base.</param>
/// <param name="Prefix">Ids before the text; at least one.</param>
internal sealed record DecodingView(LoraAdapter? Adapter, IReadOnlyList<int> Prefix);

/// <summary>What was written.</summary>
/// <param name="Ids">Tokens, the end token included.</param>
/// <param name="Text">Their text without the end token.</param>
/// <param name="Ended">False where a limit cut it.</param>
internal sealed record DecodedText(IReadOnlyList<int> Ids, string Text, bool Ended);

/// <summary>
/// Decodes from a combination of several views' next-token distributions: a policy mixed with its reference, a prompt against the same prompt with a warning before it.
/// </summary>
/// <remarks>Every step reads the views anew: it is for texts of tens of tokens. Sampling is the inverse of the cumulative distribution, a random state for each text.</remarks>
internal static class MixedDecoder
{
    /// <summary>Texts, one for each row.</summary>
    /// <param name="model">The base of all views.</param>
    /// <param name="rows">The views of each row; view v of every row has the same adapter.</param>
    /// <param name="combine">From log-probabilities of each view, [rows, vocabulary], to scores of the same shape whose softmax is drawn from.</param>
    /// <param name="maxNewTokens">Most tokens of a text.</param>
    /// <param name="temperature">0 takes the best token.</param>
    /// <param name="random">The draws of each text.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public static IReadOnlyList<DecodedText> Decode(
        CausalLM model, IReadOnlyList<DecodingView[]> rows, Func<Tensor[], Tensor> combine, int maxNewTokens, double temperature, IReadOnlyList<SeededRandom> random, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        var written = rows.Select(_ => new List<int>()).ToArray();
        var ended = new bool[rows.Count];
        int[] Running() => [.. Enumerable.Range(0, rows.Count).Where(r => !ended[r] && written[r].Count < maxNewTokens
            && rows[r].All(v => v.Prefix.Count + written[r].Count < model.Config.ContextLength))];
        foreach (var row in rows.SelectMany(r => r))
            if (row.Prefix.Count == 0)
                throw new AlidadeException("a text needs at least one token before it");
        for (var running = Running(); running.Length > 0; running = Running())
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            Tensor[] views = [.. Enumerable.Range(0, rows[0].Length).Select(v => Read(model, rows[running[0]][v].Adapter, [.. running.Select(r => (int[])[.. rows[r][v].Prefix, .. written[r]])]))];
            var scores = combine(views);
            var best = temperature == 0 ? scores.argmax(-1).cpu().data<long>().ToArray() : null;
            var probabilities = temperature == 0 ? null : (scores / temperature).softmax(-1).to(ScalarType.Float64).cpu();
            for (var i = 0; i < running.Length; i++)
            {
                var token = best is not null ? (int)best[i] : Draw(probabilities![i].data<double>().ToArray(), random[running[i]].NextDouble());
                written[running[i]].Add(token);
                ended[running[i]] = model.EndTokens.Contains(token);
            }
        }

        return [.. written.Select((ids, r) => new DecodedText(ids, model.Tokenizer.Decode([.. ended[r] ? ids.SkipLast(1) : ids]), ended[r]))];
    }

    private static Tensor Read(CausalLM model, LoraAdapter? adapter, IReadOnlyList<int>[] texts)
    {
        using var scope = NewDisposeScope();
        using var use = model.Use(adapter);
        using var grid = TokenGrid.Padded(texts, padLeft: true);
        var hidden = model.Hidden(grid);
        return model.Unembed(hidden.select(1, hidden.size(1) - 1)).log_softmax(-1).MoveToOuterDisposeScope();
    }

    private static int Draw(double[] probabilities, double point)
    {
        var last = 0;
        for (var id = 0; id < probabilities.Length; id++)
        {
            if (probabilities[id] <= 0)
                continue;
            last = id;
            point -= probabilities[id];
            if (point < 0)
                break;
        }

        return last;
    }
}
