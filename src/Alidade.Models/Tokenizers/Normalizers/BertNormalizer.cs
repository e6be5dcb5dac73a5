using System.Globalization;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// BERT's normalizer: clean the text (drop controls, one kind of space), set Chinese characters apart, strip accents (NFD, then drop Mn), lower case.
/// </summary>
/// <remarks>Devlin et al. 2018, tokenization.py of google-research/bert; accents are stripped when the text is lowercased unless said otherwise.</remarks>
internal static class BertNormalizer
{
    /// <summary>Reads its four options.</summary>
    public static INormalizer Read(JsonField field)
    {
        var lowercase = field["lowercase"].Flag(true);
        var parts = new List<INormalizer>();
        if (field["clean_text"].Flag(true))
        {
            parts.Add(new FilterNormalizer(c => c is >= ' ' and < 127 || (c is not (0 or 0xFFFD) && !IsControl(c))));
            parts.Add(new SpaceNormalizer(c => c != ' ' && CodePoints.IsWhiteSpace(c)));
        }

        if (field["handle_chinese_chars"].Flag(true))
            parts.Add(new ChineseNormalizer());
        if (field["strip_accents"].Flag(lowercase))
        {
            parts.Add(new UnicodeNormalizer(compatibility: false, compose: false));
            parts.Add(new FilterNormalizer(c => c < 0x300 || !IsNonSpacingMark(c)));
        }

        if (lowercase)
            parts.Add(new LowercaseNormalizer());
        return new SequenceNormalizer(parts);
    }

    // The reference's tables are those of Unicode 8. Tab and line ends are white space; unassigned characters stay.
    private static bool IsControl(int c) => c is not ('\t' or '\n' or '\r') && CharUnicodeInfo.GetUnicodeCategory(c) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse => true,
        UnicodeCategory.Format => UnicodeTables.IsIn(c, 8),
        _ => false,
    };

    private static bool IsNonSpacingMark(int c) => c == 0x1734
        || (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark && c is not (0x1885 or 0x1886 or 0xA9BD or 0x111C9) && UnicodeTables.IsIn(c, 8));

    private sealed class ChineseNormalizer : CharacterNormalizer
    {
        protected override bool Changes(int codePoint) => IsChinese(codePoint);

        protected override void Put(int codePoint, AlignedText.Builder builder)
        {
            builder.Put(' ', 0);
            builder.Put(codePoint, 1);
            builder.Put(' ', 1);
        }

        private static bool IsChinese(int c) => c is >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF
            or >= 0x2A700 and <= 0x2B73F or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;
    }
}
