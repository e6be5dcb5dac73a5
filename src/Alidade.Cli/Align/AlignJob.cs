using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.General;
using Alidade.Interpretability.Lenses;
using Alidade.Interpretability.Patching;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.RedTeam;
using Alidade.RedTeam.Jailbreak;
using Alidade.RedTeam.Privacy;
using Alidade.Training.Jobs;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Align;

/// <summary>What a stage of training gave, as the report keeps it.</summary>
/// <param name="Stage">Name, such as "1-sft".</param>
/// <param name="Result">The trainer's result.</param>
internal sealed record StageResult(string Stage, TrainingResult Result);

/// <summary>The logit lens of one prompt.</summary>
/// <param name="Prompt">The prompt as the model reads it.</param>
/// <param name="Rows">Layer by layer.</param>
internal sealed record LensReading(string Prompt, IReadOnlyList<LensRow> Rows);

/// <summary>
/// The main job: (1) measure the model, (2) attack it, (3) align it stage by stage, (4) measure and attack it again on the same items, (5) look where inside
/// the change sits. Every step is stored in the run folder when it is done, so a run that was stopped or killed goes on where it was.
/// </summary>
internal sealed class AlignJob(RunFolder run, AlignRecipe recipe, AlignData data, CausalLM model, IProgress<Progress> progress, CancellationToken cancellation)
{
    /// <summary>Contexts below this many tokens.</summary>
    private const int SmallContext = 1024;

    // Answers are not kept: a measure of this job is done as a whole, and its result is.
    private EvaluationContext Context(int? limit) => new() { Model = new LocalModel(model, model.Name), Limit = limit, Seed = recipe.Seed, Progress = progress, Cancellation = cancellation };

    /// <summary>Does what is not done yet.</summary>
    public void Run()
    {
        // 1. and 2.
        Observe(Phases.Before);

        // 3.
        using var adapter = Adapter();
        for (var i = 0; i < recipe.Stages.Count; i++)
            Train(i, adapter);

        // 4.
        using (model.Use(adapter))
            Observe(Phases.After);

        // 5.
        Open(adapter);
    }

    /// <summary>The name of a stage.</summary>
    public static string StageName(AlignRecipe recipe, int i) => FormattableString.Invariant($"{i + 1}-{recipe.Stages[i].Method.ToString().ToLowerInvariant()}");

    /// <summary>The measures of a recipe, by the name their results are stored under.</summary>
    public static IEnumerable<PlannedTask> MeasuresOf(AlignRecipe recipe, AlignData data, CausalLM model)
    {
        var m = recipe.Measures;
        yield return new(new PreferenceAccuracy { Items = data.Split.HeldOut }, m.PreferenceLimit);
        if (data.Perplexity is { } texts)
            yield return new(new Perplexity { Items = texts.Rows }, m.Perplexity!.Limit);
        if (data.CrowsPairs is { } pairs)
            yield return new(new Evaluation.Bias.CrowsPairs { Items = pairs.Rows }, m.CrowsPairs!.Limit);
        if (data.TruthfulQa is { } questions)
            yield return new(new Evaluation.Factuality.TruthfulQa { Items = questions.Rows, Prompt = TruthfulQaPromptOf(model) }, m.TruthfulQa!.Limit);
        if (data.Refusals is { } requests)
            yield return new(new Refusals { Items = requests.Rows, Answers = new() { MaxNewTokens = m.MaxNewTokens } }, m.Refusals!.Limit);
    }

    /// <summary>The attacks of a recipe.</summary>
    public static IEnumerable<IAttack> AttacksOf(AlignRecipe recipe, AlignData data)
    {
        if (data.Refusals is not { } requests)
            yield break;
        var tokens = recipe.Measures.MaxNewTokens;
        yield return new DirectRequest { Items = requests.Rows, MaxNewTokens = tokens };
        yield return new PrefilledAnswer { Items = requests.Rows, MaxNewTokens = tokens, Prefill = recipe.Attacks.Prefill };
    }

    // The six examples of the published prompt do not fit into a small context.
    private static TruthfulQaPrompt TruthfulQaPromptOf(CausalLM model) =>
        model.ChatTemplate is not null && model.Config.ContextLength < SmallContext ? TruthfulQaPrompt.ChatZeroShot : TruthfulQaPrompt.SixShot;

    private void Observe(string phase)
    {
        foreach (var (measure, limit) in MeasuresOf(recipe, data, model))
            run.Once($"{phase}.{measure.Name}", () => Kept(phase, measure.RunAsync(Context(limit)).GetAwaiter().GetResult()));
        foreach (var attack in AttacksOf(recipe, data))
        {
            run.Once($"{phase}.attack.{attack.Name.Replace(' ', '_')}", () =>
            {
                var result = attack.RunAsync(Context(recipe.Attacks.Limit)).GetAwaiter().GetResult();
                Kept(phase, [result.Rate]);
                return result;
            });
        }

        run.Once($"{phase}.membership", () =>
        {
            var found = Membership().Run(Context(recipe.Attacks.MembershipLimit));
            return new MembershipStage(found.Auroc.Measurement, found.TruePositiveRate.Measurement, [.. found.Roc.Corners], found.Members.Count, found.Others.Count);
        });
    }

