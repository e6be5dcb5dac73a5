using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Changes a text before it is cut into pieces, and keeps where each character came from.</summary>
internal interface INormalizer
{
    /// <summary>The changed text; the same object when nothing changes.</summary>
    AlignedText Normalize(AlignedText text);
}

/// <summary>Reads the field <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    /// <summary>The normalizer of a field; null when there is none.</summary>
    /// <exception cref="NotBuiltException">The type is unknown.</exception>
    public static INormalizer? Read(JsonField field)
    {
        if (field.IsMissing)
            return null;
        var type = field["type"].Text;
        return type switch
        {
            "NFC" => new UnicodeNormalizer(compatibility: false, compose: true),
            "NFD" => new UnicodeNormalizer(compatibility: false, compose: false),
            "NFKC" => new UnicodeNormalizer(compatibility: true, compose: true),
            "NFKD" => new UnicodeNormalizer(compatibility: true, compose: false),
            "Lowercase" => new LowercaseNormalizer(),
            "StripAccents" => FilterNormalizer.StripAccents,
            "Nmt" => new SequenceNormalizer([FilterNormalizer.NmtControls, SpaceNormalizer.Nmt]),
            "Strip" => new StripNormalizer(field["strip_left"].Flag(true), field["strip_right"].Flag(true)),
            "Prepend" => new PrependNormalizer(field["prepend"].ShortText),
            "Replace" => new ReplaceNormalizer(PatternReader.Read(field["pattern"]), field["content"].ShortText),
            "Precompiled" => PrecompiledNormalizer.Read(field),
            "ByteLevel" => new ByteLevelNormalizer(),
            "BertNormalizer" => BertNormalizer.Read(field),
            "Sequence" => new SequenceNormalizer([.. field["normalizers"].Items.Select(item => Read(item) ?? throw item.Wrong("a normalizer"))]),
            _ => throw new NotBuiltException($"{field.Where}: the normalizer {type} is not built"),
        };
    }
}

/// <summary>Normalizers one after the other.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<INormalizer> parts) : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        foreach (var part in parts)
            text = part.Normalize(text);
        return text;
    }
}
