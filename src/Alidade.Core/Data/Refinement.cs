namespace Alidade.Core.Data;

/// <summary>An answer, what somebody said about it, and a better answer.</summary>
public sealed record Refinement : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public required string Id { get; init; }

    /// <summary>What is answered.</summary>
    public required Prompt Prompt { get; init; }

    /// <summary>The first answer.</summary>
    public required string Answer { get; init; }

    /// <summary>What is wrong with it, in words; null where nobody said.</summary>
    public string? Feedback { get; init; }

    /// <summary>The better answer.</summary>
    public required string Refined { get; init; }

    /// <summary>Its reward, where the data have one: how well it follows the feedback.</summary>
    public double? Reward { get; init; }

    /// <inheritdoc/>
    public string Group => Prompt.Key;
}

/// <summary>Reads refinements: rows {prompt, answer, refinement}, with {feedback} and {reward} where they are known.</summary>
public static class RefinementFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Refinement> Read(string path, DataOptions? options = null) => Read(path, options, row => row.OptionalText("feedback"));

    /// <summary>Reads a file in which every row has its feedback.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Refinement> ReadWithFeedback(string path, DataOptions? options = null) => Read(path, options, row => row.FilledText("feedback"));

    private static DataSet<Refinement> Read(string path, DataOptions? options, Func<DataRow, string?> feedback)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var (prompt, answer, refined) = (Prompts.Of(row, "prompt"), row.FilledText("answer"), row.FilledText("refinement"));
            if (answer == refined)
                throw row.Error("refinement", "equals 'answer': nothing was refined", "equal answers");
            return new Refinement
            {
                Id = ids.Of(row, prompt.Key, answer, refined),
                Prompt = prompt,
                Answer = answer,
                Feedback = feedback(row),
                Refined = refined,
                Reward = row.OptionalNumber("reward"),
            };
        });
    }
}
