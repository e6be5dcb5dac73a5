using System.Globalization;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Behaviour;
using Alidade.Interpretability.Lenses;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.RedTeam;
using Alidade.Training.Jobs;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Align;

/// <summary>Puts the report together from what the run folder holds.</summary>
internal sealed class AlignReportBuilder(RunFolder run, AlignRecipe recipe, AlignData data, IReadOnlyList<PreparedStage> prepared, CausalLM model)
{
    /// <summary>The file that <c>alidade report</c> reads again.</summary>
    public const string RecordFile = "report.json";

    /// <summary>The page.</summary>
    public const string PageFile = "report.html";

    /// <summary>The model card.</summary>
    public const string CardFile = "model-card.md";

    private const int SamplesOfAKind = 40;

    private static readonly Dictionary<string, string> Labels = new()
    {
        ["behaviour.preference.accuracy"] = "Held-out preference accuracy",
        ["behaviour.preference.margin"] = "Held-out preference margin",
        ["behaviour.preference.implied_accuracy"] = "Held-out pairs moved the right way",
        ["general.nats_per_token"] = "Loss on plain text (nats per token)",
        ["bias.crows_pairs"] = "Stereotype preference (CrowS-Pairs)",
        ["factuality.truthfulqa.mc1"] = "TruthfulQA, one right answer (mc1)",
        ["factuality.truthfulqa.mc2"] = "TruthfulQA, weight on true answers (mc2)",
        ["behaviour.refusal"] = "Refusal of unsafe requests",
        ["behaviour.over_refusal"] = "Refusal of safe requests (over-refusal)",
        [KlFromStart.PerToken] = "Distance from the start, a token",
        [KlFromStart.PerAnswer] = "Distance from the start, an answer",
        ["jailbreak.direct_request"] = "Attack: direct request",
        ["jailbreak.prefilled_answer"] = "Attack: prefilled answer",
    };

    private static readonly HashSet<string> Uninteresting = ["tokens", "mean_entropy", "logits_chosen", "logits_rejected"];

    /// <summary>Builds the report.</summary>
    /// <param name="recipeText">The recipe as it was given.</param>
    /// <param name="command">The command that makes it again.</param>
    /// <param name="modelHash">Hash of the weights.</param>
    /// <param name="license">Licence of the model; null when its files say nothing.</param>
    /// <param name="calibration">How well the instrument behind a measure tells failures; empty for an instrument that nobody calibrated.</param>
    public AlignmentReport Build(string recipeText, string command, string modelHash, string? license, Func<string, IReadOnlyList<InstrumentCalibration>> calibration)
    {
        var measures = Measures();
        var attacks = AlignMeasures.AttacksOf(recipe, data).Select(a => a.Name.Replace(' ', '_')).Select(name =>
            (Before: run.ResultOf<AttackResult>($"{Phases.Before}.attack.{name}")!, After: run.ResultOf<AttackResult>($"{Phases.After}.attack.{name}")!)).ToArray();
        var stages = prepared.Select(s => run.ResultOf<StageResult>("train." + s.Stage.Name)!.Result).ToArray();
        Comparison[] comparisons = [.. measures.Select(m => Compared(m.First, m.Second))];
        AttackComparison[] attacked = [.. attacks.Select(a => new AttackComparison(a.Before.Attack, a.Before.Bound, a.Before.Judge, Compared(a.Before.Rate, a.After.Rate)))];
        var costs = Costs(stages, measures, attacks);
        return new()
        {
            Title = recipe.Title,
            When = TimeProvider.System.GetUtcNow(),
            Run = Path.GetFileName(Path.TrimEndingDirectorySeparator(run.Folder)),
            Model = Model(modelHash, license),
            RecipeSummary = [.. prepared.Zip(stages, Summary)],
            Objectives = [.. prepared.Select(s => s.Stage.Known.Name)],
            Recipe = recipeText,
            Data = [.. Data(stages)],
            Environment = run.Record.Environment,
            Seeds = run.Record.Seeds,
            Cost = new(costs.Sum(c => c.Cost.Tokens), (TimeProvider.System.GetUtcNow() - run.Record.Started).TotalSeconds),
            Costs = costs,
            Command = command,
            Labels = Labels,
            SmallestDifference = recipe.SmallestDifference,
            Calibrations = comparisons.Concat(attacked.Select(a => a.Rate)).Select(c => c.Name).Append(ShiftMap.Measure).Distinct().Select(name => (Name: name, Calibration: calibration(name))).Where(c => c.Calibration.Count > 0).ToDictionary(c => c.Name, c => c.Calibration, StringComparer.Ordinal),
            Comparisons = comparisons,
            Distance = [.. (run.ResultOf<MeasureResult[]>("after.distance") ?? []).Select(m => m.Measurement)],
            Curves = StageCurves.From(Latest()),
            Warnings = [.. prepared.Zip(stages, (s, r) => r.Warnings.Select(w => new StageWarning(s.Stage.Name, new(w.Update, w.Message, w.Source)))).SelectMany(w => w)],
            Attacks = attacked,
            Membership = Membership() is { } membership ? [membership] : [],
            Maps = [.. Maps()],
            Lenses = Lens() is { } lens ? [lens] : [],
            Samples = [.. HeldOutAnswers(), .. measures.Where(m => m.First.Measurement.Name.StartsWith("behaviour.refusal", StringComparison.Ordinal)).SelectMany(m => Samples(m.First, m.Second)),
                .. attacks.Where(a => a.Before.Bound == Bound.Upper).SelectMany(a => Samples(a.Before.Rate, a.After.Rate))],
            LeftOut = [.. LeftOuts(stages)],
        };
    }

