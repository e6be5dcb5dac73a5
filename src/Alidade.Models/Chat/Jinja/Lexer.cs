using System.Globalization;
using System.Numerics;
using System.Text;

namespace Alidade.Models.Chat.Jinja;

internal enum TokenKind
{
    Data,
    PrintBegin,
    PrintEnd,
    BlockBegin,
    BlockEnd,
    Name,
    String,
    Number,
    Operator,
    End,
}

/// <param name="Text">The name, operator, string value or template text.</param>
/// <param name="Number">The value of a number token.</param>
/// <param name="At">Offset in the source text.</param>
internal readonly record struct Token(TokenKind Kind, string Text, object? Number, int At)
{
    public bool IsOperator(string text) => Kind == TokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == TokenKind.Name && Text == text;

    public string Describe() => Kind switch
    {
        TokenKind.PrintEnd => "'}}'",
        TokenKind.BlockEnd => "'%}'",
        TokenKind.BlockBegin => "'{%'",
        TokenKind.PrintBegin => "'{{'",
        TokenKind.Data => "template text",
        TokenKind.End => "the end of the template",
        TokenKind.String => "a string",
        TokenKind.Number => "a number",
        _ => $"'{Text}'",
    };
}

/// <summary>
/// Splits a template into text and tags with the options chat templates are written for: <c>trim_blocks</c> (the line end after a block tag is dropped) and
/// <c>lstrip_blocks</c> (spaces before a block tag or comment that is first on its line are dropped); <c>-</c> and <c>+</c> in a tag override both.
/// </summary>
internal sealed class Lexer(SourceText source)
{
    private static readonly string[] Operators =
        ["**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string text = source.Text;
    private readonly List<Token> tokens = [];
    private readonly Stack<char> open = [];
    private int position;

    public List<Token> Run()
    {
        while (position < text.Length)
            ReadTextAndTag();
        tokens.Add(new(TokenKind.End, "", null, text.Length));
        return tokens;
    }

    private void ReadTextAndTag()
    {
        var tag = NextTag(position);
        if (tag < 0)
        {
            AddData(position, text.Length);
            position = text.Length;
            return;
        }

        var kind = text[tag + 1];
        var sign = tag + 2 < text.Length && text[tag + 2] is '-' or '+' ? text[tag + 2] : '\0';
        AddStripped(tag, sign, kind != '{');
        position = tag + (sign == '\0' ? 2 : 3);
        if (kind == '#')
            SkipComment(tag);
        else if (kind == '%' && TryRawBegin() is { } start)
            ReadRaw(tag, start);
        else
            ReadTag(tag, kind == '%');
    }

    private int NextTag(int from)
    {
        for (var i = text.IndexOf('{', from); i >= 0 && i + 1 < text.Length; i = text.IndexOf('{', i + 1))
            if (text[i + 1] is '{' or '%' or '#')
                return i;
        return -1;
    }

    private void AddData(int start, int end)
    {
        if (end > start)
            tokens.Add(new(TokenKind.Data, text[start..end], null, start));
    }

    // The text before a tag, less what the tag's sign (or its being a block tag, first on its line) takes away.
    private void AddStripped(int end, char sign, bool blockOrComment)
    {
        var start = position;
        if (sign == '-')
        {
            while (end > start && PyText.IsSpace(text[end - 1]))
                end--;
        }
        else if (sign != '+' && blockOrComment && source.Dialect.TrimsBlocks)
        {
            var line = end;
            while (line > start && text[line - 1] != '\n' && PyText.IsSpace(text[line - 1]))
                line--;
            if (line > start ? text[line - 1] == '\n' : start == 0 || text[start - 1] == '\n')
                end = line;
        }

        AddData(start, end);
    }

    private void SkipComment(int tag)
    {
        var end = text.IndexOf("#}", position, StringComparison.Ordinal);
        if (end < 0)
            throw source.Error(tag, "the comment is not closed: '#}' is missing");
        var sign = end > position ? text[end - 1] : '\0';
        position = end + 2;
        AfterTag(sign);
    }

    // What the end of a block tag or comment takes from the text after it.
    private void AfterTag(char sign)
    {
        if (sign == '-')
            SkipSpace();
        else if (sign != '+' && source.Dialect.TrimsBlocks && position < text.Length && text[position] == '\n')
            position++;
    }

    private void SkipSpace()
    {
        while (position < text.Length && PyText.IsSpace(text[position]))
            position++;
    }

    private int? TryRawBegin()
    {
        var i = SpaceFrom(position);
        if (!text.AsSpan(i).StartsWith("raw"))
            return null;
        i = SpaceFrom(i + 3);
        if (text.AsSpan(i).StartsWith("-%}"))
            return SpaceFrom(i + 3);
        return text.AsSpan(i).StartsWith("%}") ? i + 2 : null;
    }

    private int SpaceFrom(int i)
    {
        while (i < text.Length && PyText.IsSpace(text[i]))
            i++;
        return i;
    }

    private void ReadRaw(int tag, int start)
    {
        position = start;
        for (var i = text.IndexOf("{%", start, StringComparison.Ordinal); i >= 0; i = text.IndexOf("{%", i + 2, StringComparison.Ordinal))
        {
            var sign = i + 2 < text.Length && text[i + 2] is '-' or '+' ? text[i + 2] : '\0';
            var name = SpaceFrom(i + (sign == '\0' ? 2 : 3));
            if (!text.AsSpan(name).StartsWith("endraw"))
                continue;
            var end = SpaceFrom(name + 6);
            var endSign = end < text.Length && text[end] is '-' or '+' ? text[end] : '\0';
            if (endSign != '\0')
                end++;
            if (!text.AsSpan(end).StartsWith("%}"))
                continue;
            AddStripped(i, sign, blockOrComment: true);
            position = end + 2;
            AfterTag(endSign);
            return;
        }

        throw source.Error(tag, "the raw block is not closed: '{% endraw %}' is missing");
    }

    private void ReadTag(int tag, bool block)
    {
        tokens.Add(new(block ? TokenKind.BlockBegin : TokenKind.PrintBegin, block ? "{%" : "{{", null, tag));
        open.Clear();
        while (position < text.Length)
        {
            if (open.Count == 0 && TryTagEnd(block))
                return;
            if (PyText.IsSpace(text[position]))
                position++;
            else
                ReadToken();
        }
    }

    private bool TryTagEnd(bool block)
    {
        var rest = text.AsSpan(position);
        var sign = rest[0] == '-' || (block && rest[0] == '+') ? rest[0] : '\0';
        var close = block ? "%}" : "}}";
        if (!rest[(sign == '\0' ? 0 : 1)..].StartsWith(close))
            return false;
        tokens.Add(new(block ? TokenKind.BlockEnd : TokenKind.PrintEnd, close, null, position));
        position += sign == '\0' ? 2 : 3;
        if (block)
            AfterTag(sign);
        else if (sign == '-')
            SkipSpace();
        return true;
    }

    private void ReadToken()
    {
        var start = position;
        var c = text[position];
        if (char.IsAsciiDigit(c))
            ReadNumber();
        else if (IsWord(c))
        {
            while (position < text.Length && IsWord(text[position]))
                position++;
            tokens.Add(new(TokenKind.Name, text[start..position], null, start));
        }
        else if (c is '\'' or '"')
            ReadString(c);
        else if (Operators.FirstOrDefault(o => text.AsSpan(start).StartsWith(o)) is { } found)
        {
            Balance(found[0], start);
            position += found.Length;
            tokens.Add(new(TokenKind.Operator, found, null, start));
        }
        else
            throw source.Error(start, $"unexpected character '{c}'");
    }

    private static bool IsWord(char c) => c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);

