using System.Text;

namespace Alidade.Models.Generation;

/// <summary>Finds texts that end a generation, and says how much may be shown while one of them may still be on its way.</summary>
internal sealed class StopTexts(IReadOnlyList<string> stops)
{
    private readonly int longest = stops.Count == 0 ? 0 : stops.Max(s => s.Length);

    /// <summary>Where the earliest stop text begins; −1 when there is none.</summary>
    /// <param name="text">All text.</param>
    /// <param name="known">So many characters at its beginning were looked at before.</param>
    public int Find(StringBuilder text, int known)
    {
        var from = Math.Max(0, known - longest + 1);
        var rest = text.ToString(from, text.Length - from);
        var first = -1;
        foreach (var stop in stops)
            if (rest.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at && (first < 0 || from + at < first))
                first = from + at;
        return first;
    }

    /// <summary>How many characters may be shown: all but the longest end that begins a stop text.</summary>
    public int SafeLength(string text)
    {
        var held = 0;
        foreach (var stop in stops)
            for (var n = Math.Min(stop.Length - 1, text.Length); n > held; n--)
                if (text.AsSpan(text.Length - n).SequenceEqual(stop.AsSpan(0, n)))
                    held = n;
        return text.Length - held;
    }
}
