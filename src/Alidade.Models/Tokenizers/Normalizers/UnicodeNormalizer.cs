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
        AlignedText.Builder? builder = null;
        for (int at = 0, ascii; (ascii = all.AsSpan(at).IndexOfAnyExceptInRange('\0', '\x7F')) >= 0;)
        {
            // No ASCII character changes but the one before the others, which may be joined with a mark.
            var start = at + (compose && ascii > 0 ? ascii - 1 : ascii);
            at = start + 1;
            while (at < all.Length && all[at] >= 128)
                at++;
            var stretch = all.AsSpan(start, at - start);
            var changed = Normalization.Decompose(stretch, compatibility);
            if (compose)
                changed = Normalization.Compose(changed);
            if (Normalization.IsSame(stretch, changed))
                continue;
            builder ??= new(text);
            builder.KeepTo(start);
            foreach (var (codePoint, change) in changed)
                builder.Put(codePoint, change);
        }

        builder?.KeepTo(all.Length);
        return builder?.Build() ?? text;
    }
}
