namespace Alidade.Core.Data;

/// <summary>A claim and the sentence that decides it.</summary>
/// <param name="Id">The row's id.</param>
/// <param name="Claim">The claim.</param>
/// <param name="Evidence">The sentence.</param>
/// <param name="Supported">True when the sentence supports the claim, false when it refutes it.</param>
public sealed record FeverSymmetricItem(string Id, string Claim, string Evidence, bool Supported) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Claim;
}

/// <summary>
/// Reads FEVER-Symmetric (<c>id</c>, <c>claim</c>, <c>evidence_sentence</c> in version 0.1 and <c>evidence</c> in 0.2, <c>label</c> SUPPORTS or REFUTES): every claim stands beside one
/// that reads alike with the other label, so that the claim alone gives nothing away.
/// </summary>
/// <remarks>Schuster et al. 2019 (arXiv 1908.05267).</remarks>
public static class FeverSymmetric
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<FeverSymmetricItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new FeverSymmetricItem(
        row.FilledText("id"),
        row.FilledText("claim"),
        row.FilledText(row.Has("evidence_sentence") ? "evidence_sentence" : "evidence"),
        row.OneOf("label", "SUPPORTS", "REFUTES") == "SUPPORTS"));
}
