using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Reads a pattern in the syntax of Oniguruma's Ruby mode, which tokenizer.json files use: ^ and $ are line ends, classes nest and intersect,
/// \p knows scripts, \s is White_Space.
/// </summary>
internal sealed class PatternParser
{
    private readonly string pattern;
    private readonly string where;
    private int position;
    private bool ignoreCase;
    private bool dotAll;
    private bool extended;
    private int groups;
    private int depth;

    private PatternParser(string pattern, string where)
    {
        this.pattern = pattern;
        this.where = where;
    }

    /// <summary>Parses a pattern.</summary>
    /// <param name="pattern">The pattern's text.</param>
    /// <param name="where">File and field, for the message.</param>
    /// <returns>The tree and the number of groups.</returns>
    /// <exception cref="AlidadeException">The pattern is malformed.</exception>
    /// <exception cref="NotBuiltException">The pattern uses syntax that is not supported.</exception>
    public static (PatternNode Root, int Groups) Parse(string pattern, string where)
    {
        var parser = new PatternParser(pattern, where);
        var root = parser.Alternatives();
        if (parser.position < pattern.Length)
            throw parser.Malformed("unmatched )");
        return (root, parser.groups);
    }

    private bool More => position < pattern.Length;

    private AlidadeException Malformed(string what) => new($"{where}: the pattern '{pattern}' is malformed at character {position + 1}: {what}");

    private NotBuiltException Unsupported(string what) => new($"{where}: the pattern syntax {what} is not supported");

    private bool Accept(string text)
    {
        if (string.CompareOrdinal(pattern, position, text, 0, text.Length) != 0)
            return false;
        position += text.Length;
        return true;
    }

    private int Next()
    {
        if (!More)
            throw Malformed("it ends too early");
        var c = CodePoints.At(pattern, position);
        position += CodePoints.Utf16Length(c);
        return c;
    }

    private PatternNode Alternatives()
    {
        if (++depth > 100)
            throw Malformed("more than 100 nested groups");
        var (wasCase, wasAll, wasExtended) = (ignoreCase, dotAll, extended);
        var alternatives = new List<PatternNode> { Parts() };
        while (Accept("|"))
            alternatives.Add(Parts());
        (ignoreCase, dotAll, extended) = (wasCase, wasAll, wasExtended);
        depth--;
        return alternatives.Count == 1 ? alternatives[0] : new PatternNode.Alternation(alternatives);
    }

    private PatternNode Parts()
    {
        var parts = new List<PatternNode>();
        while (More && pattern[position] is not ('|' or ')'))
        {
            if (extended && SkipBlank())
                continue;
            if (Atom() is { } atom)
                parts.Add(Quantified(atom));
        }

        return parts.Count == 1 ? parts[0] : new PatternNode.Sequence(parts);
    }

    private bool SkipBlank()
    {
        if (char.IsWhiteSpace(pattern[position]))
        {
            position++;
            return true;
        }

        if (pattern[position] != '#')
            return false;
        while (More && pattern[position] != '\n')
            position++;
        return true;
    }

    private PatternNode Quantified(PatternNode atom)
    {
        while (More)
        {
            var (minimum, maximum, counted) = (0, int.MaxValue, false);
            if (Accept("*"))
            {
            }
            else if (Accept("+"))
                minimum = 1;
            else if (Accept("?"))
                maximum = 1;
            else if (pattern[position] == '{' && Counts() is { } counts)
                (minimum, maximum, counted) = (counts.Minimum, counts.Maximum, true);
            else
                break;
            if (maximum < minimum)
                throw Malformed("a repetition's maximum is below its minimum");
            var lazy = Accept("?");
            atom = new PatternNode.Repeat(atom, minimum, maximum, lazy);
            // A plus after a counted repetition repeats it once more in Ruby's syntax; the loop comes round for it.
            if (!lazy && !counted && Accept("+"))
                atom = new PatternNode.Atomic(atom);
        }

        return atom;
    }

