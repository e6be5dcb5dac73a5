using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>
/// Fused operations that TorchSharp does not offer, through the tensor library's C interface; where that is missing, the same result composed of TorchSharp
/// operations (<see cref="Composed"/>). Arguments are checked here, because some mistakes end the process in native code.
/// </summary>
public static class Interop
{
    /// <summary>Attention: softmax(q kᵀ·scale + mask) v.</summary>
    /// <param name="query">[batch, heads, queries, dim].</param>
    /// <param name="key">[batch, heads, keys, dim]; with <paramref name="enableGqa"/> its heads may be a divisor of the query's.</param>
    /// <param name="value">[batch, heads of the key, keys, value dim].</param>
    /// <param name="mask">True where a query sees a key, or numbers that are added; broadcasts to [batch, heads, queries, keys].</param>
    /// <param name="isCausal">Query i sees keys 0 to i, counted from the first key; not together with a mask.</param>
    /// <param name="scale">Factor of the scores; 1/√dim when null.</param>
    /// <param name="enableGqa">Each key head serves heads/keyHeads consecutive query heads.</param>
    /// <returns>[batch, heads, queries, value dim].</returns>
    /// <exception cref="TensorException">The shapes do not fit.</exception>
    public static Tensor ScaledDotProductAttention(
        Tensor query, Tensor key, Tensor value, Tensor? mask = null, bool isCausal = false, double? scale = null, bool enableGqa = false)
    {
        CheckAttention(query, key, value, mask, isCausal, enableGqa);
        if (StableAbi.Current is not { } abi)
            return Composed.ScaledDotProductAttention(query, key, value, mask, isCausal, scale, enableGqa);
        Span<ulong> stack =
        [
            abi.Slot(query), abi.Slot(key), abi.Slot(value), abi.Optional(mask),
            StableAbi.Slot(0.0), StableAbi.Slot(isCausal), StableAbi.Optional(scale), StableAbi.Slot(enableGqa),
        ];
        abi.Call("aten::scaled_dot_product_attention\0"u8, stack, query, key, value, mask);
        return StableAbi.Result(stack[0]);
    }

    /// <summary>Whether <see cref="FlashAttention"/> takes these: on the CPU, queries and values of one head size, and a mask, if any, of their number type.</summary>
    internal static bool HasFlashAttention(Tensor query, Tensor value, Tensor? mask) => StableAbi.Current is not null
        && query.device_type == DeviceType.CPU && query.dtype is ScalarType.Float32 or ScalarType.Float64 && query.size(3) == value.size(3)
        && (mask is null || (mask.dtype == query.dtype && mask.dim() == 4));