    private IReadOnlyList<MeasureResult> Kept(string phase, IReadOnlyList<MeasureResult> results)
    {
        foreach (var result in results)
            run.AddSamples(phase, result);
        return results;
    }

    private MembershipInference Membership()
    {
        // The rows that training keeps, against the rows that were never trained on; answers of both are scored.
        var trained = data.PairTokens(model, data.Split.Train, recipe.Data.MaxLength).Rows.Select(r => r.Id).ToHashSet(StringComparer.Ordinal);
        return new()
        {
            Members = [.. data.Split.Train.Where(p => trained.Contains(p.Id)).Select(p => new MembershipRow(p.Id, p.Prompt, p.Chosen))],
            Others = [.. data.Split.HeldOut.Select(p => new MembershipRow(p.Id, p.Prompt, p.Chosen))],
        };
    }

    private LoraAdapter Adapter()
    {
        for (var i = recipe.Stages.Count - 1; i >= 0; i--)
            if (run.IsDone("train." + StageName(recipe, i)))
                return PeftFolder.Load(model, run.PathOf("adapter-" + StageName(recipe, i)));
        return LoraAdapter.Create(model, "policy", recipe.Adapter, recipe.Seed);
    }

    private void Train(int i, LoraAdapter adapter)
    {
        var (stage, name) = (recipe.Stages[i], StageName(recipe, i));
        run.Once("train." + name, () =>
        {
            var context = RunLogging.ContextOf(run, name, "checkpoints-" + name, progress, null, cancellation);
            var options = new TrainingOptions
            {
                BatchRows = stage.BatchRows,
                Accumulation = stage.Accumulation,
                Epochs = stage.Epochs,
                Seed = recipe.Seed,
                Schedule = new() { Kind = stage.Schedule, LearningRate = stage.LearningRate, Warmup = stage.Warmup },
                CheckpointEvery = stage.CheckpointEvery,
            };
            var result = stage.Method switch
            {
                StageMethod.Sft => new SupervisedTrainer { Model = model, Adapter = adapter, Options = options }
                    .Train(data.DemonstrationTokens(model, recipe.Data.MaxLength, stage.MaxRows), null, context),
                _ => Preferences(stage, adapter, options, context),
            };
            PeftFolder.Save(adapter, model, run.PathOf("adapter-" + name));
            return new StageResult(name, result);
        });
    }

    private TrainingResult Preferences(StageRecipe stage, LoraAdapter adapter, TrainingOptions options, TrainingContext context)
    {
        var pairs = data.PairTokens(model, data.Split.Train, recipe.Data.MaxLength);
        if (stage.MaxRows is { } most)
            pairs = pairs with { Rows = [.. pairs.Rows.Take(most)] };
        var heldOut = data.PairTokens(model, data.Split.HeldOut, recipe.Data.MaxLength).Rows.Take(stage.HeldOutRows).ToArray();
        return new PreferenceTrainer { Model = model, Adapter = adapter, Objective = new Dpo { Beta = stage.Beta }, Reference = stage.Reference, Options = options }.Train(pairs, heldOut, context);
    }

    private void Open(LoraAdapter adapter)
    {
        var pairs = data.PairTokens(model, data.Split.HeldOut, recipe.Data.MaxLength).Rows.Take(recipe.Open.Pairs)
            .Select(r => new TokenPair(r.Id, r.Prompt, r.Chosen, r.Rejected)).ToArray();
        run.Once("open.shift", () => pairs.Select((pair, i) =>
        {
            var map = AlignmentShift.Of(model, adapter, pair, new() { Layers = recipe.Open.Layers, PromptPositions = recipe.Open.Positions }, cancellation);
            progress.Report(new("where alignment sits", i + 1, pairs.Length));
            return map;
        }).ToArray());
        int[] prompt = recipe.Open.LensPrompt is { } text ? ChatEncoder.Prompt(model, [new Message("user", text)]) : pairs.Length > 0 ? [.. pairs[0].Prompt] : [];
        if (prompt.Length == 0)
            return;
        run.Once("open.lens.before", () => new LensReading(model.Tokenizer.Decode(prompt), LogitLens.Read(model, prompt, 5)));
        using (model.Use(adapter))
            run.Once("open.lens.after", () => new LensReading(model.Tokenizer.Decode(prompt), LogitLens.Read(model, prompt, 5)));
    }
}

/// <summary>What membership inference found, as the run keeps it.</summary>
internal sealed record MembershipStage(Measurement Auroc, Measurement TruePositiveRate, IReadOnlyList<Core.Statistics.RocPoint> Curve, int Members, int Others);
