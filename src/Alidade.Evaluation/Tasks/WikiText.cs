using System.Text;
using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Tasks;

/// <summary>Pages of WikiText, which are stored with blanks around their punctuation.</summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>wikitext</c>. Its rule for an apostrophe before a digit can match only text with slashes, and is left out.</remarks>
public static partial class WikiText
{
    private static readonly (string From, string To)[] Blanks =
    [
        ("s '", "s'"), (" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", "."), (" : ", ": "), (" ; ", "; "), (" . ", ". "), (" ! ", "! "), (" ? ", "? "), (" , ", ", "),
    ];

    private static readonly (string From, string To)[] Marks =
        [("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" ° ", "°"), (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "), (" 's", "'s")];

    /// <summary>The page as a person would write it.</summary>
    public static string Detokenise(string page)
    {
        page = Replaced(page, Blanks);
        page = Round().Replace(page, "($1)");
        page = Square().Replace(page, "[$1]");
        page = Curly().Replace(page, "{$1}");
        page = Double().Replace(page, "\"$1\"");
        page = Single().Replace(page, "'$1'");
        return Replaced(page, Marks);
    }

    /// <summary>
    /// Words of the page as it is stored: the number by which a word perplexity is taken. White space at either end counts one empty word.
    /// </summary>
    public static int Words(string page) => WhiteSpace().Split(page).Length;

    /// <summary>UTF-8 bytes of the page as it is stored: the number by which bits per byte are taken.</summary>
    public static int Bytes(string page) => Encoding.UTF8.GetByteCount(page);

    private static string Replaced(string text, (string From, string To)[] pairs) =>
        pairs.Aggregate(text, (current, pair) => current.Replace(pair.From, pair.To, StringComparison.Ordinal));

    [GeneratedRegex(@"\(\s*([^\)]*?)\s*\)")]
    private static partial Regex Round();

    [GeneratedRegex(@"\[\s*([^\]]*?)\s*\]")]
    private static partial Regex Square();

    [GeneratedRegex(@"{\s*([^}]*?)\s*}")]
    private static partial Regex Curly();

    [GeneratedRegex("\"\\s*([^\"]*?)\\s*\"")]
    private static partial Regex Double();

    [GeneratedRegex(@"'\s*([^']*?)\s*'")]
    private static partial Regex Single();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
