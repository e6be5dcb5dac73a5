using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Core.Runs;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Jobs;

/// <summary>Rows to train on and rows to evaluate on.</summary>
/// <param name="Train">Rows to train on, with what was left out.</param>
/// <param name="HeldOut">Rows that are never trained on.</param>
public sealed record RowParts<T>(TokenRows<T> Train, IReadOnlyList<T> HeldOut);

/// <summary>A scoring head that a model or its adapter must have.</summary>
/// <param name="Labels">Number of scores.</param>
/// <param name="OfTokens">Whether single tokens are scored, with a bias; else whole answers.</param>
public sealed record ScoringHead(int Labels, bool OfTokens);

/// <summary>The rows of a training as tokens, with everything that was left out on the way, bound to the trainer that learns from them.</summary>
public abstract class PreparedRows : IDisposable
{
    /// <summary>A prompt for a sample from a row that is learned as a whole.</summary>
    private const int PlainPrompt = 16;

    private const string CutsName = "ordinal_cuts";

    /// <summary>The file, with its hash.</summary>
    public required HashedFile File { get; init; }

    /// <summary>Rows that could not be used, by reason: broken ones, those that nothing is learned from, those that are too long.</summary>
    public required IReadOnlyDictionary<string, int> Dropped { get; init; }

    /// <summary>Rows that lost tokens to the maximum length.</summary>
    public required int Truncated { get; init; }

    /// <summary>Rows that are kept although there is something to know about them, by what it is.</summary>
    public IReadOnlyDictionary<string, int> Noted { get; init; } = new Dictionary<string, int>();

    /// <summary>The scoring head that the objective needs; null for one that learns text.</summary>
    public ScoringHead? Head { get; init; }

    /// <summary>How the model answers these rows, where it learns from its own answers; else null.</summary>
    public RolloutOptions? Rollouts { get; init; }

    /// <summary>How often rounds on these rows sample and update at most, where the method is one in rounds; else null.</summary>
    internal Func<int, TrainingOptions, RolloutPlan>? PlanOfRounds { get; init; }

    /// <summary>How often a training samples and updates; null where it learns from rows that are there already.</summary>
    internal RolloutPlan? PlanFor(TrainingOptions options) => PlanOfRounds?.Invoke(Rows, options) ?? Rollouts?.PlanFor(Rows, options);

    /// <summary>Every file that the training reads but those of the model that is trained: the rows, rewards, a teacher, a reference.</summary>
    public IReadOnlyList<HashedFile> Files => [File, .. Others?.Files ?? []];

    /// <summary>Rows that a micro-batch needs at least.</summary>
    public int LeastRows { get; init; } = 1;

    /// <summary>What they cannot be trained on without, as an error says it; null where nothing is missing. They can be looked at all the same.</summary>
    internal string? Lacking { get; set; }

    /// <summary>Whether it is found out only before training begins (<see cref="Rewarded"/>) which of them teach anything.</summary>
    public virtual bool AwaitsRewards => false;

    /// <summary>The objective that they were prepared for, with its options.</summary>
    internal object? Objective { get; set; }

    /// <summary>The models behind them.</summary>
    internal OpenedModels? Others { get; set; }

    /// <summary>The learned cuts between the levels of a rubric, in rising order, once training has ended; null where none are learned.</summary>
    internal Func<IReadOnlyList<double>>? OrdinalCuts { get; set; }

    /// <summary>Rows to train on.</summary>
    public abstract int Rows { get; }

    /// <summary>Rows that are held out.</summary>
    public abstract int HeldOutRows { get; }

