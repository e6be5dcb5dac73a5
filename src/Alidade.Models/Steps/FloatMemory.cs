using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Alidade.Models.Steps;

/// <summary>The memory of a float32 tensor on the CPU. It is that of the tensor: what training writes into it is seen, and it is valid as long as the tensor lives.</summary>
internal sealed unsafe class FloatMemory
{
    private readonly Tensor tensor;
    private readonly int count;

    private FloatMemory(Tensor tensor)
    {
        this.tensor = tensor;
        count = checked((int)tensor.numel());
        fixed (byte* start = tensor.bytes)
            Start = (float*)start;
    }

    /// <summary>The first number.</summary>
    public float* Start { get; }

    /// <summary>All of them.</summary>
    public ReadOnlySpan<float> Span => new(Start, count);

    /// <summary>False where the tensor is of another type, elsewhere, not in one piece, or of 2 GiB and more, which no span holds; true with null for null.</summary>
    public static bool TryOf(Tensor? tensor, out FloatMemory? memory)
    {
        memory = null;
        if (tensor is null)
            return true;
        if (tensor.dtype != ScalarType.Float32 || tensor.device_type != DeviceType.CPU || !tensor.is_contiguous() || tensor.numel() * sizeof(float) > int.MaxValue)
            return false;
        memory = new(tensor);
        return true;
    }
}
