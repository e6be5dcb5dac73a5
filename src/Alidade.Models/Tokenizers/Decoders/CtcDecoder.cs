namespace Alidade.Models.Tokenizers;

/// <summary>
/// Connectionist temporal classification: a token that comes again at once counts once, the padding token is dropped, and the delimiter of words becomes a space.
/// </summary>
/// <remarks>Graves et al. 2006. As in the reference the delimiter is replaced only where the clean-up is asked for.</remarks>
internal sealed class CtcDecoder(string padding, string delimiter, bool cleanUp) : IDecoder
{
    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new Once(next, Changed);

    private string Changed(string token)
    {
        token = Without(token, padding, "");
        return cleanUp ? Without(WordPieceDecoder.CleanUp(token), delimiter, " ") : token;
    }

    private static string Without(string text, string part, string replacement) =>
        part.Length == 0 ? text : text.Replace(part, replacement, StringComparison.Ordinal);

    private sealed class Once(ITokenSink next, Func<string, string> change) : ITokenSink
    {
        private string? last;

        public void Put(string text, bool continues)
        {
            if (text == last)
                return;
            last = text;
            if (change(text) is { Length: > 0 } changed)
                next.Put(changed, continues: false);
        }

        public void End() => next.End();
    }
}
