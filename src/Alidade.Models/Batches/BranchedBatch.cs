using Alidade.Core;

namespace Alidade.Models.Batches;

/// <summary>A run of tokens that follows its parent's: a prefix, an answer, a plain text.</summary>
/// <param name="Ids">Token ids; at least one.</param>
/// <param name="Scored">True for each token whose log-probability is wanted; same length. The first token of a root cannot be scored.</param>
/// <param name="Parent">Index of the segment that this one continues; −1 for a root.</param>
public sealed record Segment(IReadOnlyList<int> Ids, IReadOnlyList<bool> Scored, int Parent)
{
    /// <summary>True for each token that no later token sees; null for none. It keeps its position, and it still sees itself and what stands before it.</summary>
    public IReadOnlyList<bool>? Hidden { get; init; }
}

/// <summary>
/// The one batch type: a forest of token segments. A preference pair, n samples of one prompt, the choices of a question and a plain sequence are
/// all prefixes with branches. A prefix is computed once, and nothing is padded.
/// </summary>
/// <remarks>Positions of a branch go on where its parent ends; a token sees its own segment up to itself and all of its ancestors.</remarks>
public sealed class BranchedBatch
{
    /// <summary>Checks and lays out the segments.</summary>
    /// <param name="segments">Parents stand before their children.</param>
    /// <exception cref="AlidadeException">A segment is empty, scores a root's first token, or names a parent that does not stand before it.</exception>
    public BranchedBatch(IReadOnlyList<Segment> segments)
    {
        Segments = segments;
        var ids = new List<int>();
        var positions = new List<int>();
        var starts = new int[segments.Count];
        var ends = new int[segments.Count];
        var roots = new int[segments.Count];
        for (var s = 0; s < segments.Count; s++)
        {
            var segment = segments[s];
            if (segment.Ids.Count == 0)
                throw new AlidadeException($"segment {s} of the batch is empty");
            if (segment.Scored.Count != segment.Ids.Count)
                throw new AlidadeException($"segment {s} of the batch has {segment.Ids.Count} tokens and {segment.Scored.Count} score marks");
            if (segment.Hidden is { } hidden && hidden.Count != segment.Ids.Count)
                throw new AlidadeException($"segment {s} of the batch has {segment.Ids.Count} tokens and {hidden.Count} marks of hidden ones");
            if (segment.Parent >= s || segment.Parent < -1)
                throw new AlidadeException($"segment {s} of the batch names parent {segment.Parent}, which does not stand before it");
            if (segment.Parent < 0 && segment.Scored[0])
                throw new AlidadeException($"segment {s} of the batch scores its first token, which nothing predicts");
            roots[s] = segment.Parent < 0 ? s : roots[segment.Parent];
            starts[s] = segment.Parent < 0 ? 0 : ends[segment.Parent];
            ends[s] = starts[s] + segment.Ids.Count;
        }

        // Packed order: tree by tree, so that a tree is one contiguous run.
        var order = Enumerable.Range(0, segments.Count).GroupBy(s => roots[s]).ToArray();
        Offsets = new int[segments.Count];
        var trees = new List<Tree>();
        foreach (var tree in order)
        {
            var start = ids.Count;
            foreach (var s in tree)
            {
                Offsets[s] = ids.Count;
                ids.AddRange(segments[s].Ids);
                positions.AddRange(Enumerable.Range(starts[s], segments[s].Ids.Count));
            }

            trees.Add(new(start, ids.Count - start, [.. tree]));
        }

        (Ids, Positions, Trees) = ([.. ids], [.. positions], trees);
        Length = ends.Length == 0 ? 0 : ends.Max();
        (ScoredSources, ScoredTargets, ScoredSegments) = Scores();
        var parents = segments.Select(s => s.Parent).ToHashSet();
        Leaves = [.. Enumerable.Range(0, segments.Count).Where(s => !parents.Contains(s))];
        LeafEnds = [.. Leaves.Select(s => (long)Offsets[s] + segments[s].Ids.Count - 1)];
    }

    /// <summary>The segments as given.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>Packed token ids.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>Longest position plus one.</summary>
    public int Length { get; }

    /// <summary>Number of scored tokens.</summary>
    public int ScoredCount => ScoredTargets.Length;

    /// <summary>For each scored token the segment it belongs to; segments in the order given, tokens in their own order.</summary>
    public IReadOnlyList<long> SegmentOfScored => ScoredSegments;

    /// <summary>The segments without a child, each of which ends a text.</summary>
    public IReadOnlyList<int> Leaves { get; }

    /// <summary>Packed index of the last token of each leaf.</summary>
    internal long[] LeafEnds { get; }

    internal int[] Offsets { get; }

    internal IReadOnlyList<int> Positions { get; }

    internal IReadOnlyList<Tree> Trees { get; }

    /// <summary>Packed index of the token whose hidden state predicts each scored token.</summary>
    internal long[] ScoredSources { get; }

    /// <summary>The scored tokens.</summary>
    internal long[] ScoredTargets { get; }

    internal long[] ScoredSegments { get; }

    /// <summary>Plain texts: every token but the first scored.</summary>
    public static BranchedBatch OfTexts(IEnumerable<IReadOnlyList<int>> texts) =>
        new([.. texts.Select(ids => new Segment(ids, [.. ids.Select((_, i) => i > 0)], -1))]);

    /// <summary>One prefix and its branches, every token of a branch scored; several of them make a batch.</summary>
    public static BranchedBatch Of(IEnumerable<(IReadOnlyList<int> Prefix, IReadOnlyList<IReadOnlyList<int>> Branches)> groups)
    {
        var segments = new List<Segment>();
        foreach (var (prefix, branches) in groups)
        {
            var parent = segments.Count;
            segments.Add(new(prefix, new bool[prefix.Count], -1));
            foreach (var branch in branches)
                segments.Add(new(branch, [.. Enumerable.Repeat(true, branch.Count)], parent));
        }

        return new(segments);
    }

    private (long[] Sources, long[] Targets, long[] Segments) Scores()
    {
        var sources = new List<long>();
        var targets = new List<long>();
        var owners = new List<long>();
        for (var s = 0; s < Segments.Count; s++)
        {
            var segment = Segments[s];
            for (var i = 0; i < segment.Ids.Count; i++)
            {
                if (!segment.Scored[i])
                    continue;
                var parent = segment.Parent;
                sources.Add(i > 0 ? Offsets[s] + i - 1 : Offsets[parent] + Segments[parent].Ids.Count - 1);
                targets.Add(segment.Ids[i]);
                owners.Add(s);
            }
        }

        return ([.. sources], [.. targets], [.. owners]);
    }

    /// <summary>One tree of the forest in packed order.</summary>
    internal sealed record Tree(int Start, int Count, int[] Segments);
}
