namespace Alidade.Core.Statistics.Calibration;

/// <summary>
/// The rising step function nearest to the outcomes by squares, read between its corners in a straight line and beyond them as flat. Calibrates without assuming a
/// shape, and needs some hundreds of items for it.
/// </summary>
/// <param name="Scores">Scores of the corners, ascending.</param>
/// <param name="Values">Values at the corners.</param>
/// <param name="Count">Items of the fit.</param>
/// <remarks>Pool adjacent violators (Ayer et al. 1955; Zadrozny and Elkan 2002). scikit-learn's <c>IsotonicRegression(out_of_bounds="clip")</c>: equal scores are
/// averaged first.</remarks>
public sealed record IsotonicRegression(IReadOnlyList<double> Scores, IReadOnlyList<double> Values, int Count)
{
    /// <summary>The fit.</summary>
    /// <param name="scores">Score of each item.</param>
    /// <param name="values">Outcome of each item, such as 0 and 1.</param>
    /// <exception cref="ArgumentException">There are no items, or the lists differ in length.</exception>
    public static IsotonicRegression Fit(IReadOnlyList<double> scores, IReadOnlyList<double> values)
    {
        if (scores.Count == 0 || scores.Count != values.Count)
            throw new ArgumentException($"{scores.Count} scores and {values.Count} outcomes: as many of both are needed, one at least", nameof(values));
        var points = Enumerable.Range(0, scores.Count)
            .GroupBy(i => scores[i])
            .OrderBy(g => g.Key)
            .Select(g => (Score: g.Key, Sum: g.Sum(i => values[i]), Weight: g.Count()))
            .ToArray();
        var blocks = new List<(double Sum, int Weight, int Points)>();
        foreach (var point in points)
        {
            var block = (point.Sum, point.Weight, Points: 1);
            // A block that does not rise above the one before it joins it.
            while (blocks.Count > 0 && blocks[^1] is var last && last.Sum * block.Weight >= block.Sum * last.Weight)
            {
                block = (last.Sum + block.Sum, last.Weight + block.Weight, last.Points + block.Points);
                blocks.RemoveAt(blocks.Count - 1);
            }

            blocks.Add(block);
        }

        List<double> corners = [], heights = [];
        var start = 0;
        foreach (var (sum, weight, count) in blocks)
        {
            foreach (var place in count == 1 ? (int[])[start] : [start, start + count - 1])
            {
                corners.Add(points[place].Score);
                heights.Add(sum / weight);
            }

            start += count;
        }

        return new IsotonicRegression(corners, heights, scores.Count);
    }

    /// <summary>The value at a score.</summary>
    public double Apply(double score)
    {
        if (score <= Scores[0])
            return Values[0];
        if (score >= Scores[^1])
            return Values[^1];
        var above = 1;
        while (Scores[above] < score)
            above++;
        return Values[above - 1] + ((Values[above] - Values[above - 1]) * (score - Scores[above - 1]) / (Scores[above] - Scores[above - 1]));
    }
}
