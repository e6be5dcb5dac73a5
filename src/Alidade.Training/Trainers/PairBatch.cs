using Alidade.Models.Batches;
using Alidade.Training.Data;

namespace Alidade.Training.Trainers;

/// <summary>Pairs as one forest: every prompt once, its two answers as branches.</summary>
/// <param name="Forest">The batch.</param>
/// <param name="Count">Number of pairs.</param>
/// <param name="AnswerOfScored">For each scored token its answer: i for the preferred answer of pair i, Count + i for the other.</param>
internal sealed record PairBatch(BranchedBatch Forest, int Count, IReadOnlyList<long> AnswerOfScored)
{
    public static PairBatch Of(IReadOnlyList<PairTokens> pairs)
    {
        var segments = new List<Segment>();
        var answers = new List<long>();
        for (var i = 0; i < pairs.Count; i++)
        {
            var parent = -1;
            if (pairs[i].Prompt.Count > 0)
            {
                parent = segments.Count;
                segments.Add(new(pairs[i].Prompt, new bool[pairs[i].Prompt.Count], -1));
                answers.Add(-1);
            }

            foreach (var (ids, answer) in new[] { (pairs[i].Chosen, i), (pairs[i].Rejected, pairs.Count + i) })
            {
                var scored = new bool[ids.Count];
                Array.Fill(scored, true);
                // Without a prompt nothing predicts the first token.
                scored[0] = parent >= 0;
                segments.Add(new(ids, scored, parent));
                answers.Add(answer);
            }
        }

        var forest = new BranchedBatch(segments);
        return new(forest, pairs.Count, [.. forest.SegmentOfScored.Select(s => answers[(int)s])]);
    }
}
