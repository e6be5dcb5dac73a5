namespace Alidade.Core.Data;

/// <summary>Several answers to one prompt, each with a score.</summary>
public sealed record RankedAnswers : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What all of them answer.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The answers, at least two.</summary>
    public required IReadOnlyList<string> Completions { get; init; }

    /// <summary>A score for each answer; the higher, the better.</summary>
    public required IReadOnlyList<double> Scores { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>
/// Reads ranked lists: rows {prompt, completions, scores}; without scores the completions stand best first. Lists of fewer than two answers, empty answers and scores
/// that are all equal are errors that name file, line and field, or are counted (<see cref="DataOptions.DropInvalidRows"/>).
/// </summary>
public static class RankedFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<RankedAnswers> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            var completions = row.Texts("completions");
            if (completions.Count < 2)
                throw row.Error("completions", $"holds {completions.Count} answers; a ranking needs at least 2", "fewer than two answers in field 'completions'");
            if (completions.Any(string.IsNullOrWhiteSpace))
                throw row.Error("completions", "holds an empty answer", "empty answer in field 'completions'");
            var scores = row.Has("scores") ? Scores(row, completions.Count) : [.. completions.Select((_, i) => -(double)i)];
            return new RankedAnswers { Id = ids.Of(row, [prompt.Key, .. completions]), Prompt = prompt, Completions = completions, Scores = scores };
        });
    }

    private static IReadOnlyList<double> Scores(DataRow row, int answers)
    {
        var scores = row.Numbers("scores");
        if (scores.Count != answers)
            throw row.Error("scores", $"holds {scores.Count} numbers for {answers} answers", "another number of scores than answers");
        return scores.Distinct().Count() > 1 ? scores : throw row.Error("scores", "holds equal numbers alone: there is nothing to rank", "equal scores");
    }
}
