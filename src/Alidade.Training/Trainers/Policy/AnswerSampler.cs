using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Generation;
using Alidade.Training.Data;
using Alidade.Training.Rewards;

namespace Alidade.Training.Trainers.Policy;

/// <summary>
/// Samples answers of a policy: each prompt is read once for all of its answers, rows leave the batch when they end, and the adapter is merged into a copy of the weights
/// while it decodes.
/// </summary>
internal static class AnswerSampler
{
    /// <summary>Answers, prompt by prompt. An answer has ended when its last token is an end token.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The policy on it; null for the model itself.</param>
    /// <param name="prompts">Prompts.</param>
    /// <param name="answers">Answers to each.</param>
    /// <param name="options">How; the same seed gives the same answers of the same weights.</param>
    /// <param name="rows">Answers that are decoded together.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <param name="mask">Says which tokens may come; null for all.</param>
    public static IReadOnlyList<AnsweredPrompt> Sample(
        CausalLM model, LoraAdapter? adapter, IReadOnlyList<PromptTokens> prompts, int answers, GenerationOptions options, int rows = RolloutOptions.DefaultDecodingRows,
        IProgress<Progress>? progress = null, CancellationToken cancellation = default, MaskPolicy? mask = null)
    {
        LoraAdapter? merged = null;
        var guide = mask?.Guide(out merged);
        using var owned = merged;
        using var use = adapter is null ? model.Use(null) : model.UseMerged(adapter);
        var total = prompts.Count * answers;
        var generated = TextGenerator.Generate(
            model, [.. prompts.SelectMany(p => Enumerable.Repeat(p.Ids, answers))], options,
            progress is null ? null : new Relay(done => progress.Report(new("sampling", done, total))), cancellation, rows, guide);
        return [.. generated.Select((g, i) => new AnsweredPrompt(prompts[i / answers].Source, g.Text, prompts[i / answers].Ids, g.DrawnIds, g.Reason == StopReason.EndToken)
        {
            LogProbs = options.Temperature == 0 ? [] : [.. g.DrawnLogProbs.Select(l => (float)l)],
            Allowed = g.Allowed,
        })];
    }

    // Told on the calling thread, in order.
    private sealed class Relay(Action<int> tell) : IProgress<int>
    {
        public void Report(int value) => tell(value);
    }
}
