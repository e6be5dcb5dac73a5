namespace Alidade.Core.Data;

/// <summary>A solution in steps, each of which somebody called right or wrong.</summary>
public sealed record StepwiseSolution : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>The problem.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The steps, at least one.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>For each step whether it is right.</summary>
    public required IReadOnlyList<bool> Labels { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>Reads solutions in steps: rows {prompt, completions, labels}, the labels true or false, or 1 or 0.</summary>
/// <remarks>Row type as TRL names it: stepwise supervision.</remarks>
public static class StepwiseFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<StepwiseSolution> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            var steps = row.Texts("completions");
            if (steps.Count == 0 || steps.Any(string.IsNullOrWhiteSpace))
                throw row.Error("completions", steps.Count == 0 ? "is an empty list" : "holds an empty step", "empty step in field 'completions'");
            var labels = row.Truths("labels");
            if (labels.Count != steps.Count)
                throw row.Error("labels", $"holds {labels.Count} labels for {steps.Count} steps", "another number of labels than steps");
            return new StepwiseSolution { Id = ids.Of(row, [prompt.Key, .. steps]), Prompt = prompt, Steps = steps, Labels = labels };
        });
    }
}
