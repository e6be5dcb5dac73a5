using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>Decodes ids one at a time and never shows half a character. Not safe for concurrent use.</summary>
/// <remarks>
/// Byte-level tokens feed a UTF-8 decoder that holds back an unfinished character and turns each longest invalid part into U+FFFD. A surrogate written in
/// UTF-8 (ED A0…BF) counts as unfinished until its third byte is there, as in Python's decoder. With any other decoder what was shown is compared with the
/// decoding of all ids so far; a decoder that takes back what was shown waits until it has caught up.
/// </remarks>
public sealed class StreamingDecoder
{
    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly Decoder? bytes;
    private readonly List<int> ids = [];
    private byte[] held = [];
    private string shown = "";

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        if (tokenizer.Decoder is ByteLevelDecoder)
            bytes = System.Text.Encoding.UTF8.GetDecoder();
    }

    /// <summary>The text that may be shown after one more id, on top of what was shown before; often empty.</summary>
    public string Push(int id)
    {
        if (skipSpecialTokens && tokenizer.IsSpecial(id))
            return "";
        if (bytes is not null)
            return tokenizer.TokenOrNull(id) is { } token ? Read(ByteAlphabet.Decode(token), flush: false) : "";
        ids.Add(id);
        var all = tokenizer.Decode(ids);
        if (all.EndsWith('\uFFFD') || !all.StartsWith(shown, StringComparison.Ordinal))
            return "";
        var more = all[shown.Length..];
        shown = all;
        return more;
    }

    /// <summary>What the end of the sequence adds: an unfinished character becomes U+FFFD.</summary>
    public string Flush()
    {
        if (bytes is not null)
            return Read([], flush: true);
        var all = tokenizer.Decode(ids);
        var rest = all.StartsWith(shown, StringComparison.Ordinal) ? all[shown.Length..] : "";
        ids.Clear();
        shown = "";
        return rest;
    }

    private string Read(byte[] more, bool flush)
    {
        more = [.. held, .. more];
        var keep = flush ? 0 : more switch
        {
            [.., 0xED] => 1,
            [.., 0xED, >= 0xA0 and <= 0xBF] => 2,
            _ => 0,
        };
        held = more[^keep..];
        more = more[..^keep];
        var characters = new char[bytes!.GetCharCount(more, 0, more.Length, flush)];
        var count = bytes.GetChars(more, 0, more.Length, characters, 0, flush);
        return new(characters, 0, count);
    }
}
