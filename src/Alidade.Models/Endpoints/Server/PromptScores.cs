using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Endpoints.Server;

/// <summary>log p of every token of a text given those before it, with the likeliest tokens of its place.</summary>
internal static class PromptScores
{
    // Logits of so many positions exist at once.
    private const int Positions = 32;

    /// <param name="model">The model, on the thread that may use it.</param>
    /// <param name="ids">At least one token.</param>
    /// <param name="top">How many likely tokens.</param>
    /// <returns>One entry for each token; the first has no log-probability.</returns>
    public static IReadOnlyList<ScoredToken> Of(CausalLM model, IReadOnlyList<int> ids, int top)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var scores = new List<ScoredToken> { new(ids[0], model.Tokenizer.TokenText(ids[0]), null, []) };
        if (ids.Count == 1)
            return scores;
        using var grid = TokenGrid.Of(ids);
        var hidden = model.Hidden(grid).squeeze(0);
        for (var from = 0; from < ids.Count - 1; from += Positions)
        {
            using var chunk = NewDisposeScope();
            var count = Math.Min(Positions, ids.Count - 1 - from);
            var logProbs = nn.functional.log_softmax(model.Unembed(hidden.narrow(0, from, count)).to(ScalarType.Float64), -1);
            long[] next = [.. Enumerable.Range(from + 1, count).Select(i => (long)ids[i])];
            var own = logProbs.gather(1, tensor(next, device: logProbs.device).unsqueeze(1)).flatten().cpu().data<double>().ToArray();
            var best = top == 0 ? null : Best(logProbs, top, model.Tokenizer);
            for (var i = 0; i < count; i++)
                scores.Add(new((int)next[i], model.Tokenizer.TokenText((int)next[i]), own[i], best?[i] ?? []));
        }

        return scores;
    }

    private static TokenCandidate[][] Best(Tensor logProbs, int top, Tokenizer tokenizer)
    {
        var width = (int)Math.Min(top, logProbs.size(1));
        var (values, indices) = logProbs.topk(width, 1);
        var found = values.flatten().cpu().data<double>().ToArray();
        var tokens = indices.flatten().cpu().data<long>().ToArray();
        return [.. tokens.Zip(found, (id, p) => new TokenCandidate((int)id, tokenizer.TokenText((int)id), p)).Chunk(width)];
    }
}
