using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Training.Data;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Loops;

/// <summary>How the answers of a round are sampled.</summary>
public sealed record AnswerSampling
{
    /// <summary>Answers to each prompt (at least 1). Default 4.</summary>
    public int Answers
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"{value} answers to a prompt were asked for; it must be at least 1");
    } = 4;

    /// <summary>Most tokens of an answer, temperature, filters. Default temperature 1 and 64 tokens; the seed is set round by round.</summary>
    public GenerationOptions Generation { get; init; } = new() { Temperature = 1, MaxNewTokens = 64 };

    /// <summary>Answers of a policy, prompt by prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The policy on it; null for the model itself.</param>
    /// <param name="prompts">Prompts.</param>
    /// <param name="answers">Answers to each.</param>
    /// <param name="seed">The same seed gives the same answers of the same weights.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <param name="progress">Told how many answers are finished.</param>
    internal IReadOnlyList<AnsweredPrompt> Sample(CausalLM model, LoraAdapter? adapter, IReadOnlyList<AskedPrompt> prompts, int answers, ulong seed, CancellationToken cancellation, IProgress<Progress>? progress = null) =>
        AnswerSampler.Sample(model, adapter, [.. prompts.Select(p => new PromptTokens(IdsOf(model, p), p))], answers, Generation with { Seed = seed }, progress: progress, cancellation: cancellation);

    private static int[] IdsOf(CausalLM model, AskedPrompt asked) => TextEncoder.Of(model).Prompt(asked.Prompt) is { Length: > 0 } ids
        ? ids
        : throw new AlidadeException($"prompt '{asked.Id}' has no token, so there is nothing to answer");
}