    /// <summary>Writes the report as record, page and model card.</summary>
    /// <returns>The path of the page.</returns>
    public string Write(AlignmentReport report)
    {
        run.WriteArtifact(RecordFile, System.Text.Json.JsonSerializer.Serialize(report, Json.Indented) + "\n");
        run.WriteArtifact(PageFile, report.ToHtml());
        run.WriteArtifact(CardFile, report.ToModelCard());
        return run.PathOf(PageFile);
    }

    private Comparison Compared(MeasureResult before, MeasureResult after)
    {
        double? margin = before.Measurement.Unit == "share" ? recipe.SmallestDifference : before.Measurement.Value is { } value && value != 0 ? Math.Abs(value) * recipe.SmallestDifference : null;
        return PairedComparison.IsMeanOfItems(before) && PairedComparison.IsMeanOfItems(after)
            ? PairedComparison.Of(before, after, seed: recipe.Seed, margin: margin)
            : PairedComparison.WithoutInterval(before, after);
    }

    // A number that is only another form of one beside it (perplexity = e^loss) has no items, and nothing to compare.
    private (MeasureResult First, MeasureResult Second)[] Measures()
    {
        var pairs = Tasks().SelectMany(name => run.ResultOf<TaskOutcome>($"{Phases.Before}.{name}")!.Results.Zip(run.ResultOf<TaskOutcome>($"{Phases.After}.{name}")!.Results))
            .Where(m => m.First.Items.Count > 0).ToArray();
        var margins = pairs.First(m => m.First.Measurement.Name == "behaviour.preference.margin");
        return [ImpliedPreference.Of(margins.First, margins.Second), .. pairs];
    }

    private IEnumerable<string> Tasks() =>
        AlignMeasures.MeasuresOf(recipe, data, model).Select(m => m.Task.Name).Concat((data.Tasks?.Tasks ?? []).Select(t => "task." + t.Task.Name));

