using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>Takes up to so many of one character off the start of each token, and off its end.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : IDecoder
{
    /// <inheritdoc/>
    public bool TakesParts => true;

    /// <summary>Reads its options.</summary>
    public static StripDecoder Read(JsonField field) => new(field["content"].Character, field["start"].Integer, field["stop"].Integer);

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new Cut(next, content, start, stop);

    private sealed class Cut(ITokenSink next, string content, int start, int stop) : ITokenSink
    {
        // What may still be taken off the start, and how many at the end wait for what comes.
        private int left;
        private int waiting;

        public void Put(string text, bool continues)
        {
            if (!continues)
                (left, waiting) = (start, 0);
            var from = 0;
            for (; left > 0 && text.AsSpan(from).StartsWith(content); left--)
                from += content.Length;
            if (from < text.Length)
                left = 0;
            var to = text.Length;
            var ending = 0;
            for (; ending < stop && text.AsSpan(from, to - from).EndsWith(content); ending++)
                to -= content.Length;
            var shown = new StringBuilder();
            // What waited is inside the token after all, or more of the same came behind it.
            var released = to > from ? waiting : Math.Max(0, waiting + ending - stop);
            for (var i = 0; i < released; i++)
                shown.Append(content);
            waiting = waiting - released + ending;
            next.Put(shown.Append(text, from, to - from).ToString(), continues);
        }

        public void End() => next.End();
    }
}
