using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Rewards;

/// <summary>A process reward model: each line of an answer is a step, the model says how probably it is right, and the steps become one number.</summary>
/// <remarks>Lightman et al. 2023 (arXiv 2305.20050), appendix F; read at the separator of each step, as <see cref="ProcessReward"/> trains it.</remarks>
/// <param name="name">What runs and messages call it.</param>
/// <param name="model">A model with a scoring head of two scores for tokens: wrong and right.</param>
public sealed class StepReward(string name, CausalLM model) : IReward
{
    private readonly StepTokenizer tokenizer = new(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null });
    private string? fingerprint;

    /// <summary>How steps become one number. Default their product, as in the paper.</summary>
    public StepAggregation Aggregation { get; init; } = StepAggregation.Product;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Fingerprint => fingerprint ??= $"{Aggregation} {model.WeightsHash()}";

    /// <inheritdoc/>
    public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        if (model.ScoringLabels != 2)
            throw new AlidadeException($"'{name}' gives {model.ScoringLabels} scores to a token; a process reward model gives two, wrong and right: train one with 'alidade train prm'");
        var scores = new RewardScore[completions.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            scores[i] = Score(completions[i]);
        }

        return Task.FromResult<IReadOnlyList<RewardScore>>(scores);
    }

    private RewardScore Score(AnsweredPrompt completion)
    {
        string[] steps = [.. completion.Text.Split('\n').Where(s => !string.IsNullOrWhiteSpace(s))];
        if (steps.Length == 0)
            return RewardScore.None("the answer has no step");
        // The labels are what is asked for; the tokens do not depend on them.
        var row = tokenizer.Row(new() { Id = completion.Asked.Id, Prompt = completion.Asked.Prompt, Steps = steps, Labels = new bool[steps.Length] }).Row;
        if (row.Ids.Count > model.Config.ContextLength)
            return RewardScore.None("longer than the reward model's context");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var values = model.ScoresAt(new([new Segment(row.Ids, new bool[row.Ids.Count], -1)]), [.. row.Places.Select(p => (0, p))]);
        return RewardScore.Of(Aggregation.Of(values.to(ScalarType.Float64).softmax(-1).select(1, 1).cpu().data<double>().ToArray()));
    }
}
