using Alidade.Core;
using Alidade.Core.Results;

namespace Alidade.Evaluation.Engine;

/// <summary>
/// An evaluation task: data, prompt, scorer and metric. It asks through the context, which keeps the answers, and scores them with pure functions, so the same answers
/// give the same result. Run on the same items before and after a change, it can be compared item by item.
/// </summary>
public interface IEvaluationTask
{
    /// <summary>Dotted name, the survey's heading first, such as <c>bias.crows_pairs</c>.</summary>
    string Name { get; }

    /// <summary>Measures the model.</summary>
    /// <returns>One result for each number that the task yields.</returns>
    /// <exception cref="MissingInstrumentException">The task needs a judge or classifier that was not given.</exception>
    /// <exception cref="AlidadeException">The task cannot be run on this model.</exception>
    Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context);
}
