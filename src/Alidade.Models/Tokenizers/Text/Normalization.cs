namespace Alidade.Models.Tokenizers;

/// <summary>
/// The four Unicode normalization forms with the record of what became of each character (UAX #15; Hangul by rule).
/// </summary>
/// <remarks>
/// The changes follow the crate unicode-normalization-alignments: the first character of a decomposition stands in the place of the old one, the others
/// are inserted; a composite's change is the sum of its parts' less one, so that it is aligned to its starter alone.
/// </remarks>
internal static class Normalization
{
    private const int L0 = 0x1100, V0 = 0x1161, T0 = 0x11A7, S0 = 0xAC00, Vs = 21, Ts = 28, Ss = 19 * Vs * Ts;

    /// <summary>Decomposed characters in canonical order, with their changes.</summary>
    public static List<(int CodePoint, int Change)> Decompose(ReadOnlySpan<char> text, bool compatibility)
    {
        var output = new List<(int CodePoint, int Change)>(text.Length + 8);
        for (var i = 0; i < text.Length; i += CodePoints.LengthAt(text, i))
        {
            var first = output.Count;
            Decompose(CodePoints.At(text, i), compatibility, output);
            for (var k = first + 1; k < output.Count; k++)
                output[k] = (output[k].CodePoint, 1);
        }

        Order(output);
        return output;
    }

    /// <summary>Composes what <see cref="Decompose(ReadOnlySpan{char}, bool)"/> gave.</summary>
    public static List<(int CodePoint, int Change)> Compose(List<(int CodePoint, int Change)> decomposed)
    {
        var output = new List<(int CodePoint, int Change)>(decomposed.Count);
        var starter = -1;
        var lastClass = -1;
        foreach (var (c, change) in decomposed)
        {
            var combiningClass = UnicodeTables.CombiningClass(c);
            if (starter >= 0 && (lastClass < combiningClass) && Compose(output[starter].CodePoint, c) is { } composite)
            {
                output[starter] = (composite, output[starter].Change + change - 1);
                continue;
            }

            if (combiningClass == 0)
            {
                starter = output.Count;
                lastClass = -1;
            }
            else
            {
                lastClass = combiningClass;
            }

            output.Add((c, change));
        }

        return output;
    }

    /// <summary>True when the text is NFC beyond doubt, at a glance: nothing at or above U+0300.</summary>
    public static bool IsPlain(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('\0', '\u02FF') < 0;

    /// <summary>True when a text became itself.</summary>
    public static bool IsSame(ReadOnlySpan<char> text, List<(int CodePoint, int Change)> changed)
    {
        var at = 0;
        foreach (var (codePoint, change) in changed)
        {
            if (change != 0 || at == text.Length || CodePoints.At(text, at) != codePoint)
                return false;
            at += CodePoints.Utf16Length(codePoint);
        }

        return at == text.Length;
    }

    private static void Decompose(int c, bool compatibility, List<(int CodePoint, int Change)> output)
    {
        if (c is >= S0 and < S0 + Ss)
        {
            var s = c - S0;
            output.Add((L0 + s / (Vs * Ts), 0));
            output.Add((V0 + s % (Vs * Ts) / Ts, 0));
            if (s % Ts != 0)
                output.Add((T0 + s % Ts, 0));
        }
        else if (c >= 0xA0 && UnicodeTables.Decomposition(c) is { } found && (found.Canonical || compatibility))
        {
            foreach (var part in found.To)
                Decompose(part, compatibility, output);
        }
        else
        {
            output.Add((c, 0));
        }
    }

    private static int? Compose(int first, int second)
    {
        if (first is >= L0 and < L0 + 19 && second is >= V0 and < V0 + Vs)
            return S0 + ((first - L0) * Vs + (second - V0)) * Ts;
        if (first is >= S0 and < S0 + Ss && (first - S0) % Ts == 0 && second is > T0 and < T0 + Ts)
            return first + (second - T0);
        return UnicodeTables.Composition(first, second);
    }

    // Marks between two starters, stably by combining class.
    private static void Order(List<(int CodePoint, int Change)> output)
    {
        for (var i = 0; i < output.Count; i++)
        {
            if (UnicodeTables.CombiningClass(output[i].CodePoint) == 0)
                continue;
            var end = i + 1;
            while (end < output.Count && UnicodeTables.CombiningClass(output[end].CodePoint) != 0)
                end++;
            if (end - i > 1)
            {
                var sorted = output.GetRange(i, end - i).OrderBy(x => UnicodeTables.CombiningClass(x.CodePoint)).ToList();
                for (var k = 0; k < sorted.Count; k++)
                    output[i + k] = sorted[k];
            }

            i = end;
        }
    }
}
