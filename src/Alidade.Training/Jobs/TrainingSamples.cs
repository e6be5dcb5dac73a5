using Alidade.Core;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Generation;

namespace Alidade.Training.Jobs;

/// <summary>Answers to held-out prompts, the likeliest token each time, so that before and after differ by the weights alone.</summary>
internal static class TrainingSamples
{
    private const string Measure = "samples";

    /// <summary>Answers once, and keeps the answers in the run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="phase">When, such as <see cref="Phases.Before"/>.</param>
    /// <param name="model">The model, with its adapter in use.</param>
    /// <param name="prompts">Prompts.</param>
    /// <param name="mostTokens">Most tokens of an answer.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public static IReadOnlyList<ItemResult> Take(
        RunFolder run, string phase, CausalLM model, IReadOnlyList<SamplePrompt> prompts, int mostTokens, IProgress<Progress> progress, CancellationToken cancellation) =>
        prompts.Count == 0 ? [] : run.Once($"{phase}.{Measure}", () =>
        {
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

    /// <summary>Side by side.</summary>
    public static IEnumerable<SampleComparison> Compared(IReadOnlyList<ItemResult> before, IReadOnlyList<ItemResult> after) =>
        before.Zip(after, (b, a) => new SampleComparison("held-out prompts", b.Id, b.Input, Side(b), Side(a)));

    private static SampleSide Side(ItemResult item) => new(item.Output, "", null, item.Truncated);

    private sealed class Reporting(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
