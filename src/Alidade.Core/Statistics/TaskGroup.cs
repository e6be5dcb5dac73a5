namespace Alidade.Core.Statistics;

/// <summary>The mean over a group of tasks, as lm-evaluation-harness forms it, weighted by items or not.</summary>
/// <param name="WeightedMean">Σ nᵢ·mᵢ / Σ nᵢ.</param>
/// <param name="WeightedError">√(Σ (nᵢ − 1)·nᵢ·eᵢ² / (Σ nᵢ − k)) / √Σ nᵢ: the pooled standard deviation over all items; NaN when every task has one.</param>
/// <param name="UnweightedMean">Σ mᵢ / k.</param>
/// <param name="UnweightedError">√Σ eᵢ² / k.</param>
/// <param name="Tasks">k.</param>
/// <param name="Items">Σ nᵢ.</param>
/// <remarks><c>lm_eval.api.metrics</c>: <c>aggregate_subtask_metrics</c>, <c>pooled_sample_stderr</c>, <c>unweighted_mean_stderr</c>. The pooled error takes no
/// notice of how far the means of the tasks lie apart.</remarks>
public sealed record TaskGroup(double WeightedMean, double WeightedError, double UnweightedMean, double UnweightedError, int Tasks, int Items)
{
    /// <summary>The group of tasks with these means, standard errors and numbers of items.</summary>
    /// <exception cref="ArgumentException">There is no task, or a task has no item.</exception>
    public static TaskGroup Of(IReadOnlyList<(double Mean, double StandardError, int Items)> tasks)
    {
        if (tasks.Count == 0 || tasks.Any(t => t.Items < 1))
            throw new ArgumentException("a group needs tasks, and every task items", nameof(tasks));
        var items = tasks.Sum(t => t.Items);
        var pooled = tasks.Sum(t => (t.Items - 1.0) * t.Items * t.StandardError * t.StandardError) / (items - tasks.Count);
        return new TaskGroup(
            tasks.Sum(t => t.Mean * t.Items) / items,
            Math.Sqrt(pooled / items),
            tasks.Average(t => t.Mean),
            Math.Sqrt(tasks.Sum(t => t.StandardError * t.StandardError)) / tasks.Count,
            tasks.Count,
            items);
    }
}
