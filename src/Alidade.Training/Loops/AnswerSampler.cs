using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using Alidade.Training.Rewards;

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
}

/// <summary>Samples answers to prompts: each prompt is read once for all of its answers, and the adapter is merged into a copy of the weights while it decodes.</summary>
internal static class AnswerSampler
{
    /// <summary>Answers, prompt by prompt.</summary>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The policy on it; null for the model itself.</param>
    /// <param name="prompts">Prompts.</param>
    /// <param name="answers">Answers to each.</param>
    /// <param name="options">How.</param>
    /// <param name="seed">The same seed gives the same answers of the same weights.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    public static IReadOnlyList<AnsweredPrompt> Sample(
        CausalLM model, LoraAdapter? adapter, IReadOnlyList<AskedPrompt> prompts, int answers, GenerationOptions options, ulong seed, CancellationToken cancellation)
    {
        using var use = adapter is null ? model.Use(null) : model.UseMerged(adapter);
        int[][] ids = [.. prompts.Select(p => IdsOf(model, p))];
        var generated = TextGenerator.Generate(
            model, [.. ids.SelectMany(p => Enumerable.Repeat<IReadOnlyList<int>>(p, answers))], options with { Seed = seed }, null, cancellation);
        return [.. generated.Select((g, i) => new AnsweredPrompt(prompts[i / answers], g.Text, ids[i / answers], g.DrawnIds, !g.Truncated))];
    }

    private static int[] IdsOf(CausalLM model, AskedPrompt asked) => TextEncoder.Of(model).Prompt(asked.Prompt) is { Length: > 0 } ids
        ? ids
        : throw new AlidadeException($"prompt '{asked.Id}' has no token, so there is nothing to answer");
}
