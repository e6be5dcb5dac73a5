using Alidade.Core;
using Alidade.Models.Families;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>How the hidden states of a text's tokens become one vector.</summary>
public enum PoolingMode
{
    /// <summary>That of the first token.</summary>
    Cls,

    /// <summary>The largest value of each dimension.</summary>
    Max,

    /// <summary>The mean.</summary>
    Mean,

    /// <summary>The sum divided by the root of the number of tokens.</summary>
    MeanSqrtLen,

    /// <summary>The mean weighted with the position, which counts from 1 (Muennighoff 2022).</summary>
    WeightedMean,

    /// <summary>That of the last token.</summary>
    LastToken,
}

/// <summary>One or several ways of pooling, side by side, as a folder <c>1_Pooling</c> says.</summary>
/// <param name="Modes">The ways; their vectors are joined in the order of <see cref="PoolingMode"/>.</param>
/// <param name="IncludePrompt">Whether the tokens of a prompt in front of the text take part.</param>
public sealed record SentencePooling(IReadOnlyList<PoolingMode> Modes, bool IncludePrompt = true)
{
    private static readonly (PoolingMode Mode, string Key, string Name)[] Known =
    [
        (PoolingMode.Cls, "pooling_mode_cls_token", "cls"), (PoolingMode.Max, "pooling_mode_max_tokens", "max"), (PoolingMode.Mean, "pooling_mode_mean_tokens", "mean"),
        (PoolingMode.MeanSqrtLen, "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"), (PoolingMode.WeightedMean, "pooling_mode_weightedmean_tokens", "weightedmean"),
        (PoolingMode.LastToken, "pooling_mode_lasttoken", "lasttoken"),
    ];

    /// <summary>Reads the module's config.json: one key for each way, or the key <c>pooling_mode</c>.</summary>
    internal static SentencePooling Read(ConfigReader config, int width)
    {
        if ((config.OptionalSize("word_embedding_dimension") ?? config.OptionalSize("embedding_dimension")) is { } given && given != width)
            throw new AlidadeException($"{config.Where}: the pooling is for a width of {given}, the encoder has {width}");
        IReadOnlyList<PoolingMode> modes = config.Texts("pooling_mode") is { Count: > 0 } names
            ? [.. names.SelectMany(n => n.Split('+')).Select(n => Mode(n.Trim(), config.Where))]
            : [.. Known.Where(k => config.Flag(k.Key, false)).Select(k => k.Mode)];
        if (modes.Count == 0)
            throw new AlidadeException($"{config.Where}: no way of pooling is named; known are {string.Join(", ", Known.Select(k => k.Key))}");
        return new([.. modes.Order()], config.Flag("include_prompt", true));
    }

    /// <summary>Pools the hidden states of a batch.</summary>
    /// <param name="hidden">[rows, positions, width].</param>
    /// <param name="batch">The rows; padding takes no part.</param>
    /// <param name="skipped">Tokens at the beginning of every row that take no part, those of a prompt.</param>
    /// <returns>[rows, width · modes].</returns>
    public Tensor Pool(Tensor hidden, EncoderBatch batch, int skipped = 0)
    {
        using var scope = NewDisposeScope();
        // A text that was cut down to its prompt keeps its last token.
        bool Counts(int length, int i) => i < length && (IncludePrompt || i >= Math.Min(skipped, length - 1));
        var counts = tensor(batch.Lengths.SelectMany(length => Enumerable.Range(0, batch.Width).Select(i => Counts(length, i) ? 1f : 0f)).ToArray(), [batch.Lengths.Count, batch.Width, 1])
            .to(hidden.dtype).to(hidden.device);
        var pooled = Modes.Select(mode => mode switch
        {
            PoolingMode.Cls => hidden.select(1, 0),
            PoolingMode.Max => hidden.masked_fill(counts.eq(0), float.NegativeInfinity).amax([1]),
            PoolingMode.Mean => (hidden * counts).sum(1) / counts.sum(1),
            PoolingMode.MeanSqrtLen => (hidden * counts).sum(1) / counts.sum(1).sqrt(),
            PoolingMode.WeightedMean => Weighted(hidden, counts * arange(1, batch.Width + 1, hidden.dtype, hidden.device).view(1, -1, 1)),
            _ => LastTokens(hidden, batch),
        }).ToArray();
        return (pooled.Length == 1 ? pooled[0] : cat(pooled, -1)).MoveToOuterDisposeScope();
    }

    private static Tensor Weighted(Tensor hidden, Tensor weights) => (hidden * weights).sum(1) / weights.sum(1);

    private static Tensor LastTokens(Tensor hidden, EncoderBatch batch)
    {
        var rows = batch.Lengths.Select((length, row) => ((long)row * batch.Width) + length - 1).ToArray();
        return hidden.reshape(-1, hidden.size(2)).index_select(0, tensor(rows, device: hidden.device));
    }

    private static PoolingMode Mode(string name, string where) => Array.Find(Known, k => k.Name == name || k.Key == "pooling_mode_" + name) is (_, not null, _) found ? found.Mode
        : throw new NotBuiltException($"{where}: the way of pooling '{name}' is not known; known are {string.Join(", ", Known.Select(k => k.Name))}");
}
