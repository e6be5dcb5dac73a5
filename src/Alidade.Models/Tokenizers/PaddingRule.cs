using System.Text.Json;

namespace Alidade.Models.Tokenizers;

/// <summary>Fills encodings up to one length with a padding token, which no model should attend to.</summary>
internal sealed record PaddingRule
{
    // Above any context; it keeps a lying file from asking for memory.
    private const int Longest = 1 << 22;

    /// <summary>The length; null for that of the longest in the batch.</summary>
    public int? FixedLength { get; init; }

    /// <summary>The length is rounded up to a multiple of this.</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>The end at which padding is put.</summary>
    public TextSide Direction { get; init; }

    /// <summary>The padding token's id.</summary>
    public int Id { get; init; }

    /// <summary>The padding token's type id.</summary>
    public int TypeId { get; init; }

    /// <summary>The padding token.</summary>
    public required string Token { get; init; }

    /// <summary>Reads the field <c>padding</c>; null when there is none.</summary>
    public static PaddingRule? Read(JsonField field)
    {
        if (field.IsMissing)
            return null;
        var strategy = field["strategy"];
        var isFixed = strategy.Value.ValueKind == JsonValueKind.Object;
        if (!isFixed && strategy.OptionalText is not (null or "BatchLongest"))
            throw strategy.Wrong("BatchLongest or {\"Fixed\": n}");
        return new()
        {
            FixedLength = isFixed ? Length(strategy["Fixed"]) : null,
            Multiple = field["pad_to_multiple_of"].IsMissing ? 1 : Math.Max(1, Length(field["pad_to_multiple_of"])),
            Direction = field["direction"].Name(TextSide.Right),
            Id = field["pad_id"].Integer,
            TypeId = field["pad_type_id"].Integer,
            Token = field["pad_token"].Text,
        };
    }

    /// <summary>Pads encodings to one length; those that are longer stay as they are.</summary>
    public List<Encoding> Pad(IReadOnlyList<Encoding> encodings)
    {
        var length = FixedLength ?? encodings.Select(e => e.Ids.Count).DefaultIfEmpty().Max();
        var rounded = (length + Multiple - 1) / Multiple * Multiple;
        return [.. encodings.Select(e => Pad(e, rounded))];
    }

    private static int Length(JsonField field) => field.Integer <= Longest ? field.Integer : throw field.Wrong($"a length up to {Longest}");

    private Encoding Pad(Encoding encoding, int length)
    {
        var overflowing = encoding.Overflowing.Select(e => Pad(e, length)).ToList();
        var missing = length - encoding.Ids.Count;
        if (missing <= 0)
            return encoding with { Overflowing = overflowing };
        return new()
        {
            Ids = Filled(encoding.Ids, Id),
            Tokens = Filled(encoding.Tokens, Token),
            Offsets = Filled(encoding.Offsets, (0, 0)),
            Utf16Offsets = Filled(encoding.Utf16Offsets, (0, 0)),
            TypeIds = Filled(encoding.TypeIds, TypeId),
            SpecialMask = Filled(encoding.SpecialMask, true),
            AttentionMask = Filled(encoding.AttentionMask, false),
            Overflowing = overflowing,
        };

        T[] Filled<T>(IReadOnlyList<T> list, T value)
        {
            var padding = Enumerable.Repeat(value, missing);
            return Direction == TextSide.Right ? [.. list, .. padding] : [.. padding, .. list];
        }
    }
}
