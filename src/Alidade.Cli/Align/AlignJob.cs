using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Interpretability.Lenses;
using Alidade.Interpretability.Patching;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.RedTeam.Privacy;

namespace Alidade.Cli.Align;

/// <summary>The logit lens of one prompt.</summary>
/// <param name="Prompt">The prompt as the model reads it.</param>
/// <param name="Rows">Layer by layer.</param>
internal sealed record LensReading(string Prompt, IReadOnlyList<LensRow> Rows);

/// <summary>Pictures of where the change sits.</summary>
internal sealed record ShiftReading(IReadOnlyList<AlignmentShiftMap> Maps, double Seconds);

/// <summary>Answers to held-out prompts.</summary>
internal sealed record AnswersReading(IReadOnlyList<ItemResult> Items, Cost Cost);

/// <summary>What membership inference found, as the run keeps it.</summary>
/// <param name="Side">The reading; null where the attack cannot be made.</param>
/// <param name="Members">Rows that were trained on.</param>
/// <param name="Others">Rows that were not.</param>
/// <param name="NotRun">Why it cannot be made.</param>
internal sealed record MembershipStage(MembershipSide? Side, int Members, int Others, string? NotRun);

/// <summary>
/// The main job: (1) measure the model, (2) attack it, (3) align it stage by stage, (4) measure and attack it again on the same items, (5) see how far it moved and where
/// inside the change sits. Every step is stored in the run folder when it is done, so a run that was stopped or killed goes on where it was.
/// </summary>
internal sealed class AlignJob(RunFolder run, AlignRecipe recipe, AlignData data, AlignTraining training, CausalLM model, IProgress<Progress> progress, CancellationToken cancellation)
{
    // More do not fit beside each other on a page.
    private const int LensTokens = 4;

    /// <summary>Folder of the aligned model's adapter.</summary>
    public const string AdapterFolder = "adapter";

    // Answers are not kept: a measure of this job is done as a whole, and its result is.
    private EvaluationContext Context(int? limit) => new() { Model = new LocalModel(model, model.Name), Limit = limit, Seed = recipe.Seed, Progress = progress, Cancellation = cancellation };

