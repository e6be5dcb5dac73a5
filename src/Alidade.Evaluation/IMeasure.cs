using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Models;

namespace Alidade.Evaluation;

/// <summary>
/// A measure: data, prompt, scorer and metric. The same measure run on the same items before and after can be compared item by item.
/// </summary>
public interface IMeasure
{
    /// <summary>Dotted name, such as <c>bias.crows_pairs</c>.</summary>
    string Name { get; }

    /// <summary>Measures the model as it stands, with the adapter in use.</summary>
    /// <returns>One result for each number that the measure yields.</returns>
    IReadOnlyList<MeasureResult> Run(CausalLM model, MeasureContext context);
}

/// <summary>What every measure is given beside the model.</summary>
public sealed record MeasureContext
{
    /// <summary>Told how far the work has come.</summary>
    public IProgress<Progress>? Progress { get; init; }

    /// <summary>Stops between batches.</summary>
    public CancellationToken Cancellation { get; init; }
}
