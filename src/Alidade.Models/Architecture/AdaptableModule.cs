using Alidade.Models.Adapters;
using Alidade.Models.Quantized;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A module whose weight the adapter in use may update.</summary>
/// <param name="name">Its name in the family's files, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="weight">[out, in], or [in, out] when <paramref name="inputMajor"/>.</param>
/// <param name="inputMajor">How the family stores the weight.</param>
internal abstract class AdaptableModule(string name, WeightSlot weight, bool inputMajor)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The weight as the family stores it, without the update.</summary>
    public Tensor Weight => weight.Value;

    /// <summary>The weight as its file stores it; null when it is held as a tensor.</summary>
    public PackedMatrix? Packed => weight.Packed;

    /// <summary>Number type of what is computed with it.</summary>
    public ScalarType DType => weight.DType;

    /// <summary>Where the weight lies.</summary>
    public Device Device => weight.Device;

    /// <summary>True when the weight is stored as [in, out].</summary>
    public bool InputMajor => inputMajor;

    /// <summary>Size of the input.</summary>
    public long Inputs => weight.Size(inputMajor ? 0 : 1);

    /// <summary>Size of the output.</summary>
    public long Outputs => weight.Size(inputMajor ? 1 : 0);

    /// <summary>The update of the adapter in use; null for none.</summary>
    public LoraFactors? Update { get; set; }

    /// <summary>The weight with the update in it, as the family stores it; differentiable.</summary>
    public Tensor UpdatedWeight() => Update is { } update ? update.Merge(Weight, inputMajor) : Weight.alias();
}
