using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Training.Objectives.Reinforcement;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>Some answers as one forest: each prompt once, its answers as branches, every token of an answer scored.</summary>
/// <param name="Batch">The forest.</param>
/// <param name="Grid">Lays the scored tokens out as [rows, positions], rows in the order in which they were given.</param>
internal sealed record AnswerForest(BranchedBatch Batch, AnswerGrid Grid)
{
    /// <summary>The tokens that each scored token was drawn from, true where allowed, [scored, vocabulary]; null where all could come.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="rows">Those that it was built of.</param>
    /// <param name="vocabulary">Size of the vocabulary.</param>
    /// <param name="device">Where.</param>
    public Tensor? Allowed(Answers answers, IReadOnlyList<int> rows, long vocabulary, Device device) => answers.Rows[rows[0]].Allowed.Count == 0 ? null
        : TokenSet.ToTensor([.. Grid.Places.Select(p => answers.Rows[rows[p.Row]].Allowed[p.Column])], vocabulary, device);

    /// <summary>Builds it.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="length">Positions wanted of each row: its tokens, or one more, for what stands after the last of them.</param>
    public static AnswerForest Of(Answers answers, IReadOnlyList<int> rows, Func<int, int> length)
    {
        var segments = new List<Segment>();
        var rowOfSegment = new List<long>();
        foreach (var prompt in rows.Select((row, i) => (Row: row, Index: i)).GroupBy(r => r.Row / answers.Samples))
        {
            var parent = segments.Count;
            var ids = answers.Prompts[prompt.Key].Ids;
            segments.Add(new(ids, new bool[ids.Count], -1));
            rowOfSegment.Add(-1);
            foreach (var (row, index) in prompt)
            {
                // Nobody sees the token that is put after an answer; it asks for what is predicted there.
                IReadOnlyList<int> tokens = answers.Rows[row].Ids;
                if (length(row) > tokens.Count)
                    tokens = [.. tokens, 0];
                segments.Add(new(tokens, [.. Enumerable.Repeat(true, tokens.Count)], parent));
                rowOfSegment.Add(index);
            }
        }

        var batch = new BranchedBatch(segments);
        return new(batch, new([.. batch.SegmentOfScored.Select(s => rowOfSegment[(int)s])], rows.Count));
    }
}
