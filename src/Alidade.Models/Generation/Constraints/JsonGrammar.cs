using System.Text.Json.Nodes;
using static Alidade.Models.Generation.Constraints.GrammarNode;

namespace Alidade.Models.Generation.Constraints;

/// <summary>The parts of JSON (RFC 8259) as grammar, with bounds that keep a model from writing spaces or digits for ever.</summary>
internal static class JsonGrammar
{
    /// <summary>Depth of arrays and objects where a schema leaves the content open.</summary>
    private const int OpenDepth = 12;

    private static readonly GrammarNode Digit = Bytes(((byte)'0', (byte)'9'));
    private static readonly GrammarNode Hex = Bytes(((byte)'0', (byte)'9'), ((byte)'a', (byte)'f'), ((byte)'A', (byte)'F'));
    private static readonly GrammarNode Tail = Bytes((0x80, 0xBF));

    // Well-formed sequences of two to four bytes, Unicode table 3-7.
    private static readonly GrammarNode[] MultiByte =
    [
        Sequence(Bytes((0xC2, 0xDF)), Tail),
        Sequence(Bytes((0xE0, 0xE0)), Bytes((0xA0, 0xBF)), Tail),
        Sequence(Bytes((0xE1, 0xEC), (0xEE, 0xEF)), Tail, Tail),
        Sequence(Bytes((0xED, 0xED)), Bytes((0x80, 0x9F)), Tail),
        Sequence(Bytes((0xF0, 0xF0)), Bytes((0x90, 0xBF)), Tail, Tail),
        Sequence(Bytes((0xF1, 0xF3)), Tail, Tail, Tail),
        Sequence(Bytes((0xF4, 0xF4)), Bytes((0x80, 0x8F)), Tail, Tail),
    ];

    // Half of a surrogate pair alone is no character.
    private static readonly GrammarNode Escape = Sequence(Text("\\"), AnyOf(
        Bytes(((byte)'"', (byte)'"'), ((byte)'\\', (byte)'\\'), ((byte)'/', (byte)'/'), ((byte)'b', (byte)'b'), ((byte)'f', (byte)'f'), ((byte)'n', (byte)'n'), ((byte)'r', (byte)'r'), ((byte)'t', (byte)'t')),
        Sequence(Text("u"), Bytes(((byte)'0', (byte)'9'), ((byte)'a', (byte)'c'), ((byte)'A', (byte)'C'), ((byte)'e', (byte)'f'), ((byte)'E', (byte)'F')), Hex, Hex, Hex),
        Sequence(Text("u"), Bytes(((byte)'d', (byte)'d'), ((byte)'D', (byte)'D')), Bytes(((byte)'0', (byte)'7')), Hex, Hex),
        Sequence(
            Text("u"), Bytes(((byte)'d', (byte)'d'), ((byte)'D', (byte)'D')), Bytes(((byte)'8', (byte)'9'), ((byte)'a', (byte)'b'), ((byte)'A', (byte)'B')), Hex, Hex,
            Text("\\u"), Bytes(((byte)'d', (byte)'d'), ((byte)'D', (byte)'D')), Bytes(((byte)'c', (byte)'f'), ((byte)'C', (byte)'F')), Hex, Hex)));

    private static readonly GrammarNode Character = AnyOf([Bytes((0x20, 0x21), (0x23, 0x5B), (0x5D, 0x7F)), Escape, .. MultiByte]);

    // Each byte of ASCII that a name holds without an escape, as a range of its own.
    private static readonly (byte From, byte To)[] Printable = [.. Enumerable.Range(0x20, 0x60).Select(b => (byte)b).Where(b => b != '"' && b != '\\').Select(b => (b, b))];

    // What follows where a name has left all the given ones: it is written without escapes.
    private static readonly GrammarNode RestOfName = Sequence(Repeat(AnyOf([Bytes((0x20, 0x21), (0x23, 0x5B), (0x5D, 0x7F)), .. MultiByte]), 0, null), Text("\""));

    // Any value of each depth. One deeper is made of the same node twice: made anew each time they would be 2¹² copies.
    private static readonly Lazy<GrammarNode[]> Open = new(static () =>
    {
        var text = String();
        var values = new GrammarNode[OpenDepth + 1];
        values[0] = AnyOf(text, Number!, Boolean!, Null!);
        for (var depth = 1; depth <= OpenDepth; depth++)
            values[depth] = AnyOf(text, Number!, Boolean!, Null!, Array(values[depth - 1], 0, null), Object(values[depth - 1]));
        return values;
    });

