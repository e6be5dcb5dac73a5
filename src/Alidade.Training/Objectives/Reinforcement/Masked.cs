using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Sums over what a mask counts; what stands elsewhere, numbers or none, changes nothing.</summary>
internal static class Masked
{
    /// <summary>The values where the mask is not 0, else 0.</summary>
    public static Tensor Keep(Tensor values, Tensor mask) => where(mask.ne(0), values, zeros_like(values));

    /// <summary>Mean over everything that counts.</summary>
    public static Tensor Mean(Tensor values, Tensor mask) => Keep(values, mask).sum() / mask.to(values.dtype).sum();

    /// <summary>Sum of each row, of shape [rows, 1].</summary>
    public static Tensor RowSums(Tensor values, Tensor mask) => Keep(values, mask).sum(-1, keepdim: true);

    /// <summary>Mean of each row, of shape [rows, 1].</summary>
    public static Tensor RowMeans(Tensor values, Tensor mask) => RowSums(values, mask) / mask.to(values.dtype).sum(-1, keepdim: true);

    /// <summary>Index of the last position that counts in each row, of shape [rows], int64.</summary>
    public static Tensor LastIndex(Tensor mask) => mask.size(1) - 1 - mask.ne(0).to(ScalarType.Int64).flip(1).argmax(1);
}
