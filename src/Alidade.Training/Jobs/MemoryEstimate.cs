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
    private const long LogitChunkBytes = 128L << 20;

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
    /// <param name="recomputed">Whether of the blocks their inputs alone are kept, or the values of their products too (<see cref="KeptActivations"/>).</param>
    public static MemoryEstimate Of(CausalLM model, long trained, bool isAdapter, long tokens, long scored, bool recomputed)
    {
        const int Number = sizeof(float);
        var c = model.Config;
        var weights = ModelSummary.Of(model).MemoryBytes + (isAdapter ? trained * Number : 0);
        var perToken = ((c.Layers * (recomputed ? c.Width : Kept(c))) + PerBlock(c)) * Number;
        // The head's hidden states and their gradient, and a chunk of logits; of a head that is trained, the probabilities of all scored tokens, in whose place its logits were.
        var logits = scored * c.VocabularySize * Number;
        var head = (2 * scored * c.Width * Number) + (isAdapter ? Math.Min(LogitChunkBytes, logits) : logits);
        return new(weights, trained * Number, 2 * trained * Number, (tokens * perToken) + head, null, FormattableString.Invariant(
            $"{perToken / 1e6:f2} MB a token (the inputs of {c.Layers} blocks{(recomputed ? "" : " and the values of their products")}, and all that one block needs, in float32) for {tokens} tokens of a large micro-batch, and {(isAdapter ? "a chunk of logits" : "all probabilities")} of {scored} scored tokens"));
    }

    // The input, queries, keys and values, what attention gives before and after its projection, and the MLP's inner products.
    private static long Kept(DecoderConfig c) =>
        (2L * c.Width) + (2L * c.Heads * c.HeadDim) + (2L * c.KeyValueHeads * c.HeadDim) + ((c.GatedMlp ? 2L : 1L) * c.MlpWidth);

    // Residual stream, both norms and what is added back; queries, keys and values before and after rotation; the MLP's products.
    private static long PerBlock(DecoderConfig c) =>
        (6L * c.Width) + (3L * c.Heads * c.HeadDim) + (3L * c.KeyValueHeads * c.HeadDim) + ((c.GatedMlp ? 4L : 2L) * c.MlpWidth);
}
