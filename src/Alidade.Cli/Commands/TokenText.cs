using System.Globalization;
using System.Text;
using Alidade.Core.Reports;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Commands;

/// <summary>Rows as tokens: what is learned is green in a terminal, and stands between ⟦ and ⟧ elsewhere; a bar parts two tokens.</summary>
internal static class TokenText
{
    private const string Learned = "\u001b[32m", Read = "\u001b[2m", Plain = "\u001b[0m";

    public static string Of(RowTokens rows, bool colour)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{VisibleText.Line(rows.File)} for {rows.Objective}: {rows.Kept:n0} rows kept, {rows.Dropped.Values.Sum():n0} dropped, {rows.Truncated:n0} cut to the maximum length");
        foreach (var (reason, count) in rows.Dropped.OrderByDescending(d => d.Value).ThenBy(d => d.Key, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"  dropped {count:n0}: {VisibleText.Line(reason)}");
        text.AppendLine(colour ? $"{Learned}learned{Plain}, {Read}read only{Plain}; a bar parts two tokens" : "⟦learned⟧, the rest is read only; a bar parts two tokens");
        foreach (var row in rows.Rows)
        {
            var tokens = row.Stretches.Sum(s => s.Tokens.Count);
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"row {VisibleText.Line(row.Id)}: {tokens:n0} tokens, {row.Stretches.Sum(s => s.Tokens.Count(t => t.Scored)):n0} learned");
            foreach (var stretch in row.Stretches)
            {
                if (stretch.Name.Length > 0)
                    text.Append(stretch.Name).Append(": ");
                text.AppendLine(Tokens(stretch.Tokens, colour));
            }
        }

        return text.ToString();
    }

    private static string Tokens(IReadOnlyList<ShownToken> tokens, bool colour)
    {
        var text = new StringBuilder();
        var at = 0;
        while (at < tokens.Count)
        {
            var scored = tokens[at].Scored;
            var run = tokens.Skip(at).TakeWhile(t => t.Scored == scored).ToArray();
            var words = string.Join('|', run.Select(t => VisibleText.Line(t.Text)));
            text.Append(at > 0 && scored == tokens[at - 1].Scored ? "|" : "");
            text.Append(colour ? $"{(scored ? Learned : Read)}{words}{Plain}" : scored ? $"⟦{words}⟧" : words);
            at += run.Length;
        }

        return text.ToString();
    }
}
