namespace Alidade.Models.Tokenizers;

/// <summary>A normalizer that looks at one character at a time and copies what comes before the first change as it is.</summary>
internal abstract class CharacterNormalizer : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var all = text.Text;
        AlignedText.Builder? builder = null;
        for (int at = 0, length; at < all.Length; at += length)
        {
            length = CodePoints.LengthAt(all, at);
            var c = CodePoints.At(all, at);
            if (!Changes(c))
                continue;
            builder ??= new(text);
            builder.KeepTo(at);
            Put(c, builder);
        }

        builder?.KeepTo(all.Length);
        return builder?.Build() ?? text;
    }

    /// <summary>Whether a character is changed.</summary>
    protected abstract bool Changes(int codePoint);

    /// <summary>Puts what a character becomes.</summary>
    protected abstract void Put(int codePoint, AlignedText.Builder builder);
}

/// <summary>Lower case, character by character (<see cref="CodePoints.ToLower"/>).</summary>
internal sealed class LowercaseNormalizer : CharacterNormalizer
{
    /// <inheritdoc/>
    protected override bool Changes(int codePoint) =>
        codePoint < 128 ? char.IsAsciiLetterUpper((char)codePoint) : CodePoints.ToLower(codePoint) != (codePoint, 0);

    /// <inheritdoc/>
    protected override void Put(int codePoint, AlignedText.Builder builder)
    {
        var (first, second) = CodePoints.ToLower(codePoint);
        builder.Put(first, 0);
        if (second != 0)
            builder.Put(second, 1);
    }
}

/// <summary>Drops characters.</summary>
internal sealed class FilterNormalizer(Func<int, bool> keep) : CharacterNormalizer
{
    /// <summary>Drops all marks (Mn, Mc, Me: vowel signs too).</summary>
    public static FilterNormalizer StripAccents { get; } = new(c => c < 0x300 || !CodePoints.IsMark(c));

    /// <summary>Drops the controls that Google's NMT rules drop.</summary>
    public static FilterNormalizer NmtControls { get; } =
        new(c => c is not (>= 0x1 and <= 0x8 or 0xB or >= 0xE and <= 0x1F or 0x7F or 0x8F or 0x9F));

    /// <inheritdoc/>
    protected override bool Changes(int codePoint) => !keep(codePoint);

    /// <inheritdoc/>
    protected override void Put(int codePoint, AlignedText.Builder builder) => builder.Skip(1);
}

/// <summary>Turns some characters into a space.</summary>
internal sealed class SpaceNormalizer(Func<int, bool> isSpace) : CharacterNormalizer
{
    /// <summary>The spaces, breaks and zero-width characters of Google's NMT rules.</summary>
    public static SpaceNormalizer Nmt { get; } = new(c => c is 0x9 or 0xA or 0xC or 0xD or 0x1680 or >= 0x200B and <= 0x200F or 0x2028 or 0x2029
        or 0x2581 or 0xFEFF or 0xFFFD);

    /// <inheritdoc/>
    protected override bool Changes(int codePoint) => isSpace(codePoint);

    /// <inheritdoc/>
    protected override void Put(int codePoint, AlignedText.Builder builder) => builder.Put(' ', 0);
}

/// <summary>Every byte of the UTF-8 form becomes a character of the byte alphabet.</summary>
internal sealed class ByteLevelNormalizer : CharacterNormalizer
{
    /// <inheritdoc/>
    protected override bool Changes(int codePoint) => codePoint is <= 32 or >= 127;

    /// <inheritdoc/>
    protected override void Put(int codePoint, AlignedText.Builder builder)
    {
        Span<byte> bytes = stackalloc byte[4];
        var length = ByteAlphabet.Encode(codePoint, bytes);
        for (var i = 0; i < length; i++)
            builder.Put(ByteAlphabet.Character(bytes[i]), i == 0 ? 0 : 1);
    }
}
