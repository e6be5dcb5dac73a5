using System.Text;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Turns tokens back into text. The parts that it gives are joined without anything between them.</summary>
internal interface IDecoder
{
    /// <summary>The tokens, changed; a later decoder of a sequence works on what comes out.</summary>
    IReadOnlyList<string> Decode(IReadOnlyList<string> tokens);
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
            "Fuse" => new FuseDecoder(),
            "Replace" => new ReplaceDecoder(PatternReader.ReadForReplacing(field["pattern"]), field["content"].Text),
            "BPEDecoder" => new SuffixDecoder(field["suffix"].OptionalText ?? "</w>"),
            "Sequence" => new SequenceDecoder([.. field["decoders"].Items.Select(item => Read(item) ?? throw item.Wrong("a decoder"))]),
            _ => throw new NotBuiltException($"{field.Where}: the decoder {type} is not built"),
        };
    }
}

/// <summary>Tokens of the byte alphabet are bytes of UTF-8; each longest invalid part becomes U+FFFD.</summary>
internal sealed class ByteLevelDecoder : IDecoder
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        var bytes = new List<byte>(4 * tokens.Count);
        foreach (var token in tokens)
            bytes.AddRange(ByteAlphabet.Decode(token));
        return [System.Text.Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes))];
    }
}

/// <summary>Joins all tokens into one.</summary>
internal sealed class FuseDecoder : IDecoder
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) => [string.Concat(tokens)];
}

/// <summary>Replaces matches of a pattern in each token.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : IDecoder
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        var matches = new List<TextSpan>();
        var output = new string[tokens.Count];
        for (var i = 0; i < output.Length; i++)
        {
            matches.Clear();
            pattern.Find(tokens[i], matches);
            var text = new StringBuilder();
            var done = 0;
            foreach (var match in matches)
            {
                text.Append(tokens[i], done, match.Start - done).Append(content);
                done = match.End;
            }

            output[i] = text.Append(tokens[i], done, tokens[i].Length - done).ToString();
        }

        return output;
    }
}

/// <summary>The end-of-word suffix becomes a space, but at the end of the text nothing.</summary>
internal sealed class SuffixDecoder(string suffix) : IDecoder
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens) =>
        suffix.Length == 0 ? tokens : [.. tokens.Select((token, i) => token.Replace(suffix, i == tokens.Count - 1 ? "" : " ", StringComparison.Ordinal))];
}

/// <summary>Decoders one after the other.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<IDecoder> parts) : IDecoder
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Decode(IReadOnlyList<string> tokens)
    {
        foreach (var part in parts)
            tokens = part.Decode(tokens);
        return tokens;
    }
}
