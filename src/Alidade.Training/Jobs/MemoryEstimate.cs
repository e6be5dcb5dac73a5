using Alidade.Models;
using Alidade.Models.Architecture;

namespace Alidade.Training.Jobs;

/// <summary>What a training takes of memory, in bytes.</summary>
/// <param name="Weights">All weights of the model, and of the adapter.</param>
/// <param name="Gradients">A number for each trained weight.</param>
/// <param name="Moments">Two numbers for each trained weight.</param>
/// <param name="Activations">What the forward pass of one micro-batch keeps for the backward pass; estimated.</param>
/// <param name="MeasuredPeak">The most that this process had at once while it measured a step; null when nothing was measured.</param>
/// <param name="How">How activations were estimated.</param>
public sealed record MemoryEstimate(long Weights, long Gradients, long Moments, long Activations, long? MeasuredPeak, string How)
{
    private const long LogitChunkBytes = 96L << 20;

    /// <summary>The sum of the parts.</summary>
    public long Total => Weights + Gradients + Moments + Activations;

    /// <summary>What training takes on top of the weights, which are there before it begins.</summary>
    public long OnTop => Gradients + Moments + Activations;

    /// <summary>From the shape of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="trained">Trained weights; those of an adapter come on top of the model's.</param>
    /// <param name="isAdapter">Whether they are an adapter's.</param>
    /// <param name="tokens">Tokens of the largest micro-batch.</param>
    /// <param name="scored">Those of them that are scored.</param>
    /// <param name="recomputed">Whether the activations of one block at a time are kept, and of the others their inputs alone.</param>
    public static MemoryEstimate Of(CausalLM model, long trained, bool isAdapter, long tokens, long scored, bool recomputed)
    {
        const int Number = sizeof(float);
        var c = model.Config;
        var weights = ModelSummary.Of(model).MemoryBytes + (isAdapter ? trained * Number : 0);
        var perToken = (recomputed ? ((long)c.Layers * c.Width) + PerBlock(c) : c.Layers * PerBlock(c)) * Number;
        // The head's hidden states and their gradient, and one chunk of logits with its gradient.
        var head = (2 * scored * c.Width * Number) + (2 * Math.Min(LogitChunkBytes, scored * c.VocabularySize * Number));
        return new(weights, trained * Number, 2 * trained * Number, (tokens * perToken) + head, null, FormattableString.Invariant(
            $"{perToken / 1e6:f2} MB a token ({(recomputed ? $"the inputs of {c.Layers} blocks, and of one block the inputs" : "inputs")} of norms, attention and MLP{(recomputed ? "" : $" of each of {c.Layers} blocks")}, in float32) for {tokens} tokens of a large micro-batch, and one chunk of logits"));
    }

    // Residual stream, both norms and what is added back; queries, keys and values before and after rotation; the MLP's products.
    private static long PerBlock(DecoderConfig c) =>
        (6L * c.Width) + (3L * c.Heads * c.HeadDim) + (3L * c.KeyValueHeads * c.HeadDim) + ((c.GatedMlp ? 4L : 2L) * c.MlpWidth);
}