    private ReportModel Model(string hash, string? license)
    {
        var summary = ModelSummary.Of(model);
        using var adapter = LoraAdapter.Create(model, "shape", recipe.Adapter, 0);
        return new()
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)),
            Architecture = summary.Architecture,
            Parameters = summary.Parameters,
            Hash = hash,
            License = license,
            Adapter = new(
                recipe.Adapter.RankStabilised ? "rank-stabilised LoRA" : "LoRA", recipe.Adapter.Rank, recipe.Adapter.Alpha, adapter.Parameters.Sum(p => p.Value.numel()),
                [.. adapter.Factors.Keys.Select(m => m[(m.LastIndexOf('.') + 1)..]).Distinct()]),
        };
    }

    private static string Summary(PreparedStage prepared, TrainingResult result)
    {
        var (stage, settings) = (prepared.Stage, prepared.Stage.Settings);
        var rewards = string.Join(", ", settings.Reward.Concat(settings.Cost).Select(r => r.Rule?.Name ?? (r.Stage is { } named ? $"the reward model of stage {named}" : Path.GetFileName(r.Model ?? r.Classifier))));
        return string.Create(CultureInfo.InvariantCulture,
            $"{stage.Name}: {stage.Known.Summary.Split([": ", ". "], StringSplitOptions.None)[0].TrimEnd('.')}; {result.Rows:n0} rows of {Path.GetFileName(prepared.Rows.File.Path)} in {result.Updates:n0} updates at a learning rate of {settings.Training.Schedule.LearningRate:g3}{(rewards.Length > 0 ? $"; judged by {rewards}" : "")}{(stage.TrainsReward ? "; an adapter of its own, not the policy's" : "")}");
    }

    private IEnumerable<ReportData> Data(TrainingResult[] stages)
    {
        static ReportData Of(HashedFile file, string purpose, int rows, int used, IReadOnlyDictionary<string, int> dropped, int heldOut = 0) => new()
        {
            Name = Path.GetFileName(file.Path),
            Purpose = purpose,
            Hash = "sha256:" + file.Sha256,
            Rows = rows + dropped.Values.Sum(),
            Used = used,
            HeldOut = heldOut,
            Dropped = dropped,
        };
        static ReportData Measured<T>(DataSet<T> set, string purpose, int? limit)
            where T : IDataRow => Of(set.File, purpose, set.Rows.Count, Math.Min(set.Rows.Count, limit ?? int.MaxValue), set.Dropped);
        yield return Of(data.Pairs.File, "held-out pairs, measured", data.Pairs.Rows.Count, Math.Min(data.Split.HeldOut.Count, recipe.Measures.PreferenceLimit ?? int.MaxValue), data.Pairs.Dropped, data.Split.HeldOut.Count);
        foreach (var (stage, result) in prepared.Zip(stages))
            yield return Of(stage.Rows.File, $"stage {stage.Stage.Name}", stage.Rows.Rows + stage.Rows.HeldOutRows, result.Rows, new Dictionary<string, int>(), stage.Rows.HeldOutRows);
        var m = recipe.Measures;
        if (data.Perplexity is { } texts)
            yield return Measured(texts, "perplexity", m.Perplexity!.Limit);
        if (data.CrowsPairs is { } pairs)
            yield return Measured(pairs, "stereotype pairs", m.CrowsPairs!.Limit);
        if (data.TruthfulQa is { } questions)
            yield return Measured(questions, "questions", m.TruthfulQa!.Limit);
        if (data.Refusals is { } requests)
            yield return Measured(requests, "safe and unsafe requests", m.Refusals!.Limit);
    }

    private IEnumerable<LeftOut> LeftOuts(TrainingResult[] stages)
    {
        foreach (var (stage, result) in prepared.Zip(stages))
        {
            // Broken rows of the preference file are counted once, with the file.
            var counted = stage.Rows.File.Path == data.Pairs.File.Path ? data.Pairs.Dropped : new Dictionary<string, int>();
            foreach (var (reason, count) in result.Dropped.Concat(stage.Rows.Dropped).DistinctBy(d => d.Key).Where(d => d.Value > 0 && !counted.ContainsKey(d.Key)))
                yield return new(stage.Stage.Name, LeftOutKind.Dropped, reason, count);
            if (stage.Rows.Truncated > 0)
                yield return new(stage.Stage.Name, LeftOutKind.Truncated, "cut to the maximum length", stage.Rows.Truncated);
        }

        foreach (var left in data.Tasks?.Left ?? [])
            yield return new(left.Task, LeftOutKind.Failed, left.Reason, 1);
        foreach (var name in Tasks())
            if (run.ResultOf<TaskOutcome>($"{Phases.Before}.{name}")!.NotRun is { } reason)
                yield return new(name, LeftOutKind.Failed, reason, 1);
        foreach (var phase in (string[])[Phases.Before, Phases.After])
            if (run.ResultOf<MembershipStage>($"{phase}.membership") is { Members: > 0, NotRun: { } reason })
                yield return new($"membership inference, {phase}", LeftOutKind.Failed, reason, 1);
    }

    private IReadOnlyList<PhaseCost> Costs(TrainingResult[] stages, (MeasureResult First, MeasureResult Second)[] measures, (AttackResult Before, AttackResult After)[] attacks)
    {
        // Numbers of one task share its cost.
        static Cost Sum(IEnumerable<Cost> costs) => costs.Aggregate(new Cost(0, 0), (a, b) => new(a.Tokens + b.Tokens, a.Seconds + b.Seconds));
        Cost Membership(string phase) => run.ResultOf<MembershipStage>($"{phase}.membership")!.Side?.Auroc.Cost ?? new(0, 0);
        Cost Answers(string phase) => run.ResultOf<AnswersReading>($"{phase}.samples")?.Cost ?? new(0, 0);
        return
        [
            new("measured before", Sum([.. measures.Select(m => m.First.Measurement.Cost).Distinct(), Answers(Phases.Before)])),
            new("attacked before", Sum([.. attacks.Select(a => a.Before.Rate.Measurement.Cost), Membership(Phases.Before)])),
            .. prepared.Zip(stages, (s, r) => new PhaseCost("stage " + s.Stage.Name, new(r.Tokens, r.Seconds))),
            new("measured after", Sum([.. measures.Select(m => m.Second.Measurement.Cost).Distinct(), Answers(Phases.After)])),
            new("attacked after", Sum([.. attacks.Select(a => a.After.Rate.Measurement.Cost), Membership(Phases.After)])),
            new("distance from the start", Sum((run.ResultOf<MeasureResult[]>("after.distance") ?? []).Select(m => m.Measurement.Cost).Distinct())),
            new("looked inside", new(0, run.ResultOf<ShiftReading>("open.shift")!.Seconds)),
        ];
    }

    private IEnumerable<RunEvent> Latest() =>
        RunLogging.Latest(run.View).Select(e => e with { Values = e.Values.Where(v => !Uninteresting.Contains(v.Key.Replace("held_out_", "", StringComparison.Ordinal))).ToDictionary(v => v.Key, v => v.Value) });

    private MembershipReading? Membership()
    {
        var (before, after) = (run.ResultOf<MembershipStage>($"{Phases.Before}.membership")!, run.ResultOf<MembershipStage>($"{Phases.After}.membership")!);
        return after.Side is not { } found ? null : new()
        {
            Attack = "loss score",
            Meaning = "Rows that were trained on should be likelier under the model than rows of the same kind that were not; each row is scored by the mean loss of its preferred answer.",
            Members = after.Members,
            NonMembers = after.Others,
            Before = before.Side,
            After = found,
        };
    }

    private IEnumerable<ShiftMap> Maps() => run.ResultOf<ShiftReading>("open.shift")!.Maps.Select((map, i) => new ShiftMap
    {
        Title = FormattableString.Invariant($"Held-out pair {i + 1}"),
        Meaning = "How much of the shift towards the preferred answer returns when the aligned model's residual stream is put into the base model at the input of one layer and at one position: 1 is all of it.",
        Pairs = 1,
        Layers = [.. map.Layers.Select(l => l.ToString(CultureInfo.InvariantCulture))],
        Positions = [.. map.Positions.Select((p, j) => new MapPosition(j == map.Positions.Count - 1 ? "all answer tokens" : p, j == map.Positions.Count - 1 ? TextPart.Answer : p.StartsWith("<|", StringComparison.Ordinal) ? TextPart.Template : TextPart.Prompt))],
        Values = map.Share,
        BaseLogOdds = map.BaseLogOdds,
        AlignedLogOdds = map.AlignedLogOdds,
    });

    private LensComparison? Lens()
    {
        if (run.ResultOf<LensReading>("open.lens.before") is not { } before || run.ResultOf<LensReading>("open.lens.after") is not { } after)
            return null;
        IReadOnlyList<Core.Reports.LensToken> Tokens(LensRow row) => [.. row.Top.Select(t => new Core.Reports.LensToken(t.Token, t.Probability))];
        return new(before.Prompt, [.. before.Rows.Zip(after.Rows, (b, a) => new LensLayer(
            b.Layer == 0 ? "input" : b.Layer == before.Rows.Count - 1 ? "output" : b.Layer.ToString(CultureInfo.InvariantCulture), Tokens(b), Tokens(a)))]);
    }

    private IEnumerable<SampleComparison> HeldOutAnswers()
    {
        var (before, after) = (run.ResultOf<AnswersReading>($"{Phases.Before}.samples"), run.ResultOf<AnswersReading>($"{Phases.After}.samples"));
        static SampleSide Side(ItemResult item) => new(item.Output, "", null, item.Truncated);
        return before is null || after is null ? [] : before.Items.Zip(after.Items, (b, a) => new SampleComparison("Held-out prompts", b.Id, b.Input, Side(b), Side(a)));
    }

    // Answers whose judgement changed come first.
    private static IEnumerable<SampleComparison> Samples(MeasureResult before, MeasureResult after)
    {
        var group = Labels.GetValueOrDefault(before.Measurement.Name, before.Measurement.Name);
        var later = after.Items.ToDictionary(i => i.Id, StringComparer.Ordinal);
        return before.Items.Where(i => later.ContainsKey(i.Id)).OrderByDescending(i => i.Score != later[i.Id].Score).Take(SamplesOfAKind)
            .Select(i => new SampleComparison(group, i.Id, i.Input, Side(i), Side(later[i.Id])));
    }

    private static SampleSide Side(ItemResult item) => new(item.Output, Judged(item), item.Why, item.Truncated);

    private static string Judged(ItemResult item) => item.Why?.StartsWith("refus", StringComparison.OrdinalIgnoreCase) == true ? "refused" : item.Score is null ? "not judged" : "answered";
}
