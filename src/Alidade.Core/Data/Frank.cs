namespace Alidade.Core.Data;

/// <summary>What people found in one summary of FRANK.</summary>
/// <param name="Id">Hash of the article, "/" and the system.</param>
/// <param name="System">The system that wrote the summary.</param>
/// <param name="Source">"cnndm" or "bbc" (XSum).</param>
/// <param name="Split">"valid" or "test".</param>
/// <param name="Factuality">Share of sentences without a factual error, 0 … 1.</param>
public sealed record FrankAnnotation(string Id, string System, string Source, string Split, double Factuality) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id[..Id.IndexOf('/', StringComparison.Ordinal)];
}

/// <summary>What automatic scorers say of one summary of FRANK.</summary>
/// <param name="Id">As in <see cref="FrankAnnotation"/>.</param>
/// <param name="Scores">By the scorer's name; one that has none for this summary is absent.</param>
public sealed record FrankScores(string Id, IReadOnlyDictionary<string, double> Scores) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id[..Id.IndexOf('/', StringComparison.Ordinal)];
}

/// <summary>Reads FRANK: human annotations (<c>hash</c>, <c>model_name</c>, <c>dataset</c>, <c>split</c>, <c>Factuality</c>, …) and the scores of automatic scorers.</summary>
/// <remarks>Pagnoni, Balachandran and Tsvetkov 2021 (arXiv 2104.13346).</remarks>
public static class Frank
{
    private static readonly string[] NotScores = ["hash", "model_name", "dataset", "split"];

    /// <summary>Reads <c>human_annotations.json</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<FrankAnnotation> ReadAnnotations(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new FrankAnnotation(
        IdOf(row),
        row.FilledText("model_name"),
        row.FilledText("dataset"),
        row.OneOf("split", "valid", "test"),
        row.OptionalNumber("Factuality") ?? throw row.Error("Factuality", "is missing", "missing field 'Factuality'")));

    /// <summary>Reads a file of scores such as <c>baseline_factuality_metrics_outputs.json</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<FrankScores> ReadScores(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new FrankScores(
        IdOf(row),
        row.Fields.Keys.Except(NotScores).Where(row.Has).ToDictionary(k => k, k => row.OptionalNumber(k)!.Value, StringComparer.Ordinal)));

    private static string IdOf(DataRow row) => $"{row.FilledText("hash")}/{row.FilledText("model_name")}";
}
