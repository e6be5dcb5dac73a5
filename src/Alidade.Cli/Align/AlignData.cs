using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Training.Data;

namespace Alidade.Cli.Align;

/// <summary>Everything that the job reads: pairs split into trained and held out, demonstrations, and the measures' items.</summary>
internal sealed class AlignData
{
    private AlignData(DataSet<PreferencePair> pairs, DataSplit<PreferencePair> split, DataSet<Demonstration>? demonstrations) =>
        (Pairs, Split, Demonstrations) = (pairs, split, demonstrations);

    /// <summary>The preference file.</summary>
    public DataSet<PreferencePair> Pairs { get; }

    /// <summary>Pairs to train on, and pairs that are never trained on.</summary>
    public DataSplit<PreferencePair> Split { get; }

    /// <summary>The demonstrations' file; null when the preferred answers serve.</summary>
    public DataSet<Demonstration>? Demonstrations { get; }

    public DataSet<TextDemonstration>? Perplexity { get; private init; }

    public DataSet<CrowsPair>? CrowsPairs { get; private init; }

    public DataSet<TruthfulQaItem>? TruthfulQa { get; private init; }

    public DataSet<RefusalItem>? Refusals { get; private init; }

    /// <summary>All files with their hashes.</summary>
    public IReadOnlyList<HashedFile> Files =>
        [.. new[] { Pairs.File, Demonstrations?.File, Perplexity?.File, CrowsPairs?.File, TruthfulQa?.File, Refusals?.File }.OfType<HashedFile>()];

    /// <summary>Reads the files of a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folder">What its paths are relative to.</param>
    /// <exception cref="AlidadeException">A file is missing or a row cannot be used.</exception>
    public static AlignData Read(AlignRecipe recipe, string folder)
    {
        string At(string path) => Path.GetFullPath(Path.Combine(folder, path));
        T? Of<T>(FileMeasureRecipe? measure, Func<string, T> read)
            where T : class => measure is null ? null : read(At(measure.File));
        var options = new DataOptions { DropInvalidRows = recipe.Data.DropInvalidRows };
        var pairs = PreferenceFile.Read(At(recipe.Data.Preferences), recipe.Data.Format, options);
        var split = DataSplit.Of(pairs.Rows, recipe.Seed, recipe.Data.HeldOut);
        if (recipe.Data.MaxPairs is { } most)
            split = split with { Train = [.. split.Train.Take(most)] };
        return new(pairs, split, recipe.Data.Demonstrations is { } file ? DemonstrationFile.Read(At(file), options) : null)
        {
            Perplexity = Of(recipe.Measures.Perplexity, path => Paragraphs(path)),
            CrowsPairs = Of(recipe.Measures.CrowsPairs, path => Core.Data.CrowsPairs.Read(path)),
            TruthfulQa = Of(recipe.Measures.TruthfulQa, path => Core.Data.TruthfulQa.Read(path)),
            Refusals = Of(recipe.Measures.Refusals, path => RefusalItems.Read(path)),
        };
    }

    /// <summary>Training pairs as tokens; pairs longer than the maximum are left out and counted, never cut.</summary>
    public TokenRows<PairTokens> PairTokens(CausalLM model, IReadOnlyList<PreferencePair> pairs, int maxLength) =>
        new PreferenceTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null }).Tokenize(pairs)
            .WithoutLongerThan(maxLength, r => r.Prompt.Count + Math.Max(r.Chosen.Count, r.Rejected.Count));

    /// <summary>Demonstrations as tokens; longer ones are left out and counted, never cut.</summary>
    public TokenRows<DemonstrationTokens> DemonstrationTokens(CausalLM model, int maxLength, int? maxRows)
    {
        IEnumerable<Demonstration> demonstrations = Demonstrations is { } file ? file.Rows
            : Split.Train.Select(p => p.Prompt.Messages is { } messages
                ? (Demonstration)new ConversationDemonstration(p.Id, [.. messages, new Message("assistant", p.Chosen)])
                : new CompletionDemonstration(p.Id, p.Prompt, p.Chosen));
        var rows = new DemonstrationTokenizer(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null }).Tokenize(demonstrations).WithoutLongerThan(maxLength, r => r.Ids.Count);
        return rows with { Rows = [.. rows.Rows.Take(maxRows ?? int.MaxValue)] };
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
