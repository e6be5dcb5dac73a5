using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Which of two texts gives way when both together are too long.</summary>
internal enum TruncationStrategy
{
    /// <summary>The longer one, until both are as long.</summary>
    LongestFirst,

    /// <summary>The first.</summary>
    OnlyFirst,

    /// <summary>The second.</summary>
    OnlySecond,
}

/// <summary>An end of a text.</summary>
internal enum TextSide
{
    /// <summary>The beginning.</summary>
    Left,

    /// <summary>The end.</summary>
    Right,
}

/// <summary>
/// Cuts encoded texts to a length. What does not fit is not lost: it comes as further parts of the same length, each of which begins with the last
/// <see cref="Stride"/> tokens of the part before it.
/// </summary>
internal sealed record Truncation
{
    private string where = "";

    /// <summary>The tokens that fit, special tokens included.</summary>
    public required int MaximumLength { get; init; }

    /// <summary>Which text gives way.</summary>
    public TruncationStrategy Strategy { get; init; }

    /// <summary>Tokens that neighbouring parts share.</summary>
    public int Stride { get; init; }

    /// <summary>The end at which tokens are cut off.</summary>
    public TextSide Direction { get; init; }

    /// <summary>Reads the field <c>truncation</c>; null when there is none.</summary>
    public static Truncation? Read(JsonField field) => field.IsMissing ? null : new()
    {
        where = field.Where,
        MaximumLength = field["max_length"].Integer,
        Strategy = field["strategy"].Name(TruncationStrategy.LongestFirst),
        Stride = field["stride"].IsMissing ? 0 : field["stride"].Integer,
        Direction = field["direction"].Name(TextSide.Right),
    };

    /// <summary>A cut to a length that a caller asked for.</summary>
    public static Truncation To(int length) => new() { where = "the maximum length", MaximumLength = length };

    /// <summary>The parts of each text, that which is kept first.</summary>
    /// <param name="texts">One or two encoded texts.</param>
    /// <param name="added">The special tokens that will be put in.</param>
    /// <exception cref="AlidadeException">The length leaves no room, or the text that should give way is missing or too short.</exception>
    public List<List<List<EncodedToken>>> Cut(List<List<EncodedToken>> texts, int added)
    {
        var room = MaximumLength - added;
        if (room < 0)
            throw new AlidadeException($"{where}: max_length {MaximumLength} has no room for the {added} special tokens");
        var total = texts.Sum(t => t.Count);
        if (total <= room)
            return [.. texts.Select(t => new List<List<EncodedToken>> { t })];
        var lengths = texts.Select(t => t.Count).ToArray();
        if (room == 0)
        {
            Array.Clear(lengths);
        }
        else if (Strategy == TruncationStrategy.LongestFirst)
        {
            Share(lengths, room);
        }
        else
        {
            var target = Strategy == TruncationStrategy.OnlyFirst ? 0 : 1;
            if (target >= lengths.Length)
                throw new AlidadeException($"{where}: the strategy only_second needs a second text to cut");
            if (lengths[target] <= total - room)
                throw new AlidadeException($"{where}: text {target + 1} has {lengths[target]} tokens, too few to take {total - room} away");
            lengths[target] -= total - room;
        }

        return [.. texts.Select((t, i) => Parts(t, lengths[i]))];
    }

    // The shorter keeps its length while it can; when both are too long each takes half, and the longer one the odd token.
    private static void Share(int[] lengths, int room)
    {
        if (lengths.Length == 1)
        {
            lengths[0] = room;
            return;
        }

        var (shorter, longer) = lengths[0] > lengths[1] ? (1, 0) : (0, 1);
        lengths[longer] = lengths[shorter] > room ? lengths[shorter] : Math.Max(lengths[shorter], room - lengths[shorter]);
        if (lengths[0] + lengths[1] <= room)
            return;
        lengths[shorter] = room / 2;
        lengths[longer] = room / 2 + room % 2;
    }

    private List<List<EncodedToken>> Parts(List<EncodedToken> tokens, int length)
    {
        if (length >= tokens.Count)
            return [tokens];
        if (length == 0)
            return [[], tokens];
        if (Stride >= length)
            throw new AlidadeException($"{where}: stride {Stride} must be below the {length} tokens that fit");
        var parts = new List<List<EncodedToken>>();
        var step = length - Stride;
        for (var at = 0; ; at += step)
        {
            var (start, end) = Direction == TextSide.Right
                ? (at, Math.Min(at + length, tokens.Count))
                : (Math.Max(tokens.Count - at - length, 0), tokens.Count - at);
            parts.Add(tokens[start..end]);
            if (Direction == TextSide.Right ? end == tokens.Count : start == 0)
                return parts;
        }
    }
}
