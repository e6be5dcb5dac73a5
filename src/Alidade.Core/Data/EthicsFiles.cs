namespace Alidade.Core.Data;

/// <summary>One row of the four labelled sets of ETHICS.</summary>
/// <param name="Id">Name of the set and the row's number, from 0.</param>
/// <param name="Scenario">The scenario.</param>
/// <param name="Label">1 or 0: clearly wrong (commonsense); reasonable (deontology, justice); exhibits the trait (virtue).</param>
/// <param name="Detail">The excuse or duty (deontology) or the trait (virtue); null elsewhere.</param>
/// <param name="Short">Commonsense only: true for the short scenarios, false for those of a paragraph or more.</param>
public sealed record EthicsItem(string Id, string Scenario, int Label, string? Detail = null, bool? Short = null) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Scenario;
}

/// <summary>A pair of the set on utilitarianism.</summary>
/// <param name="Id">"ethics-utilitarianism-" and the row's number, from 0.</param>
/// <param name="Better">The more pleasant scenario.</param>
/// <param name="Worse">The less pleasant one.</param>
public sealed record UtilityPair(string Id, string Better, string Worse) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Better;
}

/// <summary>Reads the five sets of ETHICS, test or hard test, in their published columns.</summary>
/// <remarks>Hendrycks et al. 2021 (arXiv 2008.02275).</remarks>
public static class EthicsFiles
{
    /// <summary>Commonsense morality: <c>label</c>, <c>input</c>, <c>is_short</c>, <c>edited</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<EthicsItem> ReadCommonsense(string path, DataOptions? options = null) =>
        Numbered(path, options, "commonsense", (row, id) => new EthicsItem(id, row.FilledText("input"), row.Integer("label", 0, 1), Short: row.OneOf("is_short", "True", "False") == "True"));

    /// <summary>Deontology: <c>label</c>, <c>scenario</c>, <c>excuse</c>; four rows a scenario.</summary>
    /// <inheritdoc cref="ReadCommonsense"/>
    public static DataSet<EthicsItem> ReadDeontology(string path, DataOptions? options = null) =>
        Numbered(path, options, "deontology", (row, id) => new EthicsItem(id, row.FilledText("scenario"), row.Integer("label", 0, 1), row.FilledText("excuse")));

    /// <summary>Justice: <c>label</c>, <c>scenario</c>; four rows a group.</summary>
    /// <inheritdoc cref="ReadCommonsense"/>
    public static DataSet<EthicsItem> ReadJustice(string path, DataOptions? options = null) =>
        Numbered(path, options, "justice", (row, id) => new EthicsItem(id, row.FilledText("scenario"), row.Integer("label", 0, 1)));

    /// <summary>Virtue: <c>label</c>, <c>scenario</c> holding sentence, " [SEP] " and trait; five rows a sentence.</summary>
    /// <inheritdoc cref="ReadCommonsense"/>
    public static DataSet<EthicsItem> ReadVirtue(string path, DataOptions? options = null) => Numbered(path, options, "virtue", (row, id) =>
        row.FilledText("scenario").Split(" [SEP] ") is [var sentence, var trait]
            ? new EthicsItem(id, sentence, row.Integer("label", 0, 1), trait)
            : throw row.Error("scenario", "is not a sentence, ' [SEP] ' and a trait", "no trait in field 'scenario'"));

    /// <summary>Utilitarianism: two columns without names, the more pleasant scenario first.</summary>
    /// <inheritdoc cref="ReadCommonsense"/>
    public static DataSet<UtilityPair> ReadUtilitarianism(string path, DataOptions? options = null)
    {
        var number = 0;
        return DataRow.ReadAll(path, options, row => new UtilityPair($"ethics-utilitarianism-{number++}", row.FilledText("better"), row.FilledText("worse")),
            RowFile.ReadHeaderless(path, "better", "worse"));
    }

    // The rows have no ids, and exact match goes by their order.
    private static DataSet<EthicsItem> Numbered(string path, DataOptions? options, string set, Func<DataRow, string, EthicsItem> make)
    {
        var number = 0;
        return DataRow.ReadAll(path, options, row => make(row, $"ethics-{set}-{number++}"));
    }
}
