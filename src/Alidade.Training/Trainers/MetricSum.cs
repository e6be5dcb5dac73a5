using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Collects numbers that are still on the device and reads them back in one go.</summary>
internal sealed class MetricSum
{
    private readonly List<(string Name, double Weight, Tensor Value)> entries = [];

    /// <summary>Adds one number of shape []; it must live until <see cref="Read"/>.</summary>
    public void Add(string name, Tensor value, double weight = 1) => entries.Add((name, weight, value));

    /// <summary>The weighted mean of each name.</summary>
    public Dictionary<string, double> Read()
    {
        if (entries.Count == 0)
            return [];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var values = stack(entries.Select(e => e.Value.detach().to(ScalarType.Float64))).cpu().data<double>().ToArray();
        return entries.Select((e, i) => (e.Name, e.Weight, Value: values[i])).GroupBy(e => e.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Sum(e => e.Weight * e.Value) / g.Sum(e => e.Weight), StringComparer.Ordinal);
    }
}
