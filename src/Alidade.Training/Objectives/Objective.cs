using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>What an objective makes of a batch. The tensors belong to the caller's scope.</summary>
/// <param name="Loss">The number that is differentiated, of shape [].</param>
/// <param name="PerItem">The part of each row or pair before it is averaged, of shape [items].</param>
public sealed record Objective(Tensor Loss, Tensor PerItem)
{
    /// <summary>Means over the batch that the field logs, without gradient, each of shape [].</summary>
    public IReadOnlyDictionary<string, Tensor> Metrics { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>How much a metric of this batch counts in a mean over batches, such as the rows it is the mean of; what is not named counts as its batch.</summary>
    public IReadOnlyDictionary<string, double> MetricWeights { get; init; } = new Dictionary<string, double>();

    /// <summary>One value for each item, such as implied rewards, without gradient, each of shape [items].</summary>
    public IReadOnlyDictionary<string, Tensor> Outputs { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>The same with more metrics; a name that is there already gets the new value.</summary>
    public Objective WithMetrics(params IEnumerable<(string Name, Tensor Value)> metrics) => this with { Metrics = Joined(Metrics, metrics) };

    /// <summary>The same with more outputs; a name that is there already gets the new value.</summary>
    public Objective WithOutputs(params IEnumerable<(string Name, Tensor Value)> outputs) => this with { Outputs = Joined(Outputs, outputs) };

    private static Dictionary<string, Tensor> Joined(IReadOnlyDictionary<string, Tensor> values, IEnumerable<(string Name, Tensor Value)> more)
    {
        var joined = new Dictionary<string, Tensor>(values);
        foreach (var (name, value) in more)
            joined[name] = value;
        return joined;
    }
}
