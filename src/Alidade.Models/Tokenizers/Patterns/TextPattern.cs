namespace Alidade.Models.Tokenizers;

/// <summary>A stretch of text that a pattern matched, or one between two matches.</summary>
internal readonly record struct TextSpan(int Start, int End, bool IsMatch);

/// <summary>What divides a text: a regular expression, a literal text or a class of single characters.</summary>
internal abstract class TextPattern
{
    /// <summary>Finds the matches in order; they do not overlap.</summary>
    public abstract void Find(ReadOnlySpan<char> text, List<TextSpan> matches);

    /// <summary>Covers the whole of a text with matches and what lies between them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="matches">Working space.</param>
    /// <param name="spans">Takes the spans, in order.</param>
    /// <param name="invert">Whether matches and what lies between them change places.</param>
    public void Cover(ReadOnlySpan<char> text, List<TextSpan> matches, List<TextSpan> spans, bool invert)
    {
        matches.Clear();
        Find(text, matches);
        var end = 0;
        foreach (var match in matches)
        {
            if (match.Start > end)
                spans.Add(new(end, match.Start, invert));
            spans.Add(new(match.Start, match.End, !invert));
            end = match.End;
        }

        if (end < text.Length)
            spans.Add(new(end, text.Length, invert));
    }
}

/// <summary>Every character that passes a test is a match of its own.</summary>
internal sealed class CharacterPattern(Func<int, bool> test) : TextPattern
{
    /// <inheritdoc/>
    public override void Find(ReadOnlySpan<char> text, List<TextSpan> matches)
    {
        int length;
        for (var i = 0; i < text.Length; i += length)
        {
            length = CodePoints.LengthAt(text, i);
            if (test(CodePoints.At(text, i)))
                matches.Add(new(i, i + length, true));
        }
    }
}

/// <summary>A literal text, not the empty one.</summary>
internal sealed class LiteralPattern(string literal) : TextPattern
{
    /// <inheritdoc/>
    public override void Find(ReadOnlySpan<char> text, List<TextSpan> matches)
    {
        for (var i = 0; ;)
        {
            var found = text[i..].IndexOf(literal, StringComparison.Ordinal);
            if (found < 0)
                return;
            matches.Add(new(i + found, i + found + literal.Length, true));
            i += found + literal.Length;
        }
    }
}

/// <summary>A regular expression in Oniguruma's syntax over code points.</summary>
internal sealed class RegexPattern : TextPattern
{
    private readonly (PatternInstruction[] Code, UInt128 First, bool Empty)[] alternatives;
    private readonly int[][] candidates;
    private readonly int[] all;
    private readonly int slots;
    private readonly string where;

    /// <summary>Compiles a pattern.</summary>
    /// <param name="pattern">The pattern's text.</param>
    /// <param name="where">File and field, for messages.</param>
    /// <exception cref="Core.AlidadeException">The pattern is malformed.</exception>
    /// <exception cref="Core.NotBuiltException">The pattern uses syntax that is not supported.</exception>
    public RegexPattern(string pattern, string where)
    {
        this.where = where;
        var (root, groups) = PatternParser.Parse(pattern, where);
        slots = 2 * (groups + 1);
        var parts = root is PatternNode.Alternation a ? a.Alternatives : [root];
        alternatives = new (PatternInstruction[], UInt128, bool)[parts.Count];
        for (var i = 0; i < parts.Count; i++)
        {
            var (first, empty) = parts[i].First;
            alternatives[i] = (PatternCompiler.Compile(parts[i], ref slots, where), first, empty);
        }

        // For each ASCII character, the alternatives that can start with it; any other character may start all of them.
        all = [.. Enumerable.Range(0, parts.Count)];
        candidates = [.. Enumerable.Range(0, 128).Select(c => all.Where(i => alternatives[i].Empty || (alternatives[i].First >> c & 1) != 0).ToArray())];
    }

    /// <inheritdoc/>
    public override void Find(ReadOnlySpan<char> text, List<TextSpan> matches)
    {
        var matcher = new PatternMatcher(text, slots, where);
        var hopeless = new int[alternatives.Length];
        var lastEnd = -1;
        for (var start = 0; start <= text.Length;)
        {
            var end = MatchAt(ref matcher, text, start, hopeless);
            // An empty match right after a match does not count.
            if (end < 0 || (end == start && start == lastEnd))
            {
                start += start < text.Length ? CodePoints.LengthAt(text, start) : 1;
                continue;
            }

            matches.Add(new(start, end, true));
            lastEnd = end;
            start = end > start ? end : start + (start < text.Length ? CodePoints.LengthAt(text, start) : 1);
        }
    }

    private int MatchAt(ref PatternMatcher matcher, ReadOnlySpan<char> text, int start, int[] hopeless)
    {
        var c = start < text.Length ? text[start] : '\uFFFF';
        foreach (var i in c < 128 ? candidates[c] : all)
        {
            if (start < hopeless[i])
                continue;
            if (slots > 2)
                matcher.Reset();
            var code = alternatives[i].Code;
            var end = matcher.Match(code, start);
            if (end >= 0)
                return end;
            // Where an endless run comes first and no end of it leads to a match, no later start inside the run does: it has fewer ends.
            if (code[0] is { Operation: PatternOperation.Run, B: int.MaxValue, Set: { } set })
                hopeless[i] = EndOfRun(set, text, start);
        }

        return -1;
    }

    private static int EndOfRun(CharacterSet set, ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length && set.Contains(CodePoints.At(text, start)))
            start += CodePoints.LengthAt(text, start);
        return start;
    }
}
