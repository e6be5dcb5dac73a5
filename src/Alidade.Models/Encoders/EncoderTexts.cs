using Alidade.Core;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Encoders;

/// <summary>How texts become rows of an encoder.</summary>
public sealed record EncoderTextOptions
{
    /// <summary>Longest row in tokens, special ones included; longer texts are cut at their end, and how much is told with the result. Null: the model's own limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>
    /// Whether control tokens that are written in a text ([SEP]) are control tokens. Default false: a text that is judged cannot steer its judge. The
    /// reference takes them as control tokens.
    /// </summary>
    public bool ParseSpecialTokens { get; init; }

    /// <summary>Most tokens of one forward pass, padding included; it changes speed and memory, not numbers.</summary>
    public int BatchTokens { get; init; } = 8192;
}

/// <summary>Texts as rows of an encoder, with what was cut off.</summary>
/// <param name="Ids">Token ids of each row, special tokens included.</param>
/// <param name="TypeIds">Type ids of each row.</param>
/// <param name="Cut">Tokens cut off each row's end.</param>
internal sealed record EncoderTexts(IReadOnlyList<IReadOnlyList<int>> Ids, IReadOnlyList<IReadOnlyList<int>> TypeIds, IReadOnlyList<int> Cut)
{
    /// <summary>Encodes texts, or pairs of texts.</summary>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="texts">Each with its second text, where it is a pair.</param>
    /// <param name="limit">The longest row that the model takes.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The longest row asked for is longer than the model takes, or has no room for a text.</exception>
    public static EncoderTexts Of(Tokenizer tokenizer, IEnumerable<(string Text, string? Pair)> texts, int limit, EncoderTextOptions options)
    {
        var longest = options.MaxLength ?? limit;
        if (longest < 1 || longest > limit)
            throw new AlidadeException($"a maximum length of {longest} tokens was asked for; this model takes 1 to {limit}");
        var (ids, types, cut) = (new List<IReadOnlyList<int>>(), new List<IReadOnlyList<int>>(), new List<int>());
        foreach (var (text, pair) in texts)
        {
            var whole = new EncodeOptions { Pair = pair, ParseSpecialTokens = options.ParseSpecialTokens };
            var encoding = tokenizer.EncodeWithOffsets(text, whole);
            var length = encoding.Ids.Count;
            if (length > longest)
                encoding = tokenizer.EncodeWithOffsets(text, whole with { MaxLength = longest });
            if (encoding.Ids.Count == 0)
                throw new AlidadeException("an empty text has no token that an encoder could read");
            ids.Add(encoding.Ids);
            types.Add(encoding.TypeIds);
            cut.Add(length - encoding.Ids.Count);
        }

        return new(ids, types, cut);
    }

    /// <summary>Runs the rows in batches of similar length.</summary>
    /// <param name="batchTokens">Most tokens of a batch, padding included.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <param name="run">Takes a batch and the number of each of its rows.</param>
    public void InBatches(int batchTokens, CancellationToken cancellation, Action<EncoderBatch, int[]> run)
    {
        foreach (var group in EncoderBatch.Groups([.. Ids.Select(i => i.Count)], batchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var batch = EncoderBatch.Of([.. group.Select(i => Ids[i])], [.. group.Select(i => TypeIds[i])]);
            run(batch, group);
        }
    }
}
