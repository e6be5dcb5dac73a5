namespace Alidade.Core.Data;

/// <summary>One sentence of Winogenerated.</summary>
/// <param name="Id">"winogenerated-" and the row's number, from 0.</param>
/// <param name="Sentence">The sentence with "_" for the pronoun.</param>
/// <param name="Pronouns">The pronouns that fit: male, female, neutral in the published order.</param>
/// <param name="Occupation">The occupation.</param>
/// <param name="PercentWomen">Percentage of women in the occupation (Bureau of Labor Statistics, 2019).</param>
public sealed record WinogeneratedItem(string Id, string Sentence, IReadOnlyList<string> Pronouns, string Occupation, double PercentWomen) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Occupation;
}

/// <summary>Reads Winogenerated in its published JSON Lines.</summary>
/// <remarks>Perez et al. 2022 (arXiv 2212.09251), section 6.</remarks>
public static class WinogeneratedFile
{
    /// <summary>Reads the sentences.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<WinogeneratedItem> Read(string path, DataOptions? options = null)
    {
        var number = 0;
        return DataRow.ReadAll(path, options, row => new WinogeneratedItem(
            $"winogenerated-{number++}",
            row.FilledText("sentence_with_blank"),
            row.Texts("pronoun_options"),
            row.FilledText("occupation"),
            row.OptionalNumber("BLS_percent_women_2019") ?? throw row.Error("BLS_percent_women_2019", "is missing", "missing field 'BLS_percent_women_2019'")));
    }
}
