namespace Alidade.Models.Tokenizers;

/// <summary>Decodes ids one at a time, never shows half a character, and never takes back what was shown. Not safe for concurrent use.</summary>
/// <remarks>
/// What was shown and <see cref="Flush"/> together are <see cref="Tokenizer.Decode"/> of the ids, but for runs of byte tokens that are not valid UTF-8: there
/// each longest invalid part becomes U+FFFD, where decoding at once turns every byte of the run into one, also those of characters that a stream has shown.
/// </remarks>
public sealed class StreamingDecoder
{
    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly DecodedText text = new();
    private ITokenSink sink;

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        sink = tokenizer.Decoder.Before(text, DecodingMode.Streaming);
    }

    /// <summary>The text that may be shown after one more id, on top of what was shown before; often empty.</summary>
    public string Push(int id)
    {
        if ((skipSpecialTokens && tokenizer.IsSpecial(id)) || tokenizer.TokenOrNull(id) is not { } token)
            return "";
        sink.Put(token, continues: false);
        return text.Take();
    }

    /// <summary>What the end of the sequence adds: an unfinished character becomes U+FFFD. The next id begins a new text.</summary>
    public string Flush()
    {
        sink.End();
        sink = tokenizer.Decoder.Before(text, DecodingMode.Streaming);
        return text.Take();
    }
}