    /// <summary>Does what is not done yet.</summary>
    /// <returns>The aligned model's adapter.</returns>
    public LoraAdapter Run()
    {
        // 1. and 2.
        Observe(Phases.Before);

        // 3.
        var adapter = training.Train();
        try
        {
            // 4.
            using (model.Use(adapter))
                Observe(Phases.After);

            // 5.
            if (recipe.Measures.Distance > 0)
                run.Once("after.distance", () => Kept(Phases.After, new KlFromStart { Items = data.Split.HeldOut, MaxNewTokens = recipe.Measures.MaxNewTokens }.Run(Context(recipe.Measures.Distance), adapter)));
            Open(adapter);
            PeftFolder.Save(adapter, model, run.PathOf(AdapterFolder));
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    private void Observe(string phase)
    {
        foreach (var (measure, limit) in AlignMeasures.MeasuresOf(recipe, data, model))
            run.Once($"{phase}.{measure.Name}", () => new TaskOutcome(Kept(phase, AlignMeasures.Run(measure, Context(limit), isOfSuite: false).Results)));
        foreach (var (task, limit) in data.Tasks?.Tasks ?? [])
            run.Once($"{phase}.task.{task.Name}", () =>
            {
                var outcome = AlignMeasures.Run(task, Context(limit), recipe.Measures.Suite is not null);
                Kept(phase, outcome.Results);
                return outcome;
            });
        foreach (var attack in AlignMeasures.AttacksOf(recipe, data))
            run.Once($"{phase}.attack.{attack.Name.Replace(' ', '_')}", () =>
            {
                var result = attack.RunAsync(Context(recipe.Attacks.Limit)).GetAwaiter().GetResult();
                Kept(phase, [result.Rate]);
                return result;
            });
        run.Once($"{phase}.membership", Membership);
        if (recipe.Measures.Samples > 0)
            run.Once($"{phase}.samples", () => Answers(phase));
    }

    private IReadOnlyList<MeasureResult> Kept(string phase, IReadOnlyList<MeasureResult> results)
    {
        foreach (var result in results)
            run.AddSamples(phase, result);
        return results;
    }

    private MembershipStage Membership()
    {
        // Rows that a stage learns as text, against rows that were never trained on; answers of both are scored.
        var learned = training.LearnedPairs;
        MembershipRow[] members = [.. data.Split.Train.Where(p => learned.Contains(p.Id)).Select(p => new MembershipRow(p.Id, p.Prompt, p.Chosen))];
        MembershipRow[] others = [.. data.Split.HeldOut.Select(p => new MembershipRow(p.Id, p.Prompt, p.Chosen))];
        if (members.Length == 0)
            return new(null, 0, others.Length, "no stage learns an answer of the preference file as text");
        try
        {
            var found = new MembershipInference { Members = members, Others = others }.Run(Context(recipe.Attacks.MembershipLimit));
            return new(new(found.Auroc.Measurement, found.TruePositiveRate.Measurement, [.. found.Roc.Corners]), found.Members.Count, found.Others.Count, null);
        }
        catch (AlidadeException exception)
        {
            // Such as rows that are all longer than the context: nothing is lost but this one reading.
            return new(null, members.Length, others.Length, exception.Message);
        }
    }

    // The likeliest token each time, so that before and after differ by the weights alone.
    private AnswersReading Answers(string phase)
    {
        var watch = Stopwatch.StartNew();
        var pairs = Context(recipe.Measures.Samples).Choose(data.Split.HeldOut);
        var asked = pairs.Select(p => (Pair: p, Ids: ChatEncoder.Answers(model, p.Prompt, p.Chosen).Prompt)).Where(p => p.Ids.Count > 0 && p.Ids.Count + recipe.Measures.MaxNewTokens <= model.Config.ContextLength).ToArray();
        var answers = TextGenerator.Generate(model, [.. asked.Select(p => p.Ids)], new() { MaxNewTokens = recipe.Measures.MaxNewTokens }, cancellation: cancellation);
        ItemResult[] items = [.. asked.Zip(answers, (p, a) => new ItemResult { Id = p.Pair.Id, Input = p.Pair.Prompt.ToString(), Output = a.Text, Why = a.Truncated ? "the answer was cut at the limit" : "the model ended its answer", Truncated = a.Truncated })];
        foreach (var item in items)
            run.AddSample("samples", phase, item);
        return new(items, new(asked.Sum(p => (long)p.Ids.Count) + answers.Sum(a => (long)a.DrawnIds.Count), watch.Elapsed.TotalSeconds));
    }

    private void Open(LoraAdapter adapter)
    {
        var pairs = HeldOutTokens().Take(recipe.Open.Pairs).ToArray();
        run.Once("open.shift", () =>
        {
            var watch = Stopwatch.StartNew();
            var maps = pairs.Select((pair, i) =>
            {
                var map = AlignmentShift.Of(model, adapter, pair, new() { Layers = recipe.Open.Layers, PromptPositions = recipe.Open.Positions }, cancellation);
                progress.Report(new("where alignment sits", i + 1, pairs.Length));
                return map;
            }).ToArray();
            return new ShiftReading(maps, watch.Elapsed.TotalSeconds);
        });
        int[] prompt = recipe.Open.LensPrompt is { } text ? ChatEncoder.Prompt(model, [new Message("user", text)]) : pairs.Length > 0 ? [.. pairs[0].Prompt] : [];
        if (prompt.Length == 0)
            return;
        run.Once("open.lens.before", () => new LensReading(model.Tokenizer.Decode(prompt), LogitLens.Read(model, prompt, LensTokens)));
        using (model.Use(adapter))
            run.Once("open.lens.after", () => new LensReading(model.Tokenizer.Decode(prompt), LogitLens.Read(model, prompt, LensTokens)));
    }

    private IEnumerable<TokenPair> HeldOutTokens()
    {
        foreach (var pair in data.Split.HeldOut)
        {
            var tokens = ChatEncoder.Answers(model, pair.Prompt, pair.Chosen, pair.Rejected);
            if (tokens.Prompt.Count > 0 && tokens.Prompt.Count + tokens.Answers.Max(a => a.Count) <= Math.Min(recipe.Data.MaxLength, model.Config.ContextLength))
                yield return new(pair.Id, tokens.Prompt, tokens.Answers[0], tokens.Answers[1]);
        }
    }
}
