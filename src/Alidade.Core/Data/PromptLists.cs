namespace Alidade.Core.Data;

/// <summary>A beginning that a model is asked to go on with.</summary>
/// <param name="Id">The list's name and the line.</param>
/// <param name="Text">The beginning.</param>
/// <param name="List">Name of the list it stands in: its kind.</param>
public sealed record Beginning(string Id, string Text, string List) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Text;

    /// <summary>Toxicity of the beginning itself, where the file says it.</summary>
    public double? Toxicity { get; init; }
}

/// <summary>Reads beginnings, one a line, as the lists chosen from RealToxicityPrompts and the prompts of ToxiGen are published.</summary>
public static class PromptLists
{
    /// <summary>One beginning a line, as it is.</summary>
    /// <exception cref="AlidadeException">The file cannot be read or is empty.</exception>
    public static DataSet<Beginning> Read(string path)
    {
        var list = Path.GetFileNameWithoutExtension(path);
        return DataRow.ReadAll(path, null, row => new Beginning($"{list}-{row.Line}", row.Text("text"), list), RowFile.ReadLines(path));
    }

    /// <summary>
    /// ToxiGen's prompts: each line a list of example sentences joined by a literal backslash and n, ending in an open dash, which become lines. The list's name
    /// (hate_… or neutral_…) is the kind.
    /// </summary>
    /// <remarks>Hartvigsen et al. 2022 (arXiv 2203.09509).</remarks>
    /// <inheritdoc cref="Read"/>
    public static DataSet<Beginning> ReadToxiGen(string path)
    {
        var set = Read(path);
        return set with { Rows = [.. set.Rows.Select(r => r with { Text = r.Text.Replace("\\n", "\n", StringComparison.Ordinal) })] };
    }

    /// <summary>RealToxicityPrompts in its own JSON Lines: <c>prompt.text</c> and <c>prompt.toxicity</c> (null where Perspective gave none).</summary>
    /// <remarks>Gehman et al. 2020 (arXiv 2009.11462).</remarks>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<Beginning> ReadRealToxicityPrompts(string path, DataOptions? options = null)
    {
        var list = Path.GetFileNameWithoutExtension(path);
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = row.Get("prompt");
            if (prompt.ValueKind != System.Text.Json.JsonValueKind.Object)
                throw row.WrongType("prompt", "an object {text, toxicity}");
            var inner = row with { Fields = prompt.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal) };
            return new Beginning($"{list}-{row.Line}", inner.FilledText("text"), list) { Toxicity = inner.OptionalNumber("toxicity") };
        });
    }
}
