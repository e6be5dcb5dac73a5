namespace Alidade.Models.Tokenizers;

/// <summary>Lower case, character by character (<see cref="CodePoints.ToLower"/>).</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var builder = new AlignedText.Builder(text);
        var changed = false;
        while (builder.Position < text.Text.Length)
        {
            var c = CodePoints.At(text.Text, builder.Position);
            var (first, second) = CodePoints.ToLower(c);
            changed |= first != c;
            builder.Put(first, 0);
            if (second != 0)
                builder.Put(second, 1);
        }

        return changed ? builder.Build() : text;
    }
}

/// <summary>Drops characters.</summary>
internal sealed class FilterNormalizer(Func<int, bool> keep) : INormalizer
{
    /// <summary>Drops all marks (Mn, Mc, Me: vowel signs too).</summary>
    public static FilterNormalizer StripAccents { get; } = new(c => !CodePoints.IsMark(c));

    /// <summary>Drops the controls that Google's NMT rules drop.</summary>
    public static FilterNormalizer NmtControls { get; } =
        new(c => c is not (>= 0x1 and <= 0x8 or 0xB or >= 0xE and <= 0x1F or 0x7F or 0x8F or 0x9F));

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var builder = new AlignedText.Builder(text);
        var dropped = false;
        while (builder.Position < text.Text.Length)
        {
            var c = CodePoints.At(text.Text, builder.Position);
            if (keep(c))
            {
                builder.Put(c, 0);
            }
            else
            {
                builder.Skip(1);
                dropped = true;
            }
        }

        return dropped ? builder.Build() : text;
    }
}

/// <summary>Turns some characters into a space.</summary>
internal sealed class SpaceNormalizer(Func<int, bool> isSpace) : INormalizer
{
    /// <summary>The spaces, breaks and zero-width characters of Google's NMT rules.</summary>
    public static SpaceNormalizer Nmt { get; } = new(c => c is 0x9 or 0xA or 0xC or 0xD or 0x1680 or >= 0x200B and <= 0x200F or 0x2028 or 0x2029
        or 0x2581 or 0xFEFF or 0xFFFD);

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var builder = new AlignedText.Builder(text);
        var changed = false;
        while (builder.Position < text.Text.Length)
        {
            var c = CodePoints.At(text.Text, builder.Position);
            changed |= isSpace(c);
            builder.Put(isSpace(c) ? ' ' : c, 0);
        }

        return changed ? builder.Build() : text;
    }
}

/// <summary>Every byte of the UTF-8 form becomes a character of the byte alphabet.</summary>
internal sealed class ByteLevelNormalizer : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var builder = new AlignedText.Builder(text);
        Span<byte> bytes = stackalloc byte[4];
        while (builder.Position < text.Text.Length)
        {
            var length = ByteAlphabet.Encode(CodePoints.At(text.Text, builder.Position), bytes);
            for (var i = 0; i < length; i++)
                builder.Put(ByteAlphabet.Character(bytes[i]), i == 0 ? 0 : 1);
        }

        return builder.Build();
    }
}
