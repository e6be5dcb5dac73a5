using System.Buffers;
using System.Numerics.Tensors;

namespace Alidade.Models.Generation.Processors;

/// <summary>Nucleus sampling: from the least likely up, tokens are dropped while their cumulative probability is at most 1 − p.</summary>
/// <remarks>Holtzman et al. 2020 (arXiv 1904.09751). Not the whole vocabulary is sorted: tokens are counted into bands of an eighth of a nat, and only the band
/// in which the border lies is put in order.</remarks>
internal sealed class TopP(double p, int keep) : IScoreProcessor
{
    private const int Bands = 256;
    private const int BandsPerNat = 8;

    public void Apply(Span<float> scores, TokenHistory history)
    {
        if (p >= 1)
            return;
        // 1. Probability and number of tokens in each band below the best score.
        var best = TensorPrimitives.Max((ReadOnlySpan<float>)scores);
        var rented = ArrayPool<float>.Shared.Rent(scores.Length);
        var probabilities = rented.AsSpan(0, scores.Length);
        TensorPrimitives.Subtract(scores, (float)Softmax.LogSumExp(scores), probabilities);
        TensorPrimitives.Exp(probabilities, probabilities);
        Span<double> mass = stackalloc double[Bands];
        Span<int> count = stackalloc int[Bands];
        for (var id = 0; id < scores.Length; id++)
        {
            if (float.IsNegativeInfinity(scores[id]))
                continue;
            var band = BandOf(scores[id], best);
            mass[band] += probabilities[id];
            count[band]++;
        }

        // 2. Whole bands that fall, the least likely first.
        var (border, dropped, left) = (Bands - 1, 0.0, 0);
        foreach (var tokens in count)
            left += tokens;
        while (border > 0 && dropped + mass[border] <= 1 - p && left - count[border] >= keep)
        {
            dropped += mass[border];
            left -= count[border--];
        }

        // 3. The tokens of the border's band, one by one.
        var last = new List<(float Score, int Id)>(count[border]);
        for (var id = 0; id < scores.Length; id++)
        {
            if (float.IsNegativeInfinity(scores[id]))
                continue;
            var band = BandOf(scores[id], best);
            if (band > border)
                scores[id] = float.NegativeInfinity;
            else if (band == border)
                last.Add((scores[id], id));
        }

        foreach (var (_, id) in last.OrderBy(token => token.Score))
        {
            dropped += probabilities[id];
            if (dropped > 1 - p || left-- <= keep)
                break;
            scores[id] = float.NegativeInfinity;
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private static int BandOf(float score, float best) => (int)Math.Min(Bands - 1, (best - score) * BandsPerNat);
}
