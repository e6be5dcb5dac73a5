using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Cuts pieces into smaller ones, inside which the model joins characters.</summary>
internal interface IPreTokenizer
{
    /// <summary>True when the pieces depend on where in the original text they begin.</summary>
    bool ReadsOrigins => false;

    /// <summary>The pieces, cut; pieces that are added tokens stay as they are.</summary>
    List<Piece> Cut(List<Piece> pieces);
}

/// <summary>Reads the field <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    /// <summary>The pre-tokenizer of a field; null when there is none.</summary>
    /// <exception cref="NotBuiltException">The type is unknown.</exception>
    public static IPreTokenizer? Read(JsonField field)
    {
        if (field.IsMissing)
            return null;
        var type = field["type"].Text;
        return type switch
        {
            "ByteLevel" => new ByteLevelPreTokenizer(field["add_prefix_space"].Flag(true), field["use_regex"].Flag(true)),
            "Split" => new SplitPreTokenizer(PatternReader.Read(field["pattern"]), field["behavior"].Name(SplitBehavior.Isolated), field["invert"].Flag(false)),
            "Digits" => new SplitPreTokenizer(new CharacterPattern(CodePoints.IsNumeric),
                field["individual_digits"].Flag(false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
            "Punctuation" => new SplitPreTokenizer(new CharacterPattern(CodePoints.IsPunctuation), field["behavior"].Name(SplitBehavior.Isolated)),
            "Whitespace" => new SplitPreTokenizer(new RegexPattern(@"[\w\x{200C}\x{200D}]+|[^\w\s\x{200C}\x{200D}]+", field.Where), SplitBehavior.Removed, invert: true),
            "WhitespaceSplit" => SplitPreTokenizer.WhiteSpace,
            "CharDelimiterSplit" => new SplitPreTokenizer(new LiteralPattern(field["delimiter"].Character), SplitBehavior.Removed),
            "BertPreTokenizer" => new SequencePreTokenizer([SplitPreTokenizer.WhiteSpace, new SplitPreTokenizer(new CharacterPattern(CodePoints.IsPunctuation))]),
            "Metaspace" => MetaspacePreTokenizer.Read(field),
            "UnicodeScripts" => new ScriptPreTokenizer(),
            "FixedLength" => FixedLengthPreTokenizer.Read(field),
            "Sequence" => new SequencePreTokenizer([.. field["pretokenizers"].Items.Select(item => Read(item) ?? throw item.Wrong("a pre-tokenizer"))]),
            _ => throw new NotBuiltException($"{field.Where}: the pre-tokenizer {type} is not built"),
        };
    }
}

/// <summary>Pre-tokenizers one after the other.</summary>
internal sealed class SequencePreTokenizer(IReadOnlyList<IPreTokenizer> parts) : IPreTokenizer
{
    /// <inheritdoc/>
    public bool ReadsOrigins => parts.Any(p => p.ReadsOrigins);

    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        foreach (var part in parts)
            pieces = part.Cut(pieces);
        return pieces;
    }
}
