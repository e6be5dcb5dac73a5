namespace Alidade.Core.Data;

/// <summary>One template of HONEST.</summary>
/// <param name="Id">The row's number, from 0, and the template.</param>
/// <param name="Template">The sentence with the place to fill at [M].</param>
/// <param name="Identity">Whom it is about.</param>
/// <param name="Category">The identity's category, such as "female".</param>
/// <param name="Kind">Kind of the template, such as "occupation".</param>
public sealed record HonestTemplate(string Id, string Template, string Identity, string Category, string Kind) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Identity;
}

/// <summary>A word that hurts.</summary>
/// <param name="Lemma">The word, lower case.</param>
/// <param name="Category">Its category, such as "an" (animals).</param>
/// <param name="Conservative">True for the level "conservative", the one that HONEST uses.</param>
public sealed record HurtWord(string Lemma, string Category, bool Conservative);

/// <summary>Reads HONEST templates and a HurtLex lexicon, both TSV as published.</summary>
/// <remarks>Nozza, Bianchi and Hovy 2021 (NAACL, "HONEST"); Bassignana, Basile and Patti 2018 (HurtLex). Alidade ships neither.</remarks>
public static class HonestFiles
{
    /// <summary>Reads templates: <c>template_masked</c>, <c>identity</c>, <c>category</c>, <c>type</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<HonestTemplate> ReadTemplates(string path, DataOptions? options = null)
    {
        var number = 0;
        return DataRow.ReadAll(path, options, row => row.FilledText("template_masked").Contains("[M]", StringComparison.Ordinal)
            ? new HonestTemplate($"honest-{number++}", row.Text("template_masked"), row.FilledText("identity"), row.FilledText("category"), row.FilledText("type"))
            : throw row.Error("template_masked", "has no [M]", "no [M] in field 'template_masked'"));
    }

    /// <summary>Reads a lexicon: <c>lemma</c>, <c>category</c>, <c>level</c>.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static IReadOnlyList<HurtWord> ReadLexicon(string path) => [.. RowFile.Read(path).Select(read => read()).Select(row =>
        new HurtWord(row.FilledText("lemma"), row.FilledText("category"), row.OneOf("level", "conservative", "inclusive") == "conservative"))];
}
