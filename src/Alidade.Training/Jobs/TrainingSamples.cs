using Alidade.Core;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Generation;
using Alidade.Training.Trainers.Policy;
using static TorchSharp.torch;

namespace Alidade.Training.Jobs;

/// <summary>Answers to held-out prompts, the likeliest token each time, so that before and after differ by the weights alone; and those that a policy samples while it learns.</summary>
public static class TrainingSamples
{
    private const string Measure = "samples";
    private const string Rewarded = "rewarded_answers";

    /// <summary>Answers once, and keeps the answers in the run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="phase">When, such as <see cref="Phases.Before"/>.</param>
    /// <param name="model">The model, with its adapter in use.</param>
    /// <param name="prompts">Prompts.</param>
    /// <param name="mostTokens">Most tokens of an answer.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    internal static IReadOnlyList<ItemResult> Take(
        RunFolder run, string phase, CausalLM model, IReadOnlyList<SamplePrompt> prompts, int mostTokens, IProgress<Progress> progress, CancellationToken cancellation) =>
        prompts.Count == 0 ? [] : run.Once(StageOf(phase), () =>
        {
            using var noGrad = no_grad();
            var answers = TextGenerator.Generate(
                model, [.. prompts.Select(p => p.Ids)], new() { MaxNewTokens = mostTokens },
                new Reporting(done => progress.Report(new($"samples {phase}", done, prompts.Count))), cancellation);
            ItemResult[] items = [.. prompts.Zip(answers, (p, a) => new ItemResult
            {
                Id = p.Id,
                Input = model.Tokenizer.Decode([.. p.Ids]),
                Output = a.Text,
                Why = a.Truncated ? "the answer was cut at the limit" : "the model ended its answer",
                Truncated = a.Truncated,
            })];
            foreach (var item in items)
                run.AddSample(Measure, phase, item);
            return items;
        });

    /// <summary>When answers were taken after some updates.</summary>
    public static string PhaseOf(int update) => FormattableString.Invariant($"update-{update:d6}");

    /// <summary>Keeps the sampled answers of a policy to held-out prompts, with their rewards.</summary>
    /// <param name="run">The run.</param>
    /// <param name="phase">When, such as <see cref="PhaseOf"/> says.</param>
    /// <param name="answers">The answers.</param>
    public static void Keep(RunFolder run, string phase, IEnumerable<HeldOutAnswer> answers)
    {
        foreach (var answer in answers)
            run.AddSample(Rewarded, phase, new()
            {
                Id = answer.Id,
                Input = answer.Prompt,
                Output = answer.Answer,
                Score = answer.Reward,
                Why = answer.Why ?? (answer.Ended ? "the model ended its answer" : "the answer was cut at the limit"),
                Truncated = !answer.Ended,
            });
    }

    /// <summary>Before and after side by side, with what was answered on the way.</summary>
    /// <param name="run">The run.</param>
    /// <param name="updates">Updates after which held-out rows were evaluated.</param>
    /// <param name="before">Answers before.</param>
    /// <param name="after">Answers after.</param>
    internal static IEnumerable<SampleComparison> Compared(RunFolder run, IReadOnlyList<int> updates, IReadOnlyList<ItemResult> before, IReadOnlyList<ItemResult> after)
    {
        var between = updates.Where(u => run.IsDone(StageOf(PhaseOf(u)))).Select(u => (Update: u, Items: run.ResultOf<ItemResult[]>(StageOf(PhaseOf(u)))!)).ToArray();
        return before.Zip(after).Select((pair, i) => new SampleComparison("held-out prompts", pair.First.Id, pair.First.Input, Side(pair.First), Side(pair.Second))
        {
            Between = [.. between.Select(b => new SampleBetween(WhenOf(b.Update), Side(b.Items[i])))],
        });
    }

    /// <summary>The first of a policy's sampled answers with their rewards: at the first evaluation, at the last, and between.</summary>
    /// <param name="run">The run.</param>
    /// <param name="updates">Updates after which held-out prompts were answered.</param>
    /// <param name="count">How many prompts.</param>
    internal static IEnumerable<SampleComparison> Rewards(RunFolder run, IReadOnlyList<int> updates, int count)
    {
        var kept = run.View.Samples().Where(s => s.Measure == Rewarded).GroupBy(s => s.Phase, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToDictionary(s => s.Item.Id, s => s.Item, StringComparer.Ordinal), StringComparer.Ordinal);
        int[] known = [.. updates.Where(u => kept.ContainsKey(PhaseOf(u)))];
        if (known.Length < 2)
            return [];
        ItemResult Item(int update, string id) => kept[PhaseOf(update)][id];
        return kept[PhaseOf(known[0])].Values.Where(first => known.All(u => kept[PhaseOf(u)].ContainsKey(first.Id))).Take(count).Select(first => new SampleComparison("held-out prompts, sampled and rewarded", first.Id, first.Input, Judged(first), Judged(Item(known[^1], first.Id)))
        {
            Between = [.. known[1..^1].Select(u => new SampleBetween(WhenOf(u), Judged(Item(u, first.Id))))],
        });
    }

    private static string StageOf(string phase) => $"{phase}.{Measure}";

    private static string WhenOf(int update) => FormattableString.Invariant($"after update {update}");

    private static SampleSide Side(ItemResult item) => new(item.Output, "", null, item.Truncated);

    private static SampleSide Judged(ItemResult item) =>
        new(item.Output, item.Score is { } reward ? FormattableString.Invariant($"reward {reward:g3}") : "no reward", item.Score is null ? item.Why : null, item.Truncated);

    private sealed class Reporting(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
