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
using Alidade.Interpretability.Patching;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.RedTeam;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Align;

/// <summary>Puts the report together from what the run folder holds.</summary>
internal static class AlignReportBuilder
{
    /// <summary>The file that <c>alidade report</c> reads again.</summary>
    public const string RecordFile = "report.json";

    /// <summary>The page.</summary>
    public const string PageFile = "report.html";

    private const int SamplesOfAKind = 6;

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
        ["jailbreak.direct_request"] = "Attack: direct request",
        ["jailbreak.prefilled_answer"] = "Attack: prefilled answer",
    };

    /// <summary>Builds the report and writes page and record into the run folder.</summary>
    /// <returns>The path of the page.</returns>
    public static (AlignmentReport Report, string Page) Write(RunFolder run, AlignRecipe recipe, string recipeText, AlignData data, CausalLM model, string modelHash)
    {
        var report = Build(run, recipe, recipeText, data, model, modelHash);
        AtomicFile.WriteAllText(run.PathOf(RecordFile), System.Text.Json.JsonSerializer.Serialize(report, Json.Indented) + "\n");
        run.WriteArtifact(PageFile, report.ToHtml());
        return (report, run.PathOf(PageFile));
    }

    private static AlignmentReport Build(RunFolder run, AlignRecipe recipe, string recipeText, AlignData data, CausalLM model, string modelHash)
    {
        var measures = Measures(run, recipe, data, model);
        var attacks = AlignJob.AttacksOf(recipe, data).Select(a => a.Name.Replace(' ', '_')).Select(name =>
            (Before: run.ResultOf<AttackResult>($"{Phases.Before}.attack.{name}")!, After: run.ResultOf<AttackResult>($"{Phases.After}.attack.{name}")!)).ToArray();
        var stages = Enumerable.Range(0, recipe.Stages.Count).Select(i => run.ResultOf<StageResult>("train." + AlignJob.StageName(recipe, i))!).ToArray();
        return new()
        {
            Title = recipe.Title,
            When = TimeProvider.System.GetUtcNow(),
            Run = Path.GetFileName(Path.TrimEndingDirectorySeparator(run.Folder)),
            Model = Model(recipe, model, modelHash),
            RecipeSummary = [.. recipe.Stages.Zip(stages, Summary)],
            Recipe = recipeText,
            Data = [.. Data(recipe, data, stages)],
            Environment = run.Record.Environment,
            Seeds = run.Record.Seeds,
            Cost = new(
                measures.Sum(m => m.First.Measurement.Cost.Tokens + m.Second.Measurement.Cost.Tokens) + stages.Sum(s => s.Result.Tokens)
                    + attacks.Sum(a => a.Before.Rate.Measurement.Cost.Tokens + a.After.Rate.Measurement.Cost.Tokens),
                (TimeProvider.System.GetUtcNow() - run.Record.Started).TotalSeconds),
            Command = run.Record.Options!["command_line"]!.GetValue<string>(),
            Labels = Labels,
            Comparisons = [.. measures.Select(m => PairedComparison.Of(m.First, m.Second, seed: recipe.Seed))],
            Curves = StageCurves.From(Latest(run)),
            Attacks = [.. attacks.Select(a => new AttackComparison(a.Before.Attack, a.Before.Bound, a.Before.Judge, PairedComparison.Of(a.Before.Rate, a.After.Rate, seed: recipe.Seed)))],
            Membership = [Membership(run)],
            Maps = [.. Maps(run)],
            Lenses = Lens(run) is { } lens ? [lens] : [],
            Samples = [.. measures.Where(m => m.First.Measurement.Name.StartsWith("behaviour.refusal", StringComparison.Ordinal)).SelectMany(m => Samples(m.First, m.Second)),
                .. attacks.Where(a => a.Before.Bound == Bound.Upper).SelectMany(a => Samples(a.Before.Rate, a.After.Rate))],
            LeftOut = [.. stages.SelectMany(s => s.Result.Dropped.Select(d => new LeftOut(s.Stage, LeftOutKind.Dropped, d.Key, d.Value))),
                .. stages.Where(s => s.Result.Truncated > 0).Select(s => new LeftOut(s.Stage, LeftOutKind.Truncated, "cut to the maximum length", s.Result.Truncated))],
        };
    }

    // A number that is only another form of one beside it (perplexity = e^loss) has no items, and nothing to compare.
    private static (MeasureResult First, MeasureResult Second)[] Measures(RunFolder run, AlignRecipe recipe, AlignData data, CausalLM model)
    {
        var pairs = AlignJob.MeasuresOf(recipe, data, model).Select(m => m.Task).SelectMany(m =>
            run.ResultOf<MeasureResult[]>($"{Phases.Before}.{m.Name}")!.Zip(run.ResultOf<MeasureResult[]>($"{Phases.After}.{m.Name}")!)).Where(m => m.First.Items.Count > 0).ToArray();
        var margins = pairs.First(m => m.First.Measurement.Name == "behaviour.preference.margin");
        return [ImpliedPreference.Of(margins.First, margins.Second), .. pairs];
    }

    private static ReportModel Model(AlignRecipe recipe, CausalLM model, string hash)
    {
        var summary = ModelSummary.Of(model);
        using var adapter = LoraAdapter.Create(model, "shape", recipe.Adapter, 0);
        return new()
        {
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)),
            Architecture = summary.Architecture,
            Parameters = summary.Parameters,
            Hash = hash,
            Adapter = new(
                recipe.Adapter.RankStabilised ? "rank-stabilised LoRA" : "LoRA", recipe.Adapter.Rank, recipe.Adapter.Alpha, adapter.Parameters.Sum(p => p.Value.numel()),
                [.. adapter.Factors.Keys.Select(m => m[(m.LastIndexOf('.') + 1)..]).Distinct()]),
        };
    }

    private static string Summary(StageRecipe recipe, StageResult stage) => string.Create(CultureInfo.InvariantCulture,
        $"{recipe.Method.ToString().ToUpperInvariant()}: {recipe.Epochs:g} pass{(recipe.Epochs == 1 ? "" : "es")} over {stage.Result.Rows:n0} rows in {stage.Result.Updates:n0} updates, learning rate {recipe.LearningRate:g3}{(recipe.Method == StageMethod.Dpo ? $", β {recipe.Beta:g}" : "")}");

    private static IEnumerable<ReportData> Data(AlignRecipe recipe, AlignData data, StageResult[] stages)
    {
        ReportData Of(HashedFile file, string purpose, int rows, int used, IReadOnlyDictionary<string, int> dropped, int heldOut = 0) => new()
        {
            Name = Path.GetFileName(file.Path),
            Purpose = purpose,
            Hash = "sha256:" + file.Sha256,
            Rows = rows + dropped.Values.Sum(),
            Used = used,
            HeldOut = heldOut,
            Dropped = dropped,
        };
        int Trained(string method) => stages.Where(s => s.Stage.EndsWith(method, StringComparison.Ordinal)).Select(s => s.Result.Rows).DefaultIfEmpty(0).Max();
        yield return Of(data.Pairs.File, "preference pairs", data.Pairs.Rows.Count, Trained("-dpo"), data.Pairs.Dropped, data.Split.HeldOut.Count);
        if (data.Demonstrations is { } demonstrations)
            yield return Of(demonstrations.File, "demonstrations", demonstrations.Rows.Count, Trained("-sft"), demonstrations.Dropped);
        if (data.Perplexity is { } texts)
            yield return Of(texts.File, "perplexity", texts.Rows.Count, Math.Min(texts.Rows.Count, recipe.Measures.Perplexity!.Limit ?? int.MaxValue), texts.Dropped);
        if (data.CrowsPairs is { } pairs)
            yield return Of(pairs.File, "stereotype pairs", pairs.Rows.Count, Math.Min(pairs.Rows.Count, recipe.Measures.CrowsPairs!.Limit ?? int.MaxValue), pairs.Dropped);
        if (data.TruthfulQa is { } questions)
            yield return Of(questions.File, "questions", questions.Rows.Count, Math.Min(questions.Rows.Count, recipe.Measures.TruthfulQa!.Limit ?? int.MaxValue), questions.Dropped);
        if (data.Refusals is { } requests)
            yield return Of(requests.File, "safe and unsafe requests", requests.Rows.Count, Math.Min(requests.Rows.Count, recipe.Measures.Refusals!.Limit ?? int.MaxValue), requests.Dropped);
    }

    // After a resume the steps since the last checkpoint stand twice, with the same numbers.
    private static IEnumerable<RunEvent> Latest(RunFolder run) =>
        RunLogging.Latest(run.View).Select(e => e with { Values = e.Values.Where(v => v.Key is not ("tokens" or "mean_entropy" or "logits_chosen" or "logits_rejected")).ToDictionary(v => v.Key, v => v.Value) });

    private static MembershipReading Membership(RunFolder run)
    {
        MembershipSide Side(MembershipStage stage) => new(stage.Auroc, stage.TruePositiveRate, stage.Curve);
        var (before, after) = (run.ResultOf<MembershipStage>($"{Phases.Before}.membership")!, run.ResultOf<MembershipStage>($"{Phases.After}.membership")!);
        return new()
        {
            Attack = "loss score",
            Meaning = "Rows that were trained on should be likelier under the model than rows of the same kind that were not; each row is scored by the mean loss of its preferred answer.",
            Members = after.Members,
            NonMembers = after.Others,
            Before = Side(before),
            After = Side(after),
        };
    }

    private static IEnumerable<ShiftMap> Maps(RunFolder run) => run.ResultOf<AlignmentShiftMap[]>("open.shift")!.Select((map, i) => new ShiftMap
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

    private static LensComparison? Lens(RunFolder run)
    {
        if (run.ResultOf<LensReading>("open.lens.before") is not { } before || run.ResultOf<LensReading>("open.lens.after") is not { } after)
            return null;
        IReadOnlyList<Core.Reports.LensToken> Tokens(LensRow row) => [.. row.Top.Select(t => new Core.Reports.LensToken(t.Token, t.Probability))];
        return new(before.Prompt, [.. before.Rows.Zip(after.Rows, (b, a) => new LensLayer(
            b.Layer == 0 ? "input" : b.Layer == before.Rows.Count - 1 ? "output" : b.Layer.ToString(CultureInfo.InvariantCulture), Tokens(b), Tokens(a)))]);
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
