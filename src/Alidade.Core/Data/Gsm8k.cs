namespace Alidade.Core.Data;

/// <summary>A word problem.</summary>
/// <param name="Id">A hash of the content.</param>
/// <param name="Question">The problem.</param>
/// <param name="Solution">The worked solution; its last line is "#### " and the answer.</param>
public sealed record Gsm8kProblem(string Id, string Question, string Solution) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>Solutions of several systems to a word problem.</summary>
/// <param name="Id">A hash of the content.</param>
/// <param name="Question">The problem.</param>
/// <param name="Solution">The worked solution; its last line is "A: " and the answer.</param>
/// <param name="Systems">For each system its solution, and whether the publishers counted it as right.</param>
public sealed record Gsm8kSystemSolutions(string Id, string Question, string Solution, IReadOnlyDictionary<string, (string Solution, bool IsCorrect)> Systems) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>Reads GSM8K.</summary>
/// <remarks>Cobbe et al. 2021 (arXiv 2110.14168).</remarks>
public static class Gsm8k
{
    /// <summary>Reads problems (<c>question</c>, <c>answer</c>).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Gsm8kProblem> Read(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            string question = row.FilledText("question"), answer = row.FilledText("answer");
            if (!answer.Contains("#### ", StringComparison.Ordinal))
                throw row.Error("answer", "has no line \"#### \" with the answer", "no answer line in field 'answer'");
            return new Gsm8kProblem(ids.Of(row, question, answer), question, answer);
        });
    }

    /// <summary>Reads <c>example_model_solutions.jsonl</c> (<c>question</c>, <c>ground_truth</c>, and for each system {solution, is_correct}).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Gsm8kSystemSolutions> ReadSolutions(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            string question = row.FilledText("question"), truth = row.FilledText("ground_truth");
            return new Gsm8kSystemSolutions(ids.Of(row, question, truth), question, truth, row.Fields.Keys.Except(["question", "ground_truth"]).ToDictionary(k => k, k =>
            {
                var system = row.Get(k);
                return system.ValueKind == System.Text.Json.JsonValueKind.Object
                    && system.TryGetProperty("solution", out var solution) && solution.ValueKind == System.Text.Json.JsonValueKind.String
                    && system.TryGetProperty("is_correct", out var right) && right.ValueKind is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False
                    ? (solution.GetString()!, right.GetBoolean())
                    : throw row.WrongType(k, "an object {solution, is_correct}");
            }, StringComparer.Ordinal));
        });
    }
}
