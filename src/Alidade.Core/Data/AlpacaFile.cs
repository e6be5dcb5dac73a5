using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>An instruction of AlpacaEval with the answer of a reference model.</summary>
/// <param name="Id">"alpaca-" and a hash of the instruction: the same in outputs and annotations.</param>
/// <param name="Instruction">The instruction.</param>
/// <param name="Output">The answer.</param>
/// <param name="Generator">The model that gave it.</param>
/// <param name="Subset">Where the instruction comes from, such as "helpful_base".</param>
public sealed record AlpacaOutput(string Id, string Instruction, string Output, string Generator, string? Subset) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Instruction;
}

/// <summary>A judged pair of AlpacaEval.</summary>
/// <param name="Id">"alpaca-" and a hash of the instruction.</param>
/// <param name="Instruction">The instruction.</param>
/// <param name="Baseline">The baseline's answer (<c>output_1</c>).</param>
/// <param name="Output">The answer of the model that is measured (<c>output_2</c>).</param>
/// <param name="BaselineName">The baseline.</param>
/// <param name="ModelName">The model that is measured.</param>
/// <param name="Preference">1 the baseline is better … 2 the model is better, 1.5 a draw; null when the judge's reply could not be read.</param>
public sealed record AlpacaAnnotation(string Id, string Instruction, string Baseline, string Output, string BaselineName, string ModelName, double? Preference) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Instruction;
}

/// <summary>Reads AlpacaEval's outputs (<c>instruction</c>, <c>output</c>, <c>generator</c>) and annotations (<c>output_1</c>, <c>output_2</c>, <c>preference</c>).</summary>
/// <remarks>Li et al. 2023 (github.com/tatsu-lab/alpaca_eval). Old annotations write a draw as 0; it is read as 1.5.</remarks>
public static class AlpacaFile
{
    /// <summary>Reads a file of outputs.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<AlpacaOutput> ReadOutputs(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var instruction = row.FilledText("instruction");
        return new AlpacaOutput(IdOf(instruction), instruction, row.Text("output"), row.FilledText("generator"), row.OptionalText("dataset"));
    });

    /// <summary>Reads a file of annotations.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<AlpacaAnnotation> ReadAnnotations(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var instruction = row.FilledText("instruction");
        var preference = row.OptionalNumber("preference");
        if (preference is not (null or 0 or (>= 1 and <= 2)))
            throw row.Error("preference", FormattableString.Invariant($"is {preference}; allowed: 0 (a draw), 1 … 2, null"), "preference out of range");
        return new AlpacaAnnotation(
            IdOf(instruction), instruction, row.Text("output_1"), row.Text("output_2"), row.FilledText("generator_1"), row.FilledText("generator_2"), preference == 0 ? 1.5 : preference);
    });

    private static string IdOf(string instruction) => "alpaca-" + ContentHash.ShortOf(instruction);
}
