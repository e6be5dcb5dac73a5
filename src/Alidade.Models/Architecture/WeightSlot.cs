using Alidade.Models.Quantized;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A weight's place in the network: it holds the base's own, as a tensor or packed as its file stores it, or what the adapter in use puts there instead.</summary>
internal sealed class WeightSlot
{
    private Tensor? tensor;
    private readonly PackedMatrix? packed;
    private readonly bool inputMajor;

    /// <summary>A place for a tensor.</summary>
    public WeightSlot(Tensor own) => tensor = own;

    /// <summary>A place for a packed matrix, [out, in].</summary>
    /// <param name="own">The matrix.</param>
    /// <param name="inputMajor">True when the tensor that it stands for is [in, out].</param>
    public WeightSlot(PackedMatrix own, bool inputMajor) => (packed, this.inputMajor) = (own, inputMajor);

    /// <summary>The base's tensor; decoded into a new one at each call where the base is packed.</summary>
    public Tensor Own
    {
        get => tensor ?? PackedLinear.Decode(packed!, inputMajor);
        set => tensor = value;
    }

    /// <summary>The base's packed matrix; null where it is a tensor, or replaced.</summary>
    public PackedMatrix? Packed => Replacement is null ? packed : null;

    /// <summary>What the adapter in use puts in its place; null for nothing.</summary>
    public Tensor? Replacement { get; set; }

    /// <summary>The tensor to compute with; see <see cref="Own"/>.</summary>
    public Tensor Value => Replacement ?? Own;

    /// <summary>The same weight in another place.</summary>
    public WeightSlot Copy() => tensor is not null ? new(tensor) : new(packed!, inputMajor);

    /// <summary>Number type of what is computed with it.</summary>
    public ScalarType DType => packed is null ? Value.dtype : ScalarType.Float32;

    /// <summary>Where it lies; packed matrices lie in the memory of the CPU.</summary>
    public Device Device => tensor?.device ?? CPU;

    /// <summary>Its shape as the family stores it.</summary>
    public long[] Shape => tensor?.shape ?? [Size(0), Size(1)];

    /// <summary>A dimension's size.</summary>
    public long Size(int dimension) => tensor is not null ? tensor.size(dimension) : (dimension == 0) == inputMajor ? packed!.Columns : packed!.Rows;
}
