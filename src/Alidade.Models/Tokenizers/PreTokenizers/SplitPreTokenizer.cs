namespace Alidade.Models.Tokenizers;

/// <summary>What becomes of the matches of a pattern.</summary>
internal enum SplitBehavior
{
    /// <summary>They are left out.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>Each ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one piece.</summary>
    Contiguous,
}

/// <summary>Cuts at the matches of a pattern, or with <paramref name="invert"/> at what lies between them.</summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior = SplitBehavior.Isolated, bool invert = false) : IPreTokenizer
{
    /// <summary>Cuts at white space and drops it.</summary>
    public static SplitPreTokenizer WhiteSpace { get; } = new(new CharacterPattern(CodePoints.IsWhiteSpace), SplitBehavior.Removed);

    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count + 16);
        var matches = new List<TextSpan>();
        var spans = new List<TextSpan>();
        foreach (var piece in pieces)
        {
            if (!piece.IsText)
            {
                output.Add(piece);
                continue;
            }

            spans.Clear();
            pattern.Cover(piece.Span, matches, spans, invert);
            foreach (var span in Applied(spans))
                if (span.End > span.Start)
                    output.Add(new(piece.Text, piece.Start + span.Start, span.End - span.Start));
        }

        return output;
    }

    private List<TextSpan> Applied(List<TextSpan> spans)
    {
        switch (behavior)
        {
            case SplitBehavior.Isolated:
                return spans;
            case SplitBehavior.Removed:
                spans.RemoveAll(s => s.IsMatch);
                return spans;
            case SplitBehavior.MergedWithPrevious:
                return Merged(spans, (next, lastWasMatch) => next.IsMatch && !lastWasMatch);
            case SplitBehavior.Contiguous:
                return Merged(spans, (next, lastWasMatch) => next.IsMatch == lastWasMatch);
            default:
                // A match begins what follows it: the same from the right.
                var output = new List<TextSpan>(spans.Count);
                for (var i = spans.Count - 1; i >= 0; i--)
                    if (output.Count > 0 && spans[i].IsMatch && !spans[i + 1].IsMatch)
                        output[^1] = output[^1] with { Start = spans[i].Start };
                    else
                        output.Add(spans[i]);
                output.Reverse();
                return output;
        }
    }

    private static List<TextSpan> Merged(List<TextSpan> spans, Func<TextSpan, bool, bool> join)
    {
        var output = new List<TextSpan>(spans.Count);
        for (var i = 0; i < spans.Count; i++)
            if (i > 0 && join(spans[i], spans[i - 1].IsMatch))
                output[^1] = output[^1] with { End = spans[i].End };
            else
                output.Add(spans[i]);
        return output;
    }
}
