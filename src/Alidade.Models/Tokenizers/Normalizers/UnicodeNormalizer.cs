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
        var all = text.Text;
        var builder = new AlignedText.Builder(text);
        while (all.AsSpan(builder.Position).IndexOfAnyExceptInRange('\0', '\x7F') is var ascii and >= 0)
        {
            // No ASCII character changes but the one before the others, which may be joined with a mark.
            builder.KeepTo(builder.Position + (compose && ascii > 0 ? ascii - 1 : ascii));
            var end = builder.Position + 1;
            while (end < all.Length && all[end] >= 128)
                end++;
            var changed = Normalization.Decompose(all.AsSpan(builder.Position, end - builder.Position), compatibility);
            if (compose)
                changed = Normalization.Compose(changed);
            foreach (var (codePoint, change) in changed)
                builder.Put(codePoint, change);
        }

        builder.KeepTo(all.Length);
        return builder.Build();
    }
}