    private void Balance(char c, int at)
    {
        if (c is '(' or '[' or '{')
            open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        else if (c is ')' or ']' or '}')
        {
            if (!open.TryPop(out var expected))
                throw source.Error(at, $"unexpected '{c}'");
            if (expected != c)
                throw source.Error(at, $"unexpected '{c}', expected '{expected}'");
        }
    }

    private void ReadNumber()
    {
        var start = position;
        if (text[position] == '0' && position + 2 < text.Length && char.ToLowerInvariant(text[position + 1]) is var mark and ('x' or 'o' or 'b'))
        {
            var radix = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
            var value = BigInteger.Zero;
            for (position += 2; position < text.Length && (text[position] == '_' || DigitOf(text[position]) < radix); position++)
                if (text[position] != '_')
                    value = value * radix + DigitOf(text[position]);
            tokens.Add(new(TokenKind.Number, text[start..position], value, start));
            return;
        }

        Digits();
        var isFloat = false;
        // "l.0.1" reads as two steps into l, so a number after a dot takes no fraction.
        var afterDot = start > 0 && text[start - 1] == '.';
        if (!afterDot && At('.') && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]))
        {
            isFloat = true;
            position++;
            Digits();
        }

        if (!afterDot && (At('e') || At('E')))
        {
            var exponent = position + 1 < text.Length && text[position + 1] is '+' or '-' ? position + 2 : position + 1;
            if (exponent < text.Length && char.IsAsciiDigit(text[exponent]))
            {
                isFloat = true;
                position = exponent;
                Digits();
            }
        }

        var digits = text[start..position].Replace("_", "", StringComparison.Ordinal);
        if (digits.Length > Printing.IntegerDigits)
            throw source.Error(start, "the number is too long");
        tokens.Add(new(TokenKind.Number, digits,
            isFloat ? double.Parse(digits, CultureInfo.InvariantCulture) : BigInteger.Parse(digits, CultureInfo.InvariantCulture), start));
    }

    private static int DigitOf(char c) => char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;

    private bool At(char c) => position < text.Length && text[position] == c;

    private void Digits()
    {
        while (position < text.Length && (char.IsAsciiDigit(text[position])
            || (text[position] == '_' && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]))))
            position++;
    }

    private void ReadString(char quote)
    {
        var start = position++;
        var value = new StringBuilder();
        while (position < text.Length && text[position] != quote)
        {
            if (text[position] == '\\' && position + 1 < text.Length)
                ReadEscape(value);
            else
                value.Append(text[position++]);
        }

        if (position >= text.Length)
            throw source.Error(start, $"the string is not closed: {quote} is missing");
        position++;
        tokens.Add(new(TokenKind.String, value.ToString(), null, start));
    }

    // Python's "unicode-escape": an unknown escape stays as it is written.
    private void ReadEscape(StringBuilder value)
    {
        var c = text[position + 1];
        if ("xuU".Contains(c, StringComparison.Ordinal))
        {
            var length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            var digits = text.AsSpan(position + 2, Math.Min(length, text.Length - position - 2));
            if (digits.Length < length || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code is < 0 or > 0x10FFFF)
                throw source.Error(position, $"the escape \\{c} needs {length} hexadecimal digits of a character");
            value.Append(code > 0xFFFF ? char.ConvertFromUtf32(code) : ((char)code).ToString());
            position += 2 + length;
            return;
        }

        if (c is >= '0' and <= '7')
        {
            var code = 0;
            var end = position + 1;
            for (; end < text.Length && end < position + 4 && text[end] is >= '0' and <= '7'; end++)
                code = code * 8 + (text[end] - '0');
            value.Append((char)code);
            position = end;
            return;
        }

        const string Letters = "abfnrtv\\'\"\n";
        const string Meanings = "\a\b\f\n\r\t\v\\'\"\0";
        var known = Letters.IndexOf(c, StringComparison.Ordinal);
        if (known < 0)
            value.Append('\\').Append(c);
        else if (c != '\n')
            value.Append(Meanings[known]);
        position += 2;
    }
}
