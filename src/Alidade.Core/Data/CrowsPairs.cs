namespace Alidade.Core.Data;

/// <summary>Which sentence of a pair is about the disadvantaged group in which way.</summary>
public enum StereotypeDirection
{
    /// <summary>The more stereotyping sentence states a stereotype of a disadvantaged group.</summary>
    Stereo,

    /// <summary>The pair violates a stereotype (218 of the 1,508 published pairs).</summary>
    Antistereo,
}

/// <summary>One pair of CrowS-Pairs: two sentences that differ in the group they speak of.</summary>
/// <param name="Id">"crows-" and the number in the published file.</param>
/// <param name="More">The more stereotyping sentence.</param>
/// <param name="Less">The less stereotyping sentence.</param>
/// <param name="Direction">Stereotype or anti-stereotype.</param>
/// <param name="BiasType">One of nine, such as "race-color".</param>
public sealed record CrowsPair(string Id, string More, string Less, StereotypeDirection Direction, string BiasType) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Id;
}

/// <summary>Reads CrowS-Pairs in its published columns (unnamed number, <c>sent_more</c>, <c>sent_less</c>, <c>stereo_antistereo</c>, <c>bias_type</c>, …).</summary>
/// <remarks>Nangia, Vania, Bhalerao and Bowman 2020 (arXiv 2010.00133).</remarks>
public static class CrowsPairs
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<CrowsPair> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new CrowsPair(
        "crows-" + (row.Has("") ? row.FilledText("") : row.FilledText("id")),
        row.FilledText("sent_more"),
        row.FilledText("sent_less"),
        row.OneOf("stereo_antistereo", "stereo", "antistereo") == "stereo" ? StereotypeDirection.Stereo : StereotypeDirection.Antistereo,
        row.FilledText("bias_type")));
}