    /// <summary>As <see cref="ScaledDotProductAttention"/>, with what its backward pass needs. No gradient of its own.</summary>
    /// <returns>The output, [batch, heads, queries, dim], and the log of each query's sum of exponentials, [batch, heads, queries].</returns>
    internal static (Tensor Output, Tensor LogSums) FlashAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool isCausal, double? scale)
    {
        CheckAttention(query, key, value, mask, isCausal, enableGqa: true);
        var abi = StableAbi.Current!;
        Span<ulong> stack =
            [abi.Slot(query), abi.Slot(key), abi.Slot(value), StableAbi.Slot(0.0), StableAbi.Slot(isCausal), abi.Optional(mask), StableAbi.Optional(scale)];
        abi.Call("aten::_scaled_dot_product_flash_attention_for_cpu\0"u8, stack, query, key, value, mask);
        return (StableAbi.Result(stack[0]), StableAbi.Result(stack[1]));
    }

    /// <summary>The gradients of query, key and value, given that of the output and what <see cref="FlashAttention"/> gave.</summary>
    internal static (Tensor Query, Tensor Key, Tensor Value) FlashAttentionBackward(
        Tensor gradient, Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSums, Tensor? mask, bool isCausal, double? scale)
    {
        var abi = StableAbi.Current!;
        Span<ulong> stack =
        [
            abi.Slot(gradient), abi.Slot(query), abi.Slot(key), abi.Slot(value), abi.Slot(output), abi.Slot(logSums),
            StableAbi.Slot(0.0), StableAbi.Slot(isCausal), abi.Optional(mask), StableAbi.Optional(scale),
        ];
        abi.Call("aten::_scaled_dot_product_flash_attention_for_cpu_backward\0"u8, stack, gradient, query, key, value);
        return (StableAbi.Result(stack[0]), StableAbi.Result(stack[1]), StableAbi.Result(stack[2]));
    }

    /// <summary>eˣ, written over the numbers of <paramref name="place"/>; no gradient.</summary>
    /// <param name="place">Of the shape and number type of <paramref name="x"/>; it comes back as another object.</param>
    /// <param name="x">Any shape.</param>
    internal static Tensor ExpInto(Tensor place, Tensor x)
    {
        if (StableAbi.Current is not { } abi)
            return place.copy_(x).exp_();
        Span<ulong> stack = [abi.Slot(x), abi.Slot(place)];
        abi.Call("aten::exp\0out\0"u8, stack, x, place);
        return StableAbi.Result(stack[0]);
    }

    /// <summary>Root-mean-square normalisation: x / √(mean(x²) + ε) · weight, over the last dimension.</summary>
    /// <param name="x">[…, width].</param>
    /// <param name="weight">[width].</param>
    /// <param name="eps">ε.</param>
    /// <remarks>Zhang and Sennrich 2019 (arXiv 1910.07467), eq. 4.</remarks>
    /// <exception cref="TensorException">The widths differ.</exception>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps)
    {
        if (x.dim() < 1 || weight.dim() != 1 || x.size(-1) != weight.size(0))
            throw Refused("rms_norm", "the last dimension must be that of the weight", x, weight);
        if (StableAbi.Current is not { } abi)
            return Composed.RmsNorm(x, weight, eps);
        Span<ulong> stack = [abi.Slot(x), abi.List(weight.size(0)), abi.Optional(weight), StableAbi.Optional((double?)eps)];
        abi.Call("aten::rms_norm\0"u8, stack, x, weight);
        return StableAbi.Result(stack[0]);
    }

    /// <summary>
    /// One update of AdamW over many parameters, in place: p ← p(1 − lr·wd) − lr·m̂ / (√v̂ + ε), with m and v the bias-corrected moments. Each step count is
    /// advanced by one.
    /// </summary>
    /// <param name="parameters">Contiguous; changed.</param>
    /// <param name="gradients">One for each parameter, of its shape and type.</param>
    /// <param name="firstMoments">One for each parameter; changed.</param>
    /// <param name="secondMoments">One for each parameter; changed.</param>
    /// <param name="steps">One for each parameter, float32 without dimensions: the updates so far; changed.</param>
    /// <param name="learningRate">lr of this update.</param>
    /// <param name="beta1">Decay of the first moment, in [0, 1).</param>
    /// <param name="beta2">Decay of the second moment, in [0, 1).</param>
    /// <param name="weightDecay">wd.</param>
    /// <param name="eps">ε, outside the root.</param>
    /// <remarks>Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2, as <c>torch.optim.AdamW</c> writes it.</remarks>
    /// <exception cref="TensorException">The lists differ in length, or a tensor differs in shape, type or layout from its parameter.</exception>
    public static void FusedAdamW(
        IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor> firstMoments, IReadOnlyList<Tensor> secondMoments,
        IReadOnlyList<Tensor> steps, double learningRate, double beta1, double beta2, double weightDecay, double eps)
    {
        CheckAdamW(parameters, gradients, firstMoments, secondMoments, steps);
        if (parameters.Count == 0)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        // The kernel walks raw memory in order; a gradient that came out transposed must be laid out like its parameter.
        gradients = [.. gradients.Select(gradient => gradient.contiguous())];
        if (StableAbi.Current is not { } abi)
        {
            Composed.AdamW(parameters, gradients, firstMoments, secondMoments, steps, learningRate, beta1, beta2, weightDecay, eps);
            return;
        }

        foreach (var step in steps)
            step.add_(1);
        Span<ulong> stack =
        [
            abi.List(parameters), abi.List(gradients), abi.List(firstMoments), abi.List(secondMoments), abi.List((IReadOnlyList<Tensor>)[]), abi.List(steps),
            StableAbi.Slot(learningRate), StableAbi.Slot(beta1), StableAbi.Slot(beta2), StableAbi.Slot(weightDecay), StableAbi.Slot(eps),
            StableAbi.Slot(false), StableAbi.Slot(false), 0, 0,
        ];
        abi.Call("aten::_fused_adamw_\0"u8, stack, [.. parameters]);
    }

    /// <summary>The same memory read as another element type; the last dimension grows or shrinks with the element's size. No copy.</summary>
    /// <exception cref="TensorException">The bytes of a row are no whole number of elements, the tensor is not contiguous, or the library has no such view.</exception>
    public static Tensor ViewDtype(Tensor tensor, ScalarType type)
    {
        var (from, to) = (tensor.element_size(), ElementSize(type));
        if (from != to && (tensor.dim() == 0 || !tensor.is_contiguous() || tensor.size(-1) * from % to != 0))
            throw Refused($"view as {type}", "the last dimension's bytes must be contiguous and a whole number of elements", tensor);
        return StableAbi.Current is { } abi ? abi.ViewDtype(tensor, type) : throw Refused($"view as {type}", "this tensor library offers no such view", tensor);
    }

    /// <summary>How often the tensor's memory was changed in place; −1 where the library does not tell.</summary>
    public static long Version(Tensor tensor)
    {
        if (StableAbi.Current is not { } abi)
            return -1;
        Span<ulong> stack = [abi.Slot(tensor)];
        abi.Call("aten::_version\0"u8, stack, tensor);
        return (long)stack[0];
    }

    private static void CheckAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool isCausal, bool enableGqa)
    {
        if (query.dim() != 4 || key.dim() != 4 || value.dim() != 4)
            throw Refused("attention", "query, key and value must have four dimensions", query, key, value);
        if (query.dtype != key.dtype || query.dtype != value.dtype)
            throw Refused("attention", "query, key and value must have one element type", query, key, value);
        if (query.size(0) != key.size(0) || query.size(0) != value.size(0) || query.size(3) != key.size(3) || key.size(2) != value.size(2))
            throw Refused("attention", "query, key and value must agree in batch, keys and dim", query, key, value);
        var heads = query.size(1);
        var keyHeads = key.size(1);
        if (keyHeads != value.size(1) || (enableGqa ? keyHeads == 0 || heads % keyHeads != 0 : heads != keyHeads))
            throw Refused("attention", enableGqa ? "the key's heads must divide the query's" : "the heads must be equal", query, key, value);
        if (mask is null)
            return;
        if (isCausal)
            throw Refused("attention", "a mask and the causal rule exclude each other", query, key, value, mask);
        if (mask.dtype != ScalarType.Bool && mask.dtype != query.dtype)
            throw Refused("attention", "the mask must be boolean or of the query's type", query, mask);
        Span<long> scores = [query.size(0), heads, query.size(2), key.size(2)];
        var dims = (int)mask.dim();
        for (var i = 1; i <= dims; i++)
            if (dims > 4 || (mask.size(-i) != 1 && mask.size(-i) != scores[^i]))
                throw Refused("attention", "the mask must broadcast to [batch, heads, queries, keys]", query, key, mask);
    }

    private static void CheckAdamW(
        IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> gradients, IReadOnlyList<Tensor> first, IReadOnlyList<Tensor> second, IReadOnlyList<Tensor> steps)
    {
        if (gradients.Count != parameters.Count || first.Count != parameters.Count || second.Count != parameters.Count || steps.Count != parameters.Count)
            throw new TensorException(
                $"AdamW of {parameters.Count} parameters was given {gradients.Count} gradients, {first.Count} and {second.Count} moments, {steps.Count} steps");
        for (var i = 0; i < parameters.Count; i++)
        {
            var parameter = parameters[i];
            foreach (var other in (ReadOnlySpan<Tensor>)[gradients[i], first[i], second[i]])
                if (other.dtype != parameter.dtype || !other.shape.AsSpan().SequenceEqual(parameter.shape))
                    throw Refused("AdamW", $"gradient and moments of parameter {i} must have its shape and type", parameter, gradients[i], first[i], second[i]);
            if (!parameter.is_contiguous() || !first[i].is_contiguous() || !second[i].is_contiguous())
                throw Refused("AdamW", $"parameter {i} and its moments must be contiguous", parameter);
            if (steps[i].dim() != 0 || steps[i].dtype != ScalarType.Float32)
                throw Refused("AdamW", $"the step of parameter {i} must be one float32 number", steps[i]);
        }
    }

    private static long ElementSize(ScalarType type)
    {
        using var one = empty(0, dtype: type);
        return one.element_size();
    }

    private static TensorException Refused(string operation, string rule, params ReadOnlySpan<Tensor?> operands) =>
        new($"{operation} of {NativeErrors.Shapes(operands)}: {rule}");
}
