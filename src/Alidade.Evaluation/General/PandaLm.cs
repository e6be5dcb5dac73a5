using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Agreement;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// PandaLM's test set: the evaluated model is the judge, and is measured against people. It compares two answers to an instruction in both orders, and once more at temperature; the numbers say how often it
/// agrees with the majority of three people, with itself, and in both orders, and whether it follows length. A judge is measured before it is believed.
/// </summary>
/// <remarks>Wang et al. 2024 (arXiv 2306.05087). The verdict is that of both orders (<see cref="PairVerdicts.OfBothOrders"/>); the authors show one order and count what cannot be read as a tie. The prompt is
/// Alidade's own.</remarks>
public sealed record PandaLm : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.pandalm";

    /// <summary>The comparisons.</summary>
    public required IReadOnlyList<PandaLmComparison> Items { get; init; }

    /// <summary>What the model is asked.</summary>
    public JudgePrompt Prompt { get; init; } = ComparisonPrompt.Explained;

    /// <summary>How the model is asked.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 512, Retries = 0 };

    /// <summary>Temperature at which it is asked again, to see whether it agrees with itself. Default 0.7.</summary>
    public double RepeatTemperature { get; init; } = 0.7;

    /// <inheritdoc/>
    /// <returns><c>.accuracy</c>, <c>.kappa</c>, <c>.macro_f1</c>, <c>.position_consistency</c>, <c>.self_agreement</c>, <c>.prefers_longer</c>, <c>.verbosity_bias</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        IReadOnlyList<Message>[] straight = [.. items.Select(i => PromptOf(i, i.First, i.Second))];
        IReadOnlyList<Message>[] swapped = [.. items.Select(i => PromptOf(i, i.Second, i.First))];
        var judge = new LlmJudge(context, context.Model, Judge);
        var games = await judge.AskAsync("PandaLM", [.. straight, .. swapped], reply => MtBenchReply.Comparison(reply.Text)).ConfigureAwait(false);
        var repeats = await new LlmJudge(context, context.Model, Judge with { Temperature = RepeatTemperature })
            .AskAsync("PandaLM, once more", straight, reply => MtBenchReply.Comparison(reply.Text)).ConfigureAwait(false);
        var first = games.Verdicts.Take(items.Count).ToArray();
        var second = games.Verdicts.Skip(items.Count).Select(v => v.Select(PairVerdicts.Swapped)).ToArray();
        var verdicts = first.Zip(second, PairVerdicts.OfBothOrders).ToArray();
        var about = new Measurement
        {
            Name = Name,
            Meaning = "",
            Unit = "share",
            Direction = Direction.Higher,
            Count = 0,
            Cost = new(games.Cost.Tokens + repeats.Cost.Tokens, games.Cost.Seconds + repeats.Cost.Seconds),
        };
        ItemResult ItemOf(int i, Parsed<double> score) => new()
        {
            Id = items[i].Id,
            Input = $"{items[i].Instruction}\n{items[i].Input}\nfirst: {items[i].First}\nsecond: {items[i].Second}",
            Output = games.All[i].Reply,
            Score = score.HasValue ? score.Value : null,
            Why = score.Why ?? $"people {(items[i].Majority is { } m ? PandaLmVerdict.OfLabel(m).ToString() : "disagree")}; shown in order {first[i].Value}, swapped {Told(second[i])}",
            Truncated = games.All[i].Truncated || games.All[i + items.Count].Truncated,
            // Pairs of one instruction go up and down together.
            Cluster = items[i].Group,
        };
        MeasureResult Measure(string name, string meaning, Direction direction, Func<int, Parsed<double>> score) => MeasureSummary.OfMean(
            about with { Name = $"{Name}.{name}", Meaning = meaning, Direction = direction }, [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(i, score(i)))]);

        int[] decided = [.. Enumerable.Range(0, items.Count).Where(i => items[i].Majority is not null && verdicts[i].HasValue)];
        var lengths = VerbosityBias.Of([.. items.Select((item, i) => new SizedVerdict(verdicts[i], item.First.Length, item.Second.Length, item.Majority is { } m ? PandaLmVerdict.OfLabel(m) : null))]);
        return
        [
            Measure("accuracy", "Share of pairs on which the model, in both orders, says what the majority of three people says (first, second or tie).", Direction.Higher, i =>
                items[i].Majority is not { } label ? Parsed.None<double>("people disagree") : verdicts[i].Select(v => v == PandaLmVerdict.OfLabel(label) ? 1.0 : 0)),
            Statistic("kappa", "Cohen's kappa between the model's verdict and the majority of three people.", "kappa", Direction.Higher, decided, d => Kappa(items, verdicts, d)),
            Statistic("macro_f1", "F1 of first, second and tie against the majority of three people, the mean of the three.", "F1", Direction.Higher, decided, d => TableOf(items, verdicts, d).Macro.F1),
            PairMeasures.Consistency(Name, "both orders", about.Cost, [.. Enumerable.Range(0, items.Count).Select(i => ItemOf(i, PairMeasures.Consistent(first[i], second[i])))]),
            Measure("self_agreement", "Share of pairs on which the model says the same when it is asked once more at temperature.", Direction.Higher, i => PairMeasures.Consistent(first[i], repeats.Verdicts[i])),
            Measure("prefers_longer", "Share of the longer answer among the model's choices, ties left out; people stand at "
                + $"{Shown.Share(lengths.PeoplePreferLonger)}.", Direction.Neutral, i => Longer(items[i], verdicts[i])),
            Statistic("verbosity_bias", "P(agrees | people prefer the longer) − P(agrees | people prefer the shorter).", "difference of shares", Direction.TowardsIdeal, decided, d => VerbosityBias.Of(
                [.. d.Select(i => new SizedVerdict(verdicts[i], items[i].First.Length, items[i].Second.Length, PandaLmVerdict.OfLabel(items[i].Majority!.Value)))]).Bias),
        ];

        // What is no mean is resampled over the pairs.
        MeasureResult Statistic(string name, string meaning, string unit, Direction direction, int[] pairs, Func<int[], double> of)
        {
            var measured = about with { Name = $"{Name}.{name}", Meaning = meaning, Unit = unit, Direction = direction, Ideal = direction == Direction.TowardsIdeal ? 0 : null, Unscored = Unscored(verdicts, items) };
            if (pairs.Length == 0 || double.IsNaN(of(pairs)))
                return new(measured, []);
            var resampled = Bootstrap.Of(pairs.Length, draw => of([.. draw.Select(i => pairs[i])]), context.Seed, 1000);
            // A resample may hold one kind of pair alone, in which the statistic does not exist.
            var interval = resampled.Replicates.Any(double.IsNaN) ? null : resampled.Percentile();
            return new(measured with { Value = resampled.Statistic, Count = pairs.Length, Interval = interval }, []);
        }
    }

    private static string Told(Parsed<PairVerdict> verdict) => verdict.HasValue ? verdict.Value.ToString() : verdict.Why!;

    private static Parsed<double> Longer(PandaLmComparison item, Parsed<PairVerdict> verdict) =>
        !verdict.HasValue ? Parsed.None<double>(verdict.Why!)
        : verdict.Value == PairVerdict.Tie ? Parsed.None<double>("a tie")
        : item.First.Length == item.Second.Length ? Parsed.None<double>("answers of one length")
        : Parsed.Of((verdict.Value == PairVerdict.First) == (item.First.Length > item.Second.Length) ? 1.0 : 0);

    private static Dictionary<string, int> Unscored(Parsed<PairVerdict>[] verdicts, IReadOnlyList<PandaLmComparison> items) =>
        verdicts.Select((v, i) => v.Why ?? (items[i].Majority is null ? "people disagree" : null)).OfType<string>().GroupBy(w => w, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    private static int[] Labels(IReadOnlyList<PandaLmComparison> items, int[] pairs) => [.. pairs.Select(i => (int)PandaLmVerdict.OfLabel(items[i].Majority!.Value))];

    private static double Kappa(IReadOnlyList<PandaLmComparison> items, Parsed<PairVerdict>[] verdicts, int[] pairs) =>
        CohenKappa.Of(TableOf(items, verdicts, pairs)).Value;

    private static Confusion TableOf(IReadOnlyList<PandaLmComparison> items, Parsed<PairVerdict>[] verdicts, int[] pairs) =>
        Confusion.Of(Labels(items, pairs), [.. pairs.Select(i => (int)verdicts[i].Value)], Enum.GetValues<PairVerdict>().Length);

    private IReadOnlyList<Message> PromptOf(PandaLmComparison item, string first, string second) =>
        ComparisonPrompt.Of(Prompt, item.Input.Length == 0 ? item.Instruction : $"{item.Instruction}\n\n{item.Input}", first, second);
}

/// <summary>PandaLM's test set of 999 comparisons.</summary>
internal sealed class KnownPandaLm : KnownTask
{
    public override string Name => "general.pandalm";

    public override string About => "PandaLM's test set: the model as a judge of two answers, against three people (Wang et al. 2024)";

    public override IReadOnlyList<string> Files => ["pandalm/testset-v1.json"];

    public override IEvaluationTask Open(Func<string, string> data) => new PandaLm { Items = PandaLmFile.Read(data(Files[0])).Rows };
}
