using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Rewards;

namespace Alidade.Training.Trainers.Policy;

/// <summary>Samples answers of a policy as a rollout does.</summary>
/// <param name="Model">The model.</param>
/// <param name="Adapter">The policy on it; null for the model itself.</param>
/// <param name="Options">How.</param>
public sealed record PolicySampler(CausalLM Model, LoraAdapter? Adapter, RolloutOptions Options)
{
    /// <summary>Says which tokens may come; null for all.</summary>
    internal MaskPolicy? Mask { get; init; }

    /// <summary>Answers, prompt by prompt, <paramref name="samples"/> to each.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="samples">Answers to each.</param>
    /// <param name="seed">The same seed gives the same answers of the same weights.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<AnsweredPrompt> Sample(
        IReadOnlyList<PromptTokens> prompts, int samples, ulong seed, IProgress<Progress>? progress = null, CancellationToken cancellation = default) =>
        Decode(prompts, samples, Options.Temperature, seed, progress, cancellation);

    /// <summary>The greedy answer to each prompt.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public IReadOnlyList<AnsweredPrompt> Greedy(IReadOnlyList<PromptTokens> prompts, IProgress<Progress>? progress = null, CancellationToken cancellation = default) =>
        Decode(prompts, 1, temperature: 0, seed: 0, progress, cancellation);

    private IReadOnlyList<AnsweredPrompt> Decode(IReadOnlyList<PromptTokens> prompts, int samples, double temperature, ulong seed, IProgress<Progress>? progress, CancellationToken cancellation) =>
        AnswerSampler.Sample(
            Model, Adapter, prompts, samples, new() { MaxNewTokens = Options.MaxNewTokens, Temperature = temperature, Seed = seed }, Options.DecodingRows, progress, cancellation, Mask);
}
