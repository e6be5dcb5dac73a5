using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;
using Alidade.Evaluation.Engine;

namespace Alidade.Cli.Align;

/// <summary>What the job measures on: pairs that are held out, and the measures' items.</summary>
internal sealed class AlignData
{
    private AlignData(DataSet<PreferencePair> pairs, DataSplit<PreferencePair> split) => (Pairs, Split) = (pairs, split);

    /// <summary>The preference file.</summary>
    public DataSet<PreferencePair> Pairs { get; }

    /// <summary>Pairs that stages may train on, and pairs on whose prompts none does.</summary>
    public DataSplit<PreferencePair> Split { get; }

    public DataSet<TextDemonstration>? Perplexity { get; private init; }

    public DataSet<CrowsPair>? CrowsPairs { get; private init; }

    public DataSet<TruthfulQaItem>? TruthfulQa { get; private init; }

    public DataSet<RefusalItem>? Refusals { get; private init; }

    /// <summary>Tasks of <c>alidade evaluate</c>; null for none.</summary>
    public EvaluationPlan? Tasks { get; private init; }

    /// <summary>Prompts that no stage trains on.</summary>
    public IReadOnlySet<string> HeldOutPrompts => Split.HeldOut.Select(p => p.Group).ToHashSet(StringComparer.Ordinal);

    /// <summary>All files with their hashes, but those of the stages.</summary>
    public IReadOnlyList<HashedFile> Files =>
    [
        .. new[] { Pairs.File, Perplexity?.File, CrowsPairs?.File, TruthfulQa?.File, Refusals?.File }.OfType<HashedFile>(),
        .. (Tasks?.Files ?? []).Select(f => HashedFile.Of("data", f)),
    ];

    /// <summary>Reads the files of a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="at">Makes a path of data whole.</param>
    /// <param name="taskAt">Makes the path of a task file or of a folder of published data whole.</param>
    /// <exception cref="AlidadeException">A file is missing or a row cannot be used.</exception>
    public static AlignData Read(AlignRecipe recipe, Func<string, string> at, Func<string, string> taskAt)
    {
        T? Of<T>(FileMeasureRecipe? measure, Func<string, T> read)
            where T : class => measure is null ? null : read(at(measure.File));
        var options = new DataOptions { DropInvalidRows = recipe.Data.DropInvalidRows };
        var pairs = PreferenceFile.Read(at(recipe.Data.Preferences), recipe.Data.Format, options);
        return new(pairs, DataSplit.Of(pairs.Rows, recipe.Seed, recipe.Data.HeldOut))
        {
            Perplexity = Of(recipe.Measures.Perplexity, path => Paragraphs(path)),
            CrowsPairs = Of(recipe.Measures.CrowsPairs, path => Core.Data.CrowsPairs.Read(path)),
            TruthfulQa = Of(recipe.Measures.TruthfulQa, path => Core.Data.TruthfulQa.Read(path)),
            Refusals = Of(recipe.Measures.Refusals, path => RefusalItems.Read(path)),
            Tasks = TasksOf(recipe.Measures, taskAt),
        };
    }

    private static EvaluationPlan? TasksOf(MeasuresRecipe measures, Func<string, string> at)
    {
        if (measures.Suite is null && measures.Tasks.Count == 0)
            return null;
        var home = DataHome.Of(measures.PublishedData is { } folder ? at(folder) : null);
        return EvaluationPlan.Of(measures.Suite, [.. measures.Tasks.Select(t => Evaluation.Tasks.TaskFiles.IsFile(t) ? at(t) : t)], measures.TaskLimit, home.Find);
    }

    // Blank lines separate the paragraphs of a plain text; each is an item.
    private static DataSet<TextDemonstration> Paragraphs(string path)
    {
        using var reader = new StreamReader(InputFile.Open(path));
        var paragraphs = reader.ReadToEnd().ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (paragraphs.Length == 0)
            throw new AlidadeException($"{path}: the text is empty");
        return new([.. paragraphs.Select((p, i) => new TextDemonstration(FormattableString.Invariant($"paragraph-{i + 1}"), p))], new Dictionary<string, int>(), HashedFile.Of("perplexity", path));
    }
}
