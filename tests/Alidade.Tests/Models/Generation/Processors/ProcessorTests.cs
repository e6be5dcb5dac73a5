using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Processors;

namespace Alidade.Tests.Models.Generation.Processors;

public sealed class ProcessorTests
{
    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.5, 1)]
    [InlineData(0.9, 1)]
    [InlineData(0.999, 1)]
    [InlineData(0.01, 50)]
    public void The_nucleus_found_by_bands_is_the_one_found_by_sorting(double p, int keep)
    {
        var random = new SeededRandom(1);
        foreach (var spread in (double[])[0.01, 1, 4, 12])
        {
            var scores = Enumerable.Range(0, 5000).Select(_ => (float)(spread * random.NextNormal())).ToArray();
            var best = scores.Max();
            var weights = scores.Select(s => Math.Exp(s - best)).ToArray();
            var total = weights.Sum();
            var kept = new HashSet<int>(Enumerable.Range(0, scores.Length));
            var dropped = 0.0;
            foreach (var id in Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).Take(scores.Length - keep))
                if ((dropped += weights[id] / total) <= 1 - p)
                    kept.Remove(id);
            new TopP(p, keep).Apply(scores, default);
            var found = Enumerable.Range(0, scores.Length).Where(id => !float.IsNegativeInfinity(scores[id])).ToArray();
            // One token at the border may fall on either side of a sum's rounding.
            Assert.InRange(kept.Except(found).Count() + found.Except(kept).Count(), 0, 1);
        }
    }

    [Fact]
    public void Tokens_are_drawn_as_often_as_they_are_likely()
    {
        var random = new SeededRandom(2);
        float[] scores = [.. Enumerable.Range(0, 700).Select(i => i % 100 == 7 ? (float)Math.Log(i / 100 + 1) : float.NegativeInfinity)];
        var counts = new Dictionary<int, int>();
        const int Draws = 28000;
        for (var i = 0; i < Draws; i++)
        {
            var id = TokenDraw.Sample([.. scores], random, out _);
            counts[id] = counts.GetValueOrDefault(id) + 1;
        }

        // 1 + … + 7 = 28; six degrees of freedom, 99.9 %: 22.5.
        Assert.Equal(7, counts.Count);
        Assert.InRange(counts.Sum(c => Math.Pow(c.Value - (1000.0 * ((c.Key / 100) + 1)), 2) / (1000.0 * ((c.Key / 100) + 1))), 0, 22.5);
    }

    [Fact]
    public void Scores_that_are_none_or_all_forbidden_are_told()
    {
        Assert.Contains("no token is left", Assert.Throws<AlidadeException>(() => TokenDraw.Best([float.NegativeInfinity, float.NegativeInfinity])).Message, StringComparison.Ordinal);
        Assert.Contains("no numbers", Assert.Throws<AlidadeException>(() => TokenDraw.Best([1, float.NaN])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_options_that_are_out_of_range_are_told_at_once()
    {
        var message = Assert.Throws<AlidadeException>(() => new GenerationOptions { MinP = 2, TopK = -1, Stop = [""], RepetitionPenalty = 0 }.Validate()).Message;
        foreach (var part in (string[])["min-p is 2", "top-k is -1", "empty stop text", "repetition penalty is 0"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }
}
