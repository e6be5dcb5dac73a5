namespace Alidade.Core;

/// <summary>Finds the name that the user meant.</summary>
public static class Suggest
{
    private const int LongestName = 256;

    /// <summary>
    /// The known name with the smallest edit distance (insertions, deletions, replacements and swaps of neighbours; case and the marks '-', '_', ' ' do not count), or
    /// null when none is within a third of the longer name: a far guess misleads. None is like a name of more than 256 characters.
    /// </summary>
    /// <remarks>Optimal string alignment distance (Damerau 1964 without overlapping edits).</remarks>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        // A name from a damaged file or a stranger's request can be of any length, and the distance takes time in proportion.
        if (name.Length > LongestName)
            return null;
        var wanted = Plain(name);
        var best = known.Select(k => (Name: k, Distance: Distance(wanted, Plain(k)))).OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(1, Math.Max(wanted.Length, Plain(best.Name).Length) / 3) ? best.Name : null;
    }

    /// <summary>" (did you mean 'x'?)" for the nearest name, else the list of allowed names; made to stand at the end of an error's line.</summary>
    public static string Hint(string name, IReadOnlyCollection<string> known) =>
        Nearest(name, known) is { } nearest ? $" (did you mean '{nearest}'?)"
        : known.Count == 0 ? ""
        : $" (known: {string.Join(", ", known.Order(StringComparer.Ordinal))})";

    private static string Plain(string name) => string.Concat(name.Where(c => c is not ('-' or '_' or ' '))).ToLowerInvariant();

    private static int Distance(string a, string b)
    {
        // Three rows of the table: a swap looks two back.
        var before = new int[b.Length + 1];
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }
}
