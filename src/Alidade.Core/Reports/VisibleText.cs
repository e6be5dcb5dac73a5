using System.Globalization;
using System.Text;

namespace Alidade.Core.Reports;

/// <summary>
/// Shows what text hides: control characters, marks that turn the direction of writing, invisible tags and halves of surrogate pairs become signs that a
/// person sees, and that neither a terminal nor a page acts on.
/// </summary>
public static class VisibleText
{
    /// <summary>Keeps line feeds and tabs; a carriage return before a line feed is dropped.</summary>
    public static string Block(string text) => Show(text.Replace("\r\n", "\n", StringComparison.Ordinal), keepLayout: rune => rune.Value is '\n' or '\t');

    /// <summary>One line: line feeds and tabs are shown as well.</summary>
    public static string Line(string text) => Show(text, keepLayout: _ => false);

    /// <summary>A token: spaces at its ends are shown too, and an empty one is told.</summary>
    public static string Token(string token)
    {
        if (token.Length == 0)
            return "(empty)";
        var core = token.Trim(' ');
        var head = token.Length - token.TrimStart(' ').Length;
        var tail = token.Length - head - core.Length;
        return new string('·', head) + Line(core) + new string('·', tail);
    }

    private static string Show(string text, Func<Rune, bool> keepLayout)
    {
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (keepLayout(rune))
                shown.Append((char)rune.Value);
            else if (rune.Value == '\n')
                shown.Append('⏎');
            else if (rune.Value == '\t')
                shown.Append('⇥');
            else if (rune.Value < 0x20)
                shown.Append((char)(0x2400 + rune.Value));
            else if (rune.Value == 0x7F)
                shown.Append('␡');
            else if (IsHidden(rune.Value))
                shown.Append(CultureInfo.InvariantCulture, $"⟨U+{rune.Value:X4}⟩");
            else
                shown.Append(rune.ToString());
        }

        return shown.ToString();
    }

    private static bool IsHidden(int code) => code is
        (>= 0x80 and <= 0x9F)
        or 0xAD or 0x61C or 0x180E or 0x200B or 0x200E or 0x200F
        or (>= 0x2028 and <= 0x202E)
        or (>= 0x2060 and <= 0x206F)
        or 0xFEFF or 0xFFFE or 0xFFFF
        or (>= 0xFFF9 and <= 0xFFFB)
        or (>= 0xE0000 and <= 0xE0FFF);
}