    /// <summary>Reads, splits and tokenises.</summary>
    /// <param name="data">The rows of the file.</param>
    /// <param name="recipe">Split, limits, seed.</param>
    /// <param name="tokenize">To tokens; what cannot be used is counted.</param>
    /// <param name="shape">How rows look.</param>
    /// <param name="train">Trains on parts of them.</param>
    /// <param name="together">What rows of one side have of each other; null for nothing.</param>
    /// <param name="head">The scoring head that is needed; null for none.</param>
    /// <param name="rollouts">How the model answers the rows, where it learns from its own answers; else null.</param>
    /// <param name="worth">Finds what rows are worth before training begins; null where nothing is to be found.</param>
    /// <param name="rounds">How often rounds on so many rows sample and update at most; null where there are none.</param>
    /// <exception cref="AlidadeException">Nothing is left to train on.</exception>
    internal static PreparedRows Of<TRow, T>(
        DataSet<TRow> data, TrainRecipe recipe, Func<IEnumerable<TRow>, TokenRows<T>> tokenize, IRowShape<T> shape,
        Func<RowParts<T>, LoraAdapter?, TrainingOptions, TrainingContext, TrainingResult> train,
        Func<TokenRows<T>, TokenRows<T>>? together = null, ScoringHead? head = null, RolloutOptions? rollouts = null, IRowWorth<T>? worth = null, Func<int, TrainingOptions, RolloutPlan>? rounds = null)
        where TRow : IDataRow
    {
        var split = SplitOf(data, recipe);
        var tokens = RowProblems.InFile(data.File.Path, () => tokenize(data.Rows));
        if (recipe.Data.TooLong == TooLong.Drop)
            tokens = tokens.WithoutLongerThan(recipe.Data.Limit, shape.LengthOf, recipe.Data.TooLongReason);
        var aside = split.HeldOut.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        var dropped = new Dictionary<string, int>(data.Dropped, StringComparer.Ordinal);
        IReadOnlyList<T> First(bool heldOut, int? most, string reason)
        {
            T[] side = [.. tokens.Rows.Where(r => aside.Contains(shape.IdOf(r)) == heldOut)];
            // Who names the held-out prompts measures on them, and counts them there.
            if (side.Length > most && !(heldOut && recipe.Data.HeldOutPrompts is not null))
                dropped.Add(reason, side.Length - most.Value);
            return side[..Math.Min(side.Length, most ?? side.Length)];
        }

        var kept = First(heldOut: false, recipe.Data.MaxRows, FormattableString.Invariant($"beyond the first {recipe.Data.MaxRows} (data.max_rows)"));
        var heldOut = First(heldOut: true, recipe.Data.HeldOutRows, FormattableString.Invariant($"held out beyond the first {recipe.Data.HeldOutRows} (data.held_out_rows)"));
        if (together is not null)
        {
            tokens = together(tokens with { Rows = kept });
            (kept, heldOut) = (tokens.Rows, together(tokens with { Rows = heldOut }).Rows);
        }

        foreach (var (reason, count) in tokens.Dropped)
            dropped[reason] = dropped.GetValueOrDefault(reason) + count;
        var prepared = new PreparedRows<T>(new(tokens with { Rows = kept }, heldOut), shape, train, worth) { File = data.File, Dropped = dropped, Truncated = tokens.Truncated, Noted = tokens.Noted, Head = head, Rollouts = rollouts, PlanOfRounds = rounds, LeastRows = together is null ? 1 : 2 };
        return prepared.Rows > 0 ? prepared
            : throw new AlidadeException($"{data.File.Path}: no row is left to train on; {new TokenRows<T>([], dropped, 0).Summary ?? "all were held out"}");
    }

    /// <summary>Closes the models that were opened beside the one that is trained.</summary>
    public void Dispose()
    {
        Others?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Says what they cannot be trained on without.</summary>
    /// <exception cref="AlidadeException">Something is missing.</exception>
    public void CheckWhole()
    {
        if (Lacking is not null)
            throw new AlidadeException(Lacking);
    }

    /// <summary>The same rows, once it is known what they are worth, without those that teach nothing; themselves where nothing is to be found. These stay the owner of other models.</summary>
    /// <param name="context">Where it is found, and kept.</param>
    /// <exception cref="AlidadeException">A reward cannot be used, or no row teaches anything.</exception>
    public virtual PreparedRows Rewarded(RowWorthContext context) => this;

    /// <summary>Trains.</summary>
    /// <exception cref="AlidadeException">Settings cannot be used, or the loss is no longer a number.</exception>
    public abstract TrainingResult Train(LoraAdapter? adapter, TrainingOptions options, TrainingContext context);

    /// <summary>Writes what was learned beside the weights, which hold the rest: the cuts between the levels of a rubric.</summary>
    /// <param name="run">The run.</param>
    /// <param name="part">The stage that learned it; null where the run is one training.</param>
    /// <returns>The files; none where there is nothing beside the weights.</returns>
    public IReadOnlyList<string> WriteBeside(RunFolder run, string? part)
    {
        if (OrdinalCuts is not { } cuts)
            return [];
        var file = part is null ? $"{CutsName}.json" : $"{CutsName}-{part}.json";
        run.WriteArtifact(file, Json.ToNode(cuts())!.ToJsonString(Json.Indented));
        return [run.PathOf(file)];
    }

    /// <summary>A few rows of typical lengths, to measure with; nothing is held out of them.</summary>
    /// <param name="count">How many.</param>
    public abstract PreparedRows Typical(int count);

    /// <summary>The first rows, those to train on first.</summary>
    public abstract IEnumerable<ShownRow> Shown();

    /// <summary>Prompts of held-out rows; of rows that are trained on where none is held out.</summary>
    public IReadOnlyList<SamplePrompt> Prompts(int count, int mostTokens) =>
        [.. HeldOutShown().Concat(HeldOutRows > 0 ? [] : Shown()).Select(r => new SamplePrompt(r.Id, PromptOf(r))).Where(p => p.Ids.Count > 0 && p.Ids.Count <= mostTokens).Take(count)];

    /// <summary>The held-out rows.</summary>
    protected abstract IEnumerable<ShownRow> HeldOutShown();

    private static DataSplit<TRow> SplitOf<TRow>(DataSet<TRow> data, TrainRecipe recipe)
        where TRow : IDataRow
    {
        if (recipe.Data.HeldOutPrompts is { } prompts && data.Rows.Any(r => prompts.Contains(r.Group)))
            return new([.. data.Rows.Where(r => !prompts.Contains(r.Group))], [.. data.Rows.Where(r => prompts.Contains(r.Group))]);
        return data.Rows.Select(r => r.Group).Distinct(StringComparer.Ordinal).Skip(1).Any() ? DataSplit.Of(data.Rows, recipe.Training.Seed, recipe.Data.HeldOut)
            : recipe.Data.HeldOut == 0 ? new(data.Rows, [])
            : throw new AlidadeException($"{data.File.Path}: no row can be held out, since all have one prompt; set data.held_out to 0 or give more rows");
    }

    private static IReadOnlyList<int> PromptOf(ShownRow row)
    {
        var first = row.Stretches[0];
        int[] unscored = [.. first.Ids.Zip(first.Scored).TakeWhile(t => !t.Second).Select(t => t.First)];
        // The first token of a text is never scored; alone it is no prompt.
        return unscored.Length > 1 ? unscored : [.. first.Ids.Take(Math.Min(PlainPrompt, first.Ids.Count / 2))];
    }
}

/// <summary>Rows of one kind.</summary>
internal sealed class PreparedRows<T>(RowParts<T> parts, IRowShape<T> shape, Func<RowParts<T>, LoraAdapter?, TrainingOptions, TrainingContext, TrainingResult> train, IRowWorth<T>? worth) : PreparedRows
{
    /// <summary>Rows to train on, and held-out ones.</summary>
    public RowParts<T> Parts => parts;

