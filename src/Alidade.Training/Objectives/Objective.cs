using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>What an objective makes of a batch. The tensors belong to the caller's scope.</summary>
/// <param name="Loss">The number that is differentiated, of shape [].</param>
/// <param name="PerItem">The part of each row or pair before it is averaged, of shape [items].</param>
public sealed record Objective(Tensor Loss, Tensor PerItem)
{
    /// <summary>Means over the batch that the field logs, without gradient, each of shape [].</summary>
    public IReadOnlyDictionary<string, Tensor> Metrics { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>One value for each item, such as implied rewards, without gradient, each of shape [items].</summary>
    public IReadOnlyDictionary<string, Tensor> Outputs { get; init; } = new Dictionary<string, Tensor>();
}
