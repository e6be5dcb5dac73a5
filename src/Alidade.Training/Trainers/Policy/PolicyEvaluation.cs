using Alidade.Core.Statistics;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>A held-out prompt with the policy's answer.</summary>
/// <param name="Id">The prompt's id.</param>
/// <param name="Prompt">As a person would read it.</param>
/// <param name="Answer">The answer.</param>
/// <param name="Tokens">Its tokens, the end token included.</param>
/// <param name="Ended">False where the limit cut it.</param>
/// <param name="Reward">Its reward; null where it could not be scored.</param>
/// <param name="Why">Why there is no reward; null where there is one.</param>
public sealed record HeldOutAnswer(string Id, string Prompt, string Answer, int Tokens, bool Ended, double? Reward, string? Why)
{
    /// <summary>An answer with what it is worth, or why that is not known.</summary>
    internal static HeldOutAnswer Of(AnsweredPrompt answer, double? reward, string? why) =>
        new(answer.Asked.Id, answer.Asked.Prompt.ToString(), answer.Text, answer.Ids.Count, answer.Ended, reward, why);
}

/// <summary>The policy on held-out prompts: one answer to each, with the same random numbers at every evaluation.</summary>
internal sealed class PolicyEvaluation(
    IReadOnlyList<PromptTokens> prompts, PolicySampler sampler, AnswerScorer scorer, PolicyModels models, bool needsReference, TrainingOptions options, TrainingContext context)
{
    /// <summary>
    /// Answers and scores: <see cref="HeldOutPoint.OfReward"/>, with lengths and the KL to the reference.
    /// </summary>
    public HeldOutPoint Run(int update)
    {
        var seed = new SeededRandom(options.Seed).Fork("held-out answers").NextUInt64();
        var rows = sampler.Sample(prompts, 1, seed, context.Progress, context.Cancellation);
        var scores = scorer.Score(rows, context.Cancellation);
        double[] rewards = [.. scores.Where(s => s.Reward is not null).Select(s => s.Reward!.Value)];
        if (rewards.Length == 0)
            throw new Core.AlidadeException($"no answer to a held-out prompt could be scored: {scores[0].Why}");
        var judged = HeldOutPoint.OfReward(update, Mean.Of(rewards), rows.Count - rewards.Length);
        var metrics = new Dictionary<string, double>(judged.Metrics)
        {
            ["answer_tokens"] = rows.Average(r => r.Ids.Count),
            ["ended"] = rows.Average(r => r.Ended ? 1.0 : 0),
        };
        if (scores.Where(s => s.Cost is not null).Select(s => s.Cost!.Value).ToArray() is { Length: > 0 } costs)
            metrics["cost"] = costs.Average();
        if (needsReference)
            metrics["kl_to_reference"] = Divergence(rows);
        context.OnAnswers?.Invoke(update, [.. rows.Select((r, i) => HeldOutAnswer.Of(r, scores[i].Reward, scores[i].Why))]);
        return judged with { Metrics = metrics };
    }

    // Mean over the answers of Σ (log π − log π°).
    private double Divergence(IReadOnlyList<AnsweredPrompt> rows)
    {
        using var answers = new Answers(prompts, rows, 1, new float[rows.Count]);
        var sum = 0.0;
        foreach (var batch in Enumerable.Range(0, rows.Count).Chunk(options.BatchRows))
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var forest = AnswerForest.Of(answers, batch, r => rows[r].Ids.Count);
            sum += KlEstimators.Of(KlEstimator.K1, models.LogProbs(forest), models.Reference(forest)).sum().to(ScalarType.Float64).item<double>();
        }

        return sum / rows.Count;
    }
}
