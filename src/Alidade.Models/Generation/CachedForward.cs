using System.Runtime.InteropServices;
using Alidade.Models.Attention;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>Runs the decoder over the next tokens of a cache's rows.</summary>
internal static class CachedForward
{
    /// <param name="model">The model.</param>
    /// <param name="cache">Takes the keys and values in.</param>
    /// <param name="ids">The next tokens, row by row.</param>
    /// <param name="count">Tokens of a row.</param>
    /// <returns>[rows, count, width], normalised.</returns>
    public static Tensor Hidden(CausalLM model, CachedAttention cache, long[] ids, int count)
    {
        var hidden = model.Next(ids, count, cache);
        cache.Advance();
        return hidden;
    }

    /// <summary>As <see cref="Hidden"/>; the head runs on the last of the tokens only.</summary>
    /// <returns>[rows, vocabulary].</returns>
    public static Tensor Logits(CausalLM model, CachedAttention cache, long[] ids, int count) => model.UnembedStep(Hidden(model, cache, ids, count).narrow(1, count - 1, 1).squeeze(1));

    /// <summary>The numbers of logits, row by row; valid while the scope of the call lives.</summary>
    public static Span<float> Scores(Tensor logits, out int vocabulary)
    {
        vocabulary = (int)logits.size(1);
        return MemoryMarshal.Cast<byte, float>(logits.to(ScalarType.Float32).cpu().contiguous().bytes);
    }
}
