namespace Alidade.Core.Data;

/// <summary>One summary of XSum with the scores of automatic scorers and the judgement of people.</summary>
/// <param name="Id">System, "_" and the article's number.</param>
/// <param name="System">The system that wrote the summary.</param>
/// <param name="Scores">By the scorer's name; one that has none for this summary is absent.</param>
/// <param name="Faithful">Share of words that nobody marked as invented, mean over three people, 0 … 1.</param>
/// <param name="Factual">Share of the three people who found it factual, 0 … 1.</param>
public sealed record XSumSummary(string Id, string System, IReadOnlyDictionary<string, double> Scores, double? Faithful, double? Factual) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id[(Id.LastIndexOf('_') + 1)..];
}

/// <summary>Reads <c>eval_scores_xsum_summaries.csv</c> (<c>system_bbcid</c>, one column a scorer, <c>Faithful</c>, <c>Factual</c>).</summary>
/// <remarks>Maynez, Narayan, Bohnet and McDonald 2020 (arXiv 2005.00661).</remarks>
public static class XSumHallucination
{
    private const string Faithful = "Faithful";
    private const string Factual = "Factual";

    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<XSumSummary> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var id = row.FilledText("system_bbcid");
        var cut = id.LastIndexOf('_');
        if (cut <= 0)
            throw row.Error("system_bbcid", $"is '{id}'; a system, '_' and a number are needed", "malformed field 'system_bbcid'");
        return new XSumSummary(
            id, id[..cut],
            row.Fields.Keys.Where(k => k is not ("system_bbcid" or Faithful or Factual) && Number(row, k) is not null).ToDictionary(k => k, k => Number(row, k)!.Value, StringComparer.Ordinal),
            Number(row, Faithful), Number(row, Factual));
    });

    private static double? Number(DataRow row, string field) => row.OptionalText(field) is null or "" or "NULL" ? null : row.OptionalNumber(field);
}
