using Alidade.Core;
using Alidade.Core.Reports;
using Alidade.Evaluation.Tasks;

namespace Alidade.Evaluation.Engine;

/// <summary>What an evaluation runs.</summary>
/// <param name="Tasks">The tasks, in order.</param>
/// <param name="Left">Tasks of the suite whose data are absent.</param>
/// <param name="Files">Paths of the data.</param>
public sealed record EvaluationPlan(IReadOnlyList<PlannedTask> Tasks, IReadOnlyList<NotRun> Left, IReadOnlyList<string> Files)
{
    /// <summary>Opens the tasks of a suite, or those that are named.</summary>
    /// <param name="suite">A suite of <see cref="TaskCatalogue"/>; null for named tasks.</param>
    /// <param name="names">Names of tasks, and paths of task files.</param>
    /// <param name="limit">Most items of a task; null for all, or for what the suite <c>quick</c> takes.</param>
    /// <param name="data">Where a published file lies, by its name.</param>
    /// <exception cref="AlidadeException">Both or neither are given, a name is unknown, or the data of a named task, or of every task of a suite, are absent.</exception>
    public static EvaluationPlan Of(string? suite, IReadOnlyList<string> names, int? limit, Func<string, string> data)
    {
        if (suite is null == (names.Count == 0))
            throw new AlidadeException("name a suite or tasks, one of the two: --suite quick, or --tasks bias.crows_pairs …");
        if (limit is < 1)
            throw new AlidadeException($"the limit of items is {limit}; it must be at least 1");
        var known = suite is null ? [.. names.Where(n => !TaskFiles.IsFile(n)).Select(TaskCatalogue.Find)] : TaskCatalogue.Suite(suite);
        var (tasks, left, files) = (new List<PlannedTask>(), new List<NotRun>(), new List<string>());
        foreach (var name in names.Where(TaskFiles.IsFile).Distinct(StringComparer.Ordinal))
        {
            var definition = TaskFiles.Read(name);
            var (task, paths) = definition.Open(data);
            tasks.Add(new(task, limit));
            files.AddRange([.. definition.Files, .. paths]);
        }

        foreach (var task in known.DistinctBy(t => t.Name))
        {
            try
            {
                string[] paths = [.. task.Files.Select(data)];
                tasks.Add(new(task.Open(data), limit ?? (suite == TaskCatalogue.Quick ? task.QuickItems : null)));
                files.AddRange(paths);
            }
            catch (AlidadeException exception) when (suite is not null)
            {
                left.Add(new(task.Name, exception.Message));
            }
        }

        if (tasks.GroupBy(t => t.Task.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { Key: var twice })
            throw new AlidadeException($"two tasks are called '{twice}'; give one another 'name'");
        return tasks.Count > 0 ? new(tasks, left, [.. files.Distinct(StringComparer.Ordinal)])
            : throw new AlidadeException($"no task of the suite '{suite}' can be run: {left.FirstOrDefault()?.Reason ?? "it is empty"}");
    }
}