    private (int Minimum, int Maximum)? Counts()
    {
        // A brace that opens no count stands for itself, and there may be as many as characters: none may look further than a count goes.
        var end = position + 1;
        while (end < pattern.Length && (char.IsAsciiDigit(pattern[end]) || pattern[end] == ','))
            end++;
        if (end == pattern.Length || pattern[end] != '}')
            return null;
        var parts = pattern[(position + 1)..end].Split(',');
        var low = 0;
        var high = int.MaxValue;
        if (parts.Length > 2 || parts.All(p => p.Length == 0) || (parts[0].Length > 0 && !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out low)))
            return null;
        if (parts.Length == 1)
            high = low;
        else if (parts[1].Length > 0 && !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out high))
            return null;
        if (low > 1000 || (high > 1000 && high != int.MaxValue))
            throw Unsupported("{n,m} with more than 1000");
        position = end + 1;
        return (low, high);
    }

    private PatternNode? Atom()
    {
        var c = Next();
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                return new PatternNode.Set(Folded(PatternClass()));
            case '.':
                return new PatternNode.Set(dotAll ? new CharacterSet(_ => true) : CharacterSet.Of('\n').Not());
            case '^':
                return new PatternNode.Place(PatternPlace.LineStart);
            case '$':
                return new PatternNode.Place(PatternPlace.LineEnd);
            case '*' or '+' or '?':
                throw Malformed("nothing to repeat");
            case '\\':
                return Escape();
            default:
                return new PatternNode.Set(Folded(CharacterSet.Of(c)));
        }
    }

    private CharacterSet Folded(CharacterSet set) => ignoreCase ? set.IgnoringCase() : set;

    private PatternNode? Group()
    {
        PatternNode Closed(PatternNode inner) => Accept(")") ? inner : throw Malformed("a group is not closed");
        if (!Accept("?"))
        {
            var number = ++groups;
            return new PatternNode.Group(number, Closed(Alternatives()));
        }

        if (Accept(":"))
            return Closed(Alternatives());
        if (Accept("="))
            return new PatternNode.Look(Closed(Alternatives()), Behind: false, Negative: false);
        if (Accept("!"))
            return new PatternNode.Look(Closed(Alternatives()), Behind: false, Negative: true);
        if (Accept("<="))
            return Behind(Closed(Alternatives()), false);
        if (Accept("<!"))
            return Behind(Closed(Alternatives()), true);
        if (Accept(">"))
            return new PatternNode.Atomic(Closed(Alternatives()));
        if (Accept("#"))
        {
            var end = pattern.IndexOf(')', position);
            position = end < 0 ? throw Malformed("a comment is not closed") : end + 1;
            return null;
        }

        return Flags();
    }

    private PatternNode.Look Behind(PatternNode part, bool negative)
    {
        var alternatives = part is PatternNode.Alternation a ? a.Alternatives : [part];
        if (alternatives.Any(x => x.FixedLength < 0))
            throw Unsupported("(?<=…) of varying length");
        return new PatternNode.Look(part, Behind: true, negative);
    }

    private PatternNode Flags()
    {
        var on = true;
        var (wasCase, wasAll, wasExtended) = (ignoreCase, dotAll, extended);
        for (; ; )
        {
            var c = Next();
            switch (c)
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    ignoreCase = on;
                    break;
                case 'm':
                    dotAll = on;
                    break;
                case 'x':
                    extended = on;
                    break;
                case ':':
                    var inner = Alternatives();
                    (ignoreCase, dotAll, extended) = (wasCase, wasAll, wasExtended);
                    return Accept(")") ? inner : throw Malformed("a group is not closed");
                case ')':
                    // The flags hold to the end of the group around them, alternatives included.
                    return Alternatives();
                default:
                    throw Unsupported($"(?{CodePoints.ToText(c)}…)");
            }
        }
    }

    private PatternNode Escape()
    {
        var c = Next();
        switch (c)
        {
            case 'b':
                return new PatternNode.Place(PatternPlace.WordBoundary);
            case 'B':
                return new PatternNode.Place(PatternPlace.NoWordBoundary);
            case 'A':
                return new PatternNode.Place(PatternPlace.TextStart);
            case 'z':
                return new PatternNode.Place(PatternPlace.TextEnd);
            case 'Z':
                return new PatternNode.Place(PatternPlace.TextEndBeforeLineFeed);
            case 'X':
                return new PatternNode.Grapheme();
            case 'R':
                return Parse(@"(?>\r\n|[\n-\r\x{85}\x{2028}\x{2029}])", where).Root;
            case >= '1' and <= '9':
                return new PatternNode.BackReference(c - '0');
            case 'G' or 'K' or 'k' or 'g' or 'y' or 'Y' or 'O' or 'N':
                throw Unsupported("\\" + (char)c);
            default:
                return new PatternNode.Set(Folded(EscapedSet(c)));
        }
    }

    private CharacterSet EscapedSet(int c) => c switch
    {
        'd' => CharacterSet.Property("Nd")!,
        'D' => CharacterSet.Property("Nd")!.Not(),
        's' => new(CodePoints.IsWhiteSpace),
        'S' => new(x => !CodePoints.IsWhiteSpace(x)),
        'w' => CharacterSet.Word,
        'W' => CharacterSet.Word.Not(),
        'h' => CharacterSet.Property("xdigit")!,
        'H' => CharacterSet.Property("xdigit")!.Not(),
        'p' or 'P' => Property(c == 'P'),
        _ => CharacterSet.Of(EscapedCharacter(c)),
    };

    private CharacterSet Property(bool negative)
    {
        string name;
        if (Accept("{"))
        {
            var end = pattern.IndexOf('}', position);
            if (end < 0)
                throw Malformed("\\p{ is not closed");
            name = pattern[position..end];
            position = end + 1;
        }
        else
        {
            name = CodePoints.ToText(Next());
        }

        if (name.StartsWith('^'))
            (name, negative) = (name[1..], !negative);
        if (name.IndexOf('=', StringComparison.Ordinal) is var equals and >= 0)
            name = name[(equals + 1)..];
        var set = CharacterSet.Property(name) ?? throw Unsupported($"\\p{{{name}}}");
        return negative ? set.Not() : set;
    }

    private int EscapedCharacter(int c)
    {
        switch (c)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'a':
                return '\a';
            case 'e':
                return 0x1B;
            case '0':
                return 0;
            case 'u':
                return Hexadecimal(4, 4);
            case 'x' when Accept("{"):
                var value = Hexadecimal(1, 8);
                return Accept("}") ? value : throw Malformed("\\x{ is not closed");
            case 'x':
                return Hexadecimal(1, 2);
            default:
                return c < 128 && char.IsAsciiLetterOrDigit((char)c) ? throw Unsupported("\\" + (char)c) : c;
        }
    }

    private int Hexadecimal(int least, int most)
    {
        var start = position;
        while (More && position - start < most && char.IsAsciiHexDigit(pattern[position]))
            position++;
        if (position - start < least)
            throw Malformed("hexadecimal digits are missing");
        var value = long.Parse(pattern.AsSpan(start, position - start), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value <= 0x10FFFF ? (int)value : throw Malformed("a code point above 10FFFF");
    }

    // Called behind the opening bracket.
    private CharacterSet PatternClass()
    {
        if (++depth > 100)
            throw Malformed("more than 100 nested classes");
        var negative = Accept("^");
        var items = new List<CharacterSet>();
        CharacterSet? intersection = null;
        var first = true;
        for (; ; first = false)
        {
            var c = Next();
            if (c == ']' && !first)
                break;
            if (c == '&' && Accept("&"))
            {
                intersection = Intersect(intersection, items);
                items = [];
            }
            else
            {
                items.Add(Item(c));
            }
        }

        depth--;
        var all = Intersect(intersection, items);
        return negative ? Folded(all).Not() : all;
    }

    private static CharacterSet Intersect(CharacterSet? before, List<CharacterSet> items)
    {
        var union = items.Count == 0 ? new CharacterSet(_ => false) : CharacterSet.Union(items);
        return before is null ? union : before.And(union);
    }

    private CharacterSet Item(int c)
    {
        if (c == '[')
            return Accept(":") ? Posix() : PatternClass();
        if (c == '\\')
        {
            var escaped = Next();
            if (escaped is 'd' or 'D' or 's' or 'S' or 'w' or 'W' or 'h' or 'H' or 'p' or 'P')
                return EscapedSet(escaped);
            c = escaped == 'b' ? '\b' : EscapedCharacter(escaped);
        }

        if (position + 1 >= pattern.Length || pattern[position] != '-' || pattern[position + 1] == ']' || pattern[position + 1] == '[')
            return CharacterSet.Of(c);
        position++;
        var last = Next();
        if (last == '\\')
            last = EscapedCharacter(Next());
        return last < c ? throw Malformed("a range runs backwards") : CharacterSet.Range(c, last);
    }

    private CharacterSet Posix()
    {
        var negative = Accept("^");
        var end = pattern.IndexOf(":]", position, StringComparison.Ordinal);
        if (end < 0)
            throw Malformed("[: is not closed");
        var name = pattern[position..end];
        position = end + 2;
        var set = CharacterSet.Property(name) ?? throw Unsupported($"[:{name}:]");
        return negative ? set.Not() : set;
    }
}
