using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>An answer that is there already, with its reward where the data have one.</summary>
/// <param name="Asked">What is answered, with the row's other fields for a reward that needs to know more. Its id is the row's.</param>
/// <param name="Completion">The answer.</param>
public sealed record RewardedAnswer(AskedPrompt Asked, string Completion) : IDataRow
{
    /// <summary>The row's <c>id</c> field, else a hash of its content.</summary>
    public string Id => Asked.Id;

    /// <summary>Its reward; null where the data have none.</summary>
    public double? Reward { get; init; }

    /// <summary>What an answer of the model to this prompt is worth on average; null where the data do not say.</summary>
    public double? Value { get; init; }

    /// <inheritdoc/>
    public string Group => Asked.Group;
}

/// <summary>
/// Reads answers for offline reinforcement: rows {prompt, completion} with whatever a reward reads, or with the numbers {reward, value}, each in all rows or in none; or
/// preference pairs, whose answers are taken apart. A broken row is an error that names file, line and field, or is counted (<see cref="DataOptions.DropInvalidRows"/>).
/// </summary>
public static class RewardedFile
{
    private const string Reward = "reward";
    private const string Value = "value";
    private static readonly string[] Own = ["id", "prompt", "completion", Reward, Value];

    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<RewardedAnswer> Read(string path, DataOptions? options = null)
    {
        if (UnpairedFile.HoldsPairs(path))
        {
            var pairs = UnpairedFile.Read(path, options);
            return new([.. pairs.Rows.Select(a => new RewardedAnswer(new(a.Id, a.Prompt, new Dictionary<string, JsonElement>()), a.Completion))], pairs.Dropped, pairs.File);
        }

        var ids = new RowIds();
        (bool Reward, bool Value)? carried = null;
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = Prompts.Of(row, "prompt");
            var completion = Prompts.Answer(row, "completion");
            if (string.IsNullOrWhiteSpace(completion))
                throw row.Error("completion", "holds an empty answer", "empty answer in field 'completion'");
            var (reward, value) = (row.OptionalNumber(Reward), row.OptionalNumber(Value));
            carried ??= (reward is not null, value is not null);
            Check(row, Reward, carried.Value.Reward);
            Check(row, Value, carried.Value.Value);
            var fields = row.Fields.Where(f => !Own.Contains(f.Key)).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
            return new RewardedAnswer(new(ids.Of(row, prompt.Key, completion), prompt, fields), completion) { Reward = reward, Value = value };
        });
    }

    private static void Check(DataRow row, string field, bool carried)
    {
        if (row.Has(field) != carried)
            throw row.Error(field, $"is {(carried ? "missing, while rows before have it" : "here, while rows before lack it")}; give it for all rows of a file or for none", $"field '{field}' in some rows only");
    }
}
