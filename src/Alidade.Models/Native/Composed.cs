using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>The operations of <see cref="Interop"/> composed of TorchSharp operations: the fallback, and the definition that tests compare with.</summary>
internal static class Composed
{
    public static Tensor ScaledDotProductAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool isCausal, double? scale, bool enableGqa)
    {
        using var scope = NewDisposeScope();
        if (enableGqa && key.size(1) != query.size(1))
        {
            key = key.repeat_interleave(query.size(1) / key.size(1), dim: 1);
            value = value.repeat_interleave(query.size(1) / value.size(1), dim: 1);
        }

        // TorchSharp's call has no scale: what differs from its 1/√dim goes into the query.
        if (scale is { } factor)
            query = query * (factor * Math.Sqrt(query.size(3)));
        return nn.functional.scaled_dot_product_attention(query, key, value, mask, 0.0, isCausal).MoveToOuterDisposeScope();
    }

    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        using var scope = NewDisposeScope();
        return (x * rsqrt(x.square().mean([-1], keepdim: true) + eps) * weight).MoveToOuterDisposeScope();
    }

    public static void AdamW(
        IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor> firstMoments, IReadOnlyList<Tensor> secondMoments,
        IReadOnlyList<Tensor> steps, double learningRate, double beta1, double beta2, double weightDecay, double eps)
    {
        using var noGrad = no_grad();
        for (var i = 0; i < parameters.Count; i++)
        {
            using var scope = NewDisposeScope();
            double step = steps[i].add_(1).item<float>();
            var first = firstMoments[i].mul_(beta1).add_(gradients[i], 1 - beta1);
            var second = secondMoments[i].mul_(beta2).addcmul_(gradients[i], gradients[i], 1 - beta2);
            var denominator = second.sqrt().div_(Math.Sqrt(1 - Math.Pow(beta2, step))).add_(eps);
            parameters[i].mul_(1 - (learningRate * weightDecay)).addcdiv_(first, denominator, -learningRate / (1 - Math.Pow(beta1, step)));
        }
    }
}
