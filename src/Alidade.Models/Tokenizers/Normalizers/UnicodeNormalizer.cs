namespace Alidade.Models.Tokenizers;

/// <summary>The Unicode forms NFC, NFD, NFKC and NFKD.</summary>
internal sealed class UnicodeNormalizer(bool compatibility, bool compose) : INormalizer
{
    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        // ASCII is the same in every form; what lies below U+0300 is composed already and has compatibility forms only from U+00A0.
        if (compose && !compatibility ? Normalization.IsPlain(text.Text) : System.Text.Ascii.IsValid(text.Text))
            return text;
        var changed = Normalization.Decompose(text.Text, compatibility);
        if (compose)
            changed = Normalization.Compose(changed);
        var builder = new AlignedText.Builder(text);
        foreach (var (codePoint, change) in changed)
            builder.Put(codePoint, change);
        return builder.Build();
    }
}
