using System.Globalization;

namespace Alidade.Core.Data;

/// <summary>An instruction of FLASK with the skills that it asks for.</summary>
/// <param name="Id">"flask-" and the number of the instruction.</param>
/// <param name="Instruction">The instruction.</param>
/// <param name="Reference">A reference answer; empty when there is none.</param>
/// <param name="Skills">Names of the skills, such as "Logical Correctness".</param>
/// <param name="Domains">Domains, such as "Humanities".</param>
/// <param name="Difficulty">What a person needs to know, such as "formal education knowledge"; null when the row does not say.</param>
public sealed record FlaskItem(string Id, string Instruction, string Reference, IReadOnlyList<string> Skills, IReadOnlyList<string> Domains, string? Difficulty) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Instruction;
}

/// <summary>Reads FLASK's evaluation set (<c>idx</c>, <c>instruction</c>, <c>answer</c>, <c>skill</c>, <c>domain</c>, <c>difficulty</c>).</summary>
/// <remarks>Ye et al. 2024 (arXiv 2307.10928), github.com/kaistAI/FLASK.</remarks>
public static class FlaskFile
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<FlaskItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row => new FlaskItem(
        row.OptionalNumber("idx") is { } number ? string.Create(CultureInfo.InvariantCulture, $"flask-{number}") : throw row.Error("idx", "is missing", "missing field 'idx'"),
        row.FilledText("instruction"),
        row.OptionalText("answer") ?? "",
        row.Texts("skill") is { Count: > 0 } skills ? skills : throw row.Error("skill", "names no skill", "no skill"),
        row.Has("domain") ? row.Texts("domain") : [],
        row.OptionalText("difficulty")));
}
