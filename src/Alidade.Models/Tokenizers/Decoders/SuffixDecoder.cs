namespace Alidade.Models.Tokenizers;

/// <summary>The end-of-word suffix becomes a space, but in the last token nothing.</summary>
internal sealed class SuffixDecoder(string suffix) : IDecoder
{
    /// <inheritdoc/>
    public bool GivesParts => true;

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => suffix.Length == 0 ? next : new Words(next, suffix);

    // A token is known not to be the last when another comes: from its first suffix on it waits.
    private sealed class Words(ITokenSink next, string suffix) : ITokenSink
    {
        private string waiting = "";

        public void Put(string text, bool continues)
        {
            Pass(" ");
            var first = text.IndexOf(suffix, StringComparison.Ordinal);
            next.Put(first < 0 ? text : text[..first], continues: false);
            waiting = first < 0 ? "" : text[first..];
        }

        public void End()
        {
            Pass("");
            next.End();
        }

        private void Pass(string space)
        {
            if (waiting.Length > 0)
                next.Put(waiting.Replace(suffix, space, StringComparison.Ordinal), continues: true);
            waiting = "";
        }
    }
}
