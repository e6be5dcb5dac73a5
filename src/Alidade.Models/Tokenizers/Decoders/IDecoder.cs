using System.Text;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Takes tokens, or the parts of tokens, in order.</summary>
internal interface ITokenSink
{
    /// <summary>Takes a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="continues">Whether it goes on with the token of the last call; false begins a token.</param>
    void Put(string text, bool continues);

    /// <summary>Nothing more comes.</summary>
    void End();
}

/// <summary>How a decoder treats what cannot be decided before the end.</summary>
internal enum DecodingMode
{
    /// <summary>All tokens are there: the text of the reference.</summary>
    Whole,

    /// <summary>Tokens come one at a time, and what was shown is never taken back.</summary>
    Streaming,
}

/// <summary>Turns tokens back into text. It works token by token, so that whole texts and streams are decoded by the same lines.</summary>
internal interface IDecoder
{
    /// <summary>True when it makes a token in parts, one after the other.</summary>
    bool GivesParts => false;

    /// <summary>True when the parts of a token may come one after the other; else a token must come whole.</summary>
    bool TakesParts => false;

    /// <summary>The decoder at work on one text, with what it gives going into <paramref name="next"/>.</summary>
    ITokenSink Before(ITokenSink next, DecodingMode mode);
}

/// <summary>Decoding of a whole text.</summary>
internal static class DecoderExtensions
{
    /// <summary>The text of tokens.</summary>
    public static string Decode(this IDecoder decoder, IEnumerable<string> tokens)
    {
        var text = new DecodedText();
        var sink = decoder.Before(text, DecodingMode.Whole);
        foreach (var token in tokens)
            sink.Put(token, continues: false);
        sink.End();
        return text.Take();
    }
}

/// <summary>Reads the field <c>decoder</c> of a tokenizer.json.</summary>
internal static class DecoderReader
{
    /// <summary>The decoder of a field; null when there is none.</summary>
    /// <exception cref="NotBuiltException">The type is unknown.</exception>
    public static IDecoder? Read(JsonField field)
    {
        if (field.IsMissing)
            return null;
        var type = field["type"].Text;
        return type switch
        {
            "ByteLevel" => new ByteLevelDecoder(),
            "ByteFallback" => new ByteFallbackDecoder(),
            "Fuse" => new FuseDecoder(),
            "Replace" => new ReplaceDecoder(PatternReader.Read(field["pattern"]), field["content"].ShortText),
            "Strip" => StripDecoder.Read(field),
            "Metaspace" => new MetaspaceDecoder(field["replacement"].Character, MetaspacePreTokenizer.ReadScheme(field) != PrependScheme.Never),
            "WordPiece" => new WordPieceDecoder(field["prefix"].OptionalText ?? "##", field["cleanup"].Flag(true)),
            "BPEDecoder" => new SuffixDecoder(field["suffix"].OptionalText ?? "</w>"),
            "CTC" => new CtcDecoder(field["pad_token"].OptionalText ?? "<pad>", field["word_delimiter_token"].OptionalText ?? "|", field["cleanup"].Flag(true)),
            "Sequence" => new SequenceDecoder([.. field["decoders"].Items.Select(item => Read(item) ?? throw item.Wrong("a decoder"))]),
            _ => throw new NotBuiltException($"{field.Where}: the decoder {type} is not built"),
        };
    }
}

/// <summary>Collects the decoded text.</summary>
internal sealed class DecodedText : ITokenSink
{
    private readonly StringBuilder text = new();

    /// <inheritdoc/>
    public void Put(string text, bool continues) => this.text.Append(text);

    /// <inheritdoc/>
    public void End()
    {
    }

    /// <summary>What has come since the last call.</summary>
    public string Take()
    {
        var taken = text.ToString();
        text.Clear();
        return taken;
    }
}

/// <summary>No decoder: the tokens with spaces between them.</summary>
internal sealed class SpacedDecoder : IDecoder
{
    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode) => new EachToken(next, (token, isFirst) => isFirst ? token : " " + token);
}

/// <summary>Decoders one after the other.</summary>
internal sealed class SequenceDecoder(IEnumerable<IDecoder> parts) : IDecoder
{
    private readonly List<IDecoder> parts = [.. parts.SelectMany(p => p is SequenceDecoder inner ? inner.parts : [p])];

    /// <inheritdoc/>
    public ITokenSink Before(ITokenSink next, DecodingMode mode)
    {
        for (var i = parts.Count - 1; i >= 0; i--)
        {
            next = parts[i].Before(next, mode);
            if (!parts[i].TakesParts && parts.Take(i).Any(p => p.GivesParts))
                next = new WholeTokens(next);
        }

        return next;
    }

    // Joins the parts of a token; behind a decoder that makes one token of all nothing comes out before the end.
    private sealed class WholeTokens(ITokenSink next) : ITokenSink
    {
        private readonly StringBuilder token = new();
        private bool begun;

        public void Put(string text, bool continues)
        {
            if (begun && !continues)
                Pass();
            begun = true;
            token.Append(text);
        }

        public void End()
        {
            if (begun)
                Pass();
            next.End();
        }

        private void Pass()
        {
            next.Put(token.ToString(), continues: false);
            token.Clear();
        }
    }
}
