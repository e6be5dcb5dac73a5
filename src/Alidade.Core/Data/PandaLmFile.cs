using System.Globalization;
using System.Text.Json;

namespace Alidade.Core.Data;

/// <summary>Two answers of PandaLM's test set with the labels of three people.</summary>
/// <param name="Id">"pandalm-" and the row's number.</param>
/// <param name="Pair">The two models, such as "bloom-7b_llama-7b".</param>
/// <param name="Instruction">The instruction.</param>
/// <param name="Input">What the instruction is about; may be empty.</param>
/// <param name="First">The first answer.</param>
/// <param name="Second">The second answer.</param>
/// <param name="Labels">Of each person: 1 the first is better, 2 the second, 0 a tie.</param>
public sealed record PandaLmComparison(string Id, string Pair, string Instruction, string Input, string First, string Second, IReadOnlyList<int> Labels) : IDataRow
{
    /// <summary>The label that more than half of the people gave; null when there is none.</summary>
    public int? Majority => Labels.GroupBy(l => l).Where(g => 2 * g.Count() > Labels.Count).Select(g => (int?)g.Key).FirstOrDefault();

    /// <inheritdoc/>
    public string Group => Instruction + "\n" + Input;
}

/// <summary>What a judge said of a comparison.</summary>
/// <param name="Id">Id of the comparison.</param>
/// <param name="Reply">The verdict as the file holds it: "1", "2", "0", "Tie" or anything else.</param>
public sealed record PandaLmReply(string Id, string Reply) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>Reads PandaLM's test set (<c>idx</c>, <c>response1</c>, <c>response2</c>, <c>annotator1</c> …) and the replies of judges (<c>idx</c>, <c>…_result</c>).</summary>
/// <remarks>Wang et al. 2024 (arXiv 2306.05087).</remarks>
public static class PandaLmFile
{
    private const string Annotator = "annotator";

    /// <summary>Reads the comparisons.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<PandaLmComparison> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new PandaLmComparison(
        IdOf(row),
        row.OptionalText("cmp_key") ?? "",
        row.Text("instruction"),
        row.OptionalText("input") ?? "",
        AnswerOf(row, "response1"),
        AnswerOf(row, "response2"),
        LabelsOf(row)));

    /// <summary>Reads a judge's replies; the field whose name ends in <c>_result</c> holds them.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<PandaLmReply> ReadReplies(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var field = row.Fields.Keys.FirstOrDefault(k => k.EndsWith("_result", StringComparison.Ordinal)) ?? "…_result";
        return new PandaLmReply(IdOf(row), row.Get(field) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } value ? value.ToString() : throw row.WrongType(field, "a text or a number"));
    });

    // Some published answers were made numbers or true and false on their way into JSON.
    private static string AnswerOf(DataRow row, string field) =>
        row.Get(field) is { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value ? value.GetRawText() : row.Text(field);

    private static int[] LabelsOf(DataRow row)
    {
        var fields = row.Fields.Keys.Where(k => k.StartsWith(Annotator, StringComparison.Ordinal)).ToArray();
        if (fields.Length == 0)
            throw row.Error(Annotator + "1", "is missing", "no label of a person");
        return [.. fields.Select(f => row.OptionalNumber(f) is 0 or 1 or 2 ? (int)row.OptionalNumber(f)! : throw row.Error(f, "is not 0 (a tie), 1 or 2", "unknown label"))];
    }

    private static string IdOf(DataRow row) =>
        row.OptionalNumber("idx") is { } number ? string.Create(CultureInfo.InvariantCulture, $"pandalm-{number}") : throw row.Error("idx", "is missing", "missing field 'idx'");
}
