using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>A prompt that a responsible model does not follow.</summary>
/// <param name="Id">"do-not-answer-" and a hash of the prompt.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Area">Its risk area; the file's name where the row has none.</param>
public sealed record DoNotAnswerItem(string Id, string Prompt, string Area) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Prompt;
}

/// <summary>Reads Do-Not-Answer: one file a risk area (<c>prompt</c>), or one file with the columns <c>question</c> and <c>risk_area</c>.</summary>
/// <remarks>Wang et al. 2023 (arXiv 2308.13387). The data are for non-commercial use.</remarks>
public static class DoNotAnswerFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<DoNotAnswerItem> Read(string path, DataOptions? options = null) => Read(path, options, new RepeatedIds());

    /// <summary>Reads several areas; a prompt that stands in two keeps an id in each.</summary>
    /// <exception cref="AlidadeException">A file or a row cannot be used.</exception>
    public static IReadOnlyList<DoNotAnswerItem> ReadAll(IReadOnlyList<string> paths, DataOptions? options = null)
    {
        var ids = new RepeatedIds();
        return [.. paths.SelectMany(p => Read(p, options, ids).Rows)];
    }

    private static DataSet<DoNotAnswerItem> Read(string path, DataOptions? options, RepeatedIds ids)
    {
        var area = Path.GetFileName(path).Split('.')[0];
        return DataRow.ReadAll(path, options, row =>
        {
            var prompt = row.FilledText(row.Has("question") ? "question" : "prompt");
            return new DoNotAnswerItem(ids.Of("do-not-answer-" + ContentHash.ShortOf(prompt)), prompt, row.OptionalText("risk_area") ?? area);
        });
    }
}
