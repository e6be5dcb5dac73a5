using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A tensor's place in the network: it holds the base's own, or what the adapter in use puts there instead.</summary>
internal sealed class WeightSlot(Tensor own)
{
    /// <summary>The base's tensor.</summary>
    public Tensor Own { get; set; } = own;

    /// <summary>What the adapter in use puts in its place; null for nothing.</summary>
    public Tensor? Replacement { get; set; }

    /// <summary>The tensor to compute with.</summary>
    public Tensor Value => Replacement ?? Own;
}
