using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>One question of TruthfulQA with its reference answers.</summary>
public sealed record TruthfulQaItem : IDataRow
{
    /// <summary>"truthfulqa-" and a hash of the question: the same in both published versions of the data.</summary>
    public required string Id { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>One of 38, such as "Misconceptions".</summary>
    public required string Category { get; init; }

    /// <summary>True when the question was written because a model had failed on it.</summary>
    public required bool Adversarial { get; init; }

    /// <summary>The best true answer.</summary>
    public required string BestAnswer { get; init; }

    /// <summary>All true answers, the best among them, in the order of the file.</summary>
    public required IReadOnlyList<string> CorrectAnswers { get; init; }

    /// <summary>False answers, in the order of the file.</summary>
    public required IReadOnlyList<string> IncorrectAnswers { get; init; }

    /// <summary>The best false answer; only the version of 2025 names it.</summary>
    public string? BestIncorrectAnswer { get; init; }

    /// <summary>Options of MC1: the best answer first (the only right one), then the false answers.</summary>
    public IReadOnlyList<string> Mc1Options => [BestAnswer, .. IncorrectAnswers];

    /// <summary>Options of MC2: the true answers first, then the false ones.</summary>
    public IReadOnlyList<string> Mc2Options => [.. CorrectAnswers, .. IncorrectAnswers];

    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>Reads TruthfulQA in its published columns (817 questions of 2021 or 790 of 2025). Lists are split at ';', trimmed, empty parts left out.</summary>
/// <remarks>Lin, Hilton and Evans 2022 (arXiv 2109.07958).</remarks>
public static class TruthfulQa
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<TruthfulQaItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var question = row.FilledText("Question");
        return new TruthfulQaItem
        {
            Id = "truthfulqa-" + ContentHash.ShortOf(question.Trim()),
            Question = question.Trim(),
            Category = row.FilledText("Category"),
            Adversarial = row.OneOf("Type", "Adversarial", "Non-Adversarial") == "Adversarial",
            BestAnswer = row.FilledText("Best Answer").Trim(),
            CorrectAnswers = List(row, "Correct Answers"),
            IncorrectAnswers = List(row, "Incorrect Answers"),
            BestIncorrectAnswer = row.OptionalText("Best Incorrect Answer")?.Trim(),
        };
    });

    private static string[] List(DataRow row, string field) =>
        row.FilledText(field).Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } parts
            ? parts
            : throw row.Error(field, "holds no answer", $"empty field '{field}'");
}
