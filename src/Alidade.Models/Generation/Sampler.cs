using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>Draws the next token of each row: greedy, or temperature, then top-k, then top-p.</summary>
internal sealed class Sampler(GenerationOptions options) : IDisposable
{
    private readonly Generator generator = new(options.Seed, CPU);

    /// <param name="logits">[rows, vocabulary].</param>
    /// <returns>The token of each row and its log-probability under the raw logits.</returns>
    public (long[] Tokens, double[] LogProbs) Next(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var raw = logits.to(ScalarType.Float32);
        var chosen = options.Temperature == 0 ? raw.argmax(-1) : Draw(raw);
        var logProb = raw.gather(1, chosen.unsqueeze(1)).squeeze(1) - raw.logsumexp(-1);
        return (chosen.cpu().data<long>().ToArray(), [.. logProb.cpu().data<float>().ToArray().Select(p => (double)p)]);
    }

    public void Dispose() => generator.Dispose();

    private Tensor Draw(Tensor raw)
    {
        var scores = raw / options.Temperature;
        if (options.TopK > 0 && options.TopK < scores.size(-1))
        {
            var kth = scores.topk(options.TopK, -1).values.narrow(-1, options.TopK - 1, 1);
            scores = scores.masked_fill(scores < kth, float.NegativeInfinity);
        }

        if (options.TopP < 1)
        {
            // From the least likely up, drop tokens while their cumulative probability is at most 1 − p; the likeliest always stays.
            var (ascending, order) = scores.sort(-1);
            var dropped = nn.functional.softmax(ascending, -1).cumsum(-1) <= 1 - options.TopP;
            dropped.narrow(-1, dropped.size(-1) - 1, 1).fill_(false);
            scores = scores.masked_fill(zeros_like(dropped).scatter(-1, order, dropped), float.NegativeInfinity);
        }

        // Drawn on the CPU by the inverse of the cumulative distribution, so that a seed gives the same text on every device.
        var cumulative = nn.functional.softmax(scores, -1).to(ScalarType.Float64).cpu().cumsum(-1);
        var point = rand([scores.size(0), 1], ScalarType.Float64, generator: generator) * cumulative.narrow(-1, cumulative.size(-1) - 1, 1);
        return (cumulative <= point).sum(-1).clamp_max(scores.size(-1) - 1).to(raw.device);
    }
}
