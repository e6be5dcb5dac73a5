using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Generation;
using Alidade.Training.Data;

namespace Alidade.Training.Trainers.Policy;

/// <summary>A sampled answer.</summary>
/// <param name="Ids">Its tokens, the end token included: a policy that does not see it never learns to stop.</param>
/// <param name="LogProbs">log p of each token in nats under the distribution it was drawn from; empty for a greedy answer, which is not drawn.</param>
/// <param name="Ended">False where the limit cut it.</param>
/// <param name="Text">Its text without the end token.</param>
public sealed record Completion(IReadOnlyList<int> Ids, IReadOnlyList<float> LogProbs, bool Ended, string Text);

/// <summary>
/// Samples answers of a policy: each prompt is read once for all of its answers, rows leave the batch when they end, and the adapter is merged into a copy of the weights
/// while it decodes.
/// </summary>
/// <param name="Model">The model.</param>
/// <param name="Adapter">The policy on it; null for the model itself.</param>
/// <param name="Options">How.</param>
public sealed record PolicySampler(CausalLM Model, LoraAdapter? Adapter, RolloutOptions Options)
{
    /// <summary>Answers, prompt by prompt, <paramref name="samples"/> to each.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="samples">Answers to each.</param>
    /// <param name="seed">The same seed gives the same answers of the same weights.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<Completion> Sample(
        IReadOnlyList<PromptTokens> prompts, int samples, ulong seed, IProgress<Progress>? progress = null, CancellationToken cancellation = default) =>
        Decode(prompts, samples, Options.Temperature, seed, progress, cancellation);

    /// <summary>The greedy answer to each prompt.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<Completion> Greedy(IReadOnlyList<PromptTokens> prompts, IProgress<Progress>? progress = null, CancellationToken cancellation = default) =>
        Decode(prompts, 1, temperature: 0, seed: 0, progress, cancellation);

    private Completion[] Decode(IReadOnlyList<PromptTokens> prompts, int samples, double temperature, ulong seed, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        using var use = Adapter is null ? Model.Use(null) : Model.UseMerged(Adapter);
        var total = prompts.Count * samples;
        var generated = TextGenerator.Generate(
            Model, [.. prompts.SelectMany(p => Enumerable.Repeat(p.Ids, samples))],
            new() { MaxNewTokens = Options.MaxNewTokens, Temperature = temperature, Seed = seed },
            progress is null ? null : new Relay(done => progress.Report(new("sampling", done, total))), cancellation, Options.DecodingRows);
        return [.. generated.Select(g => new Completion(
            g.DrawnIds, temperature == 0 ? [] : [.. g.DrawnLogProbs.Select(l => (float)l)], g.Reason == StopReason.EndToken, g.Text))];
    }

    // Told on the calling thread, in order.
    private sealed class Relay(Action<int> tell) : IProgress<int>
    {
        public void Report(int value) => tell(value);
    }
}
