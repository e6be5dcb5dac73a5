using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Generation.Constraints;

/// <summary>The bytes that each token of a vocabulary adds to a text.</summary>
internal sealed partial class TokenBytes
{
    private static readonly ConditionalWeakTable<Tokenizer, TokenBytes> Known = [];

    private readonly byte[]?[] first;
    private readonly byte[]?[] later;

    private TokenBytes(Tokenizer tokenizer)
    {
        var count = tokenizer.VocabularySize;
        (first, later) = (new byte[]?[count], new byte[]?[count]);
        var byteLevel = tokenizer.Decoder is ByteLevelDecoder;
        // Many decoders drop the space in front of a text; what a token adds elsewhere is seen behind another one.
        var probe = tokenizer.IdOf("a") ?? Enumerable.Range(0, count).FirstOrDefault(id => tokenizer.TokenOrNull(id) is { } t && t.All(char.IsAsciiLetter));
        var before = tokenizer.Decode([probe]);
        for (var id = 0; id < count; id++)
        {
            if (tokenizer.TokenOrNull(id) is not { } token || tokenizer.IsSpecial(id))
                continue;
            if (byteLevel)
                first[id] = later[id] = ByteAlphabet.Decode(token);
            else if (ByteToken().Match(token) is { Success: true } match)
                first[id] = later[id] = [byte.Parse(match.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            else
                (first[id], later[id]) = (Utf8(tokenizer.Decode([id])), Utf8(Behind(tokenizer.Decode([probe, id]), before)));
        }

        Later = new(later);
        First = first.SequenceEqual(later) ? Later : new(first);
    }

    /// <summary>The vocabulary at the beginning of a text.</summary>
    public VocabularyTrie First { get; }

    /// <summary>The vocabulary behind other tokens.</summary>
    public VocabularyTrie Later { get; }

    /// <summary>Those of a tokenizer; made once.</summary>
    public static TokenBytes Of(Tokenizer tokenizer) => Known.GetValue(tokenizer, t => new(t));

    /// <summary>What a token adds.</summary>
    public ReadOnlySpan<byte> Of(int id, bool isFirst) => (isFirst ? first : later)[id];

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static string Behind(string text, string before) => text.StartsWith(before, StringComparison.Ordinal) ? text[before.Length..] : text;

    [GeneratedRegex("^<0x([0-9A-Fa-f]{2})>$")]
    private static partial Regex ByteToken();
}