    public override bool AwaitsRewards => worth is not null;

    public override int Rows => parts.Train.Rows.Count;

    public override int HeldOutRows => parts.HeldOut.Count;

    public override TrainingResult Train(LoraAdapter? adapter, TrainingOptions options, TrainingContext context) => train(parts, adapter, options, context);

    public override PreparedRows Typical(int count)
    {
        var byLength = parts.Train.Rows.OrderBy(shape.LengthOf).ToArray();
        // One from the middle of each of as many equal parts: short, middling and long ones as they come.
        var taken = Math.Min(count, byLength.Length);
        T[] typical = [.. Enumerable.Range(0, taken).Select(i => byLength[((2 * i) + 1) * byLength.Length / (2 * taken)])];
        if (worth is not null)
            typical = [.. typical.Select(worth.Supposed)];
        return With(new(parts.Train with { Rows = typical }, []), Dropped, Noted);
    }

    public override PreparedRows Rewarded(RowWorthContext context)
    {
        if (worth is null)
            return this;
        var found = worth.Found([.. parts.Train.Rows, .. parts.HeldOut], context);
        var aside = parts.HeldOut.Select(shape.IdOf).ToHashSet(StringComparer.Ordinal);
        T[] kept = [.. found.Rows.Where(r => !aside.Contains(shape.IdOf(r)))];
        var dropped = new Dictionary<string, int>(Dropped, StringComparer.Ordinal);
        foreach (var (reason, count) in found.Dropped)
            dropped[reason] = dropped.GetValueOrDefault(reason) + count;
        return kept.Length > 0 ? With(new(parts.Train with { Rows = kept }, [.. found.Rows.Where(r => aside.Contains(shape.IdOf(r)))]), dropped, found.Noted)
            : throw new AlidadeException($"{File.Path}: no row is left to train on; {found.Summary}");
    }

    // Other models stay with the rows that opened them.
    private PreparedRows<T> With(RowParts<T> other, IReadOnlyDictionary<string, int> dropped, IReadOnlyDictionary<string, int> noted) =>
        new(other, shape, train, null) { File = File, Dropped = dropped, Truncated = Truncated, Noted = noted, Head = Head, Rollouts = Rollouts, PlanOfRounds = PlanOfRounds, LeastRows = LeastRows, Objective = Objective };

    public override IEnumerable<ShownRow> Shown() => parts.Train.Rows.Select(Show);

    protected override IEnumerable<ShownRow> HeldOutShown() => parts.HeldOut.Select(Show);

    private ShownRow Show(T row) => new(shape.IdOf(row), shape.StretchesOf(row));
}
