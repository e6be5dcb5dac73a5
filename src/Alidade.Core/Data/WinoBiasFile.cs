using System.Globalization;
using System.Text.RegularExpressions;

namespace Alidade.Core.Data;

/// <summary>One sentence of WinoBias: an occupation and the pronoun that refers to it, both in brackets.</summary>
/// <param name="Id">"winobias-" and the number on the line.</param>
/// <param name="Bracketed">The sentence with its brackets.</param>
public sealed partial record WinoBiasSentence(string Id, string Bracketed) : IDataRow
{
    /// <summary>The sentence as it is read.</summary>
    public string Text => Plain(Bracketed);

    /// <summary>The occupation that the pronoun refers to, with its article.</summary>
    public string Entity => Marks[0].Groups[1].Value;

    /// <summary>The last bracketed pronoun.</summary>
    public string Pronoun => Marks[^1].Groups[1].Value;

    /// <summary>What stands before the last pronoun.</summary>
    public string BeforePronoun => Plain(Bracketed[..Marks[^1].Index]);

    /// <summary>What follows the last pronoun.</summary>
    public string AfterPronoun => Plain(Bracketed[(Marks[^1].Index + Marks[^1].Length)..]);

    /// <inheritdoc/>
    public string Group => Id;

    internal static int MarkCount(string text) => Bracket().Count(text);

    private MatchCollection Marks => Bracket().Matches(Bracketed);

    private static string Plain(string text) => text.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\[(.+?)\]")]
    private static partial Regex Bracket();
}

/// <summary>Reads WinoBias: lines "N [entity] … [pronoun] …", and lists with one occupation a line.</summary>
/// <remarks>Zhao et al. 2018 (arXiv 1804.06876). The N-th sentences of a pro- and an anti-stereotyped file belong together.</remarks>
public static class WinoBiasFile
{
    /// <summary>Reads one file of sentences.</summary>
    /// <exception cref="AlidadeException">The file or a line cannot be used.</exception>
    public static DataSet<WinoBiasSentence> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var text = row.Text("text");
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 1 || !int.TryParse(text.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw row.Error("text", "does not begin with a number and a space", "no number");
        var sentence = text[(space + 1)..].Trim();
        return WinoBiasSentence.MarkCount(sentence) >= 2
            ? new WinoBiasSentence($"winobias-{number}", sentence)
            : throw row.Error("text", "needs an [entity] and a [pronoun] in brackets", "no brackets");
    }, RowFile.ReadLines(path));

    /// <summary>Reads a list of occupations: names trimmed, empty lines left out, each name once, longest first and else in the order of the lists.</summary>
    /// <exception cref="AlidadeException">A file cannot be read.</exception>
    public static IReadOnlyList<string> ReadOccupations(params string[] paths) =>
        [.. paths.SelectMany(RowFile.ReadLines).Select(read => read().Text("text").Trim()).Distinct(StringComparer.Ordinal)
            .OrderByDescending(n => n.EnumerateRunes().Count()).ThenBy(n => n, StringComparer.Ordinal)];
}
