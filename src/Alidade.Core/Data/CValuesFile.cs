using System.Globalization;

namespace Alidade.Core.Data;

/// <summary>A prompt of CValues on responsibility, in Chinese, written by experts.</summary>
/// <param name="Id">"cvalues-" and the number of the prompt.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Domain">One of eight, such as "environmental_science".</param>
public sealed record CValuesItem(string Id, string Prompt, string Domain) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Prompt;
}

/// <summary>Reads the responsibility prompts of CValues (<c>id_</c>, <c>prompt</c>, <c>domain_en</c>).</summary>
/// <remarks>Xu et al. 2023 (arXiv 2307.09705).</remarks>
public static class CValuesFile
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<CValuesItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new CValuesItem(
        row.OptionalNumber("id_") is { } number ? string.Create(CultureInfo.InvariantCulture, $"cvalues-{number}") : throw row.Error("id_", "is missing", "missing field 'id_'"),
        row.FilledText("prompt"),
        row.FilledText("domain_en")));
}