    /// <summary>Nothing, a space, or a new line with at most 20 spaces.</summary>
    public static readonly GrammarNode Space = AnyOf(Text(""), Text(" "), Sequence(Text("\n"), Repeat(Text(" "), 0, 20)));

    /// <summary>A colon between name and value.</summary>
    public static readonly GrammarNode Colon = Sequence(Text(":"), AnyOf(Text(""), Text(" ")));

    /// <summary>A comma between members or items.</summary>
    public static readonly GrammarNode Comma = Sequence(Text(","), Space);

    /// <summary>true or false.</summary>
    public static readonly GrammarNode Boolean = AnyOf(Text("true"), Text("false"));

    /// <summary>null.</summary>
    public static readonly GrammarNode Null = Text("null");

    /// <summary>A whole number of at most 18 digits, which every reader holds exactly.</summary>
    public static readonly GrammarNode Integer = AnyOf(Text("0"), Sequence(AnyOf(Text(""), Text("-")), Bytes(((byte)'1', (byte)'9')), Repeat(Digit, 0, 17)));

    /// <summary>A number of at most 15 digits before and behind the point, with an exponent of at most two.</summary>
    public static readonly GrammarNode Number = Sequence(
        AnyOf(Text(""), Text("-")),
        AnyOf(Text("0"), Sequence(Bytes(((byte)'1', (byte)'9')), Repeat(Digit, 0, 14))),
        AnyOf(Text(""), Sequence(Text("."), Repeat(Digit, 1, 15))),
        AnyOf(Text(""), Sequence(Bytes(((byte)'e', (byte)'e'), ((byte)'E', (byte)'E')), AnyOf(Text(""), Bytes(((byte)'+', (byte)'+'), ((byte)'-', (byte)'-'))), Repeat(Digit, 1, 2))));

    /// <summary>A string of so many code points.</summary>
    public static GrammarNode String(int least = 0, int? most = null) => Sequence(Text("\""), Repeat(Character, least, most), Text("\""));

    /// <summary>A value as it is written, without spaces.</summary>
    public static GrammarNode Literal(JsonNode? value) => Text(value is null ? "null" : value.ToJsonString(Core.Files.Json.Line));

    /// <summary>Any value, arrays and objects to a bounded depth.</summary>
    public static GrammarNode AnyValue() => Open.Value[OpenDepth];

    /// <summary>An object of any content.</summary>
    public static GrammarNode AnyObject() => Object(Open.Value[OpenDepth - 1]);

    /// <summary>An array of so many items.</summary>
    public static GrammarNode Array(GrammarNode item, int least, int? most)
    {
        var more = Sequence(item, Repeat(Sequence(Comma, item), Math.Max(0, least - 1), most - 1), Space);
        var content = most == 0 ? Text("") : least == 0 ? AnyOf(Text(""), more) : more;
        return Sequence(Text("["), Space, content, Text("]"));
    }

    /// <summary>A member whose name is any but the given ones.</summary>
    public static GrammarNode OtherMember(IReadOnlyCollection<string> names, GrammarNode value) =>
        Sequence(Text("\""), NameBut([.. names.Select(n => System.Text.Encoding.UTF8.GetBytes(n))], 0), Colon, value);

    // The rest of a name, closing quote included, that agrees so far with all the given ones. Such names are written without escapes, so that no spelling of a
    // given name slips through.
    private static GrammarNode NameBut(byte[][] names, int depth)
    {
        GrammarMachine.Descend();
        var nexts = names.Where(n => n.Length > depth).GroupBy(n => n[depth]).ToArray();
        var taken = nexts.Select(g => g.Key).ToHashSet();
        var ascii = Bytes([.. Printable.Where(range => !taken.Contains(range.From))]);
        // Where a given name goes on with a character beyond ASCII, no other such character is begun: its first byte could be the same.
        IEnumerable<GrammarNode> other = nexts.Any(g => g.Key >= 0x80) || names.Any(n => n.Length > depth && depth > 0 && n[depth - 1] >= 0xC2) ? [ascii] : [ascii, .. MultiByte];
        var branches = nexts.Select(g => Sequence(Bytes((g.Key, g.Key)), NameBut([.. g], depth + 1)))
            .Append(Sequence(AnyOf(other), RestOfName));
        if (names.All(n => n.Length != depth) && depth > 0)
            branches = branches.Append(Text("\""));
        return AnyOf(branches);
    }

    private static GrammarNode Object(GrammarNode value)
    {
        var member = OtherMember([], value);
        return Sequence(Text("{"), Space, AnyOf(Text(""), Sequence(member, Repeat(Sequence(Comma, member), 0, null), Space)), Text("}"));
    }
}
