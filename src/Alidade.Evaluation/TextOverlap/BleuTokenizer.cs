using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>How BLEU finds the tokens of a text.</summary>
public enum BleuTokens
{
    /// <summary>mteval-v13a, the tokens of WMT: punctuation stands apart, but within numbers.</summary>
    V13a,

    /// <summary>mteval-v14 international: Unicode punctuation stands apart but next to a number, symbols always.</summary>
    International,

    /// <summary>Single characters (code points).</summary>
    Characters,

    /// <summary>What white space separates.</summary>
    WhiteSpace,

    /// <summary>Chinese characters stand alone, the rest as <see cref="V13a"/>.</summary>
    Chinese,
}

/// <summary>The tokenizers of sacrebleu 2.6.0.</summary>
internal static partial class BleuTokenizer
{
    /// <summary>What sacrebleu takes for Chinese characters and wide signs.</summary>
    /// <remarks>U+2001 … U+2A6D stands there for U+20000 … U+2A6D6, which its source writes with four digits: general punctuation, arrows and mathematics stand alone
    /// too, and the ideographs of extension B do not. It is kept, because published scores were computed with it.</remarks>
    private static readonly (char First, char Last)[] ChineseRanges =
    [
        ('\u3400', '\u4DB5'), ('\u4E00', '\u9FA5'), ('\u9FA6', '\u9FBB'), ('\uF900', '\uFA2D'), ('\uFA30', '\uFA6A'), ('\uFA70', '\uFAD9'), ('\u2001', '\u2A6D'),
        ('\u2F81', '\u2FA1'), ('\uFF00', '\uFFEF'), ('\u2E80', '\u2EFF'), ('\u3000', '\u303F'), ('\u31C0', '\u31EF'), ('\u2F00', '\u2FDF'), ('\u2FF0', '\u2FFF'),
        ('\u3100', '\u312F'), ('\u31A0', '\u31BF'), ('\uFE10', '\uFE1F'), ('\uFE30', '\uFE4F'), ('\u2600', '\u26FF'), ('\u2700', '\u27BF'), ('\u3200', '\u32FF'),
        ('\u3300', '\u33FF'),
    ];

    /// <summary>The tokens of a text; white space at its end never counts.</summary>
    public static string[] Of(string text, BleuTokens tokens)
    {
        text = PythonText.StripEnd(text);
        return PythonText.Words(tokens switch
        {
            BleuTokens.V13a => Western(" " + Unescaped(text) + " "),
            BleuTokens.International => International(text),
            BleuTokens.Characters => string.Join(' ', text.EnumerateRunes()),
            BleuTokens.Chinese => Western(string.Concat(PythonText.Strip(text).Select(c => IsChinese(c) ? $" {c} " : c.ToString()))),
            _ => text,
        });
    }

    private static bool IsChinese(char c) => ChineseRanges.Any(r => r.First <= c && c <= r.Last);

    private static string Unescaped(string text) => text
        .Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal).Replace("\n", " ", StringComparison.Ordinal)
        .Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
        .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);

    private static string Western(string text)
    {
        text = Punctuation().Replace(text, " $1 ");
        text = StopAfterOther().Replace(text, "$1 $2 ");
        text = StopBeforeOther().Replace(text, " $1 $2");
        return DashAfterDigit().Replace(text, "$1 $2 ");
    }

    // By code points: a regular expression of .NET would see half an emoji, which is in no category.
    private static string International(string text)
    {
        IEnumerable<Rune> runes = text.EnumerateRunes();
        var space = new Rune(' ');
        runes = Pairs([.. runes], (a, b) => !IsNumber(a) && IsPunctuation(b), (a, b) => [a, space, b, space]);
        runes = Pairs([.. runes], (a, b) => IsPunctuation(a) && !IsNumber(b), (a, b) => [space, a, space, b]);
        return string.Concat(runes.Select(r => IsSymbol(r) ? $" {r} " : r.ToString()));
    }

    /// <summary>Replaces neighbours that match, from left to right, each rune taken once.</summary>
    private static List<Rune> Pairs(Rune[] runes, Func<Rune, Rune, bool> match, Func<Rune, Rune, Rune[]> by)
    {
        var result = new List<Rune>();
        for (var i = 0; i < runes.Length; i++)
            if (i + 1 < runes.Length && match(runes[i], runes[i + 1]))
                result.AddRange(by(runes[i], runes[++i]));
            else
                result.Add(runes[i]);
        return result;
    }

    private static bool IsNumber(Rune r) => Rune.GetUnicodeCategory(r) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsPunctuation(Rune r) => Rune.IsPunctuation(r);

    private static bool IsSymbol(Rune r) => Rune.IsSymbol(r);

    [GeneratedRegex(@"([{-~\[-` -&(-+:-@/])")]
    private static partial Regex Punctuation();

    [GeneratedRegex("([^0-9])([.,])")]
    private static partial Regex StopAfterOther();

    [GeneratedRegex("([.,])([^0-9])")]
    private static partial Regex StopBeforeOther();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex DashAfterDigit();
}
