using Alidade.Core;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Reward;

/// <summary>Where the correctness of an answer is learned.</summary>
public enum OutcomePlaces
{
    /// <summary>At its last token.</summary>
    Last,

    /// <summary>At every token, so that the score can be read before the end.</summary>
    All,
}

/// <summary>
/// An outcome reward model (verifier): binary cross entropy −log σ(±s) of whether the final answer is right, at the last token of an answer or at every token.
/// </summary>
/// <remarks>Cobbe et al. 2021 (arXiv 2110.14168), §4.2 and appendix E, which finds every token better than the last alone.</remarks>
public sealed record OutcomeReward : IStepRewardObjective
{
    /// <summary>Where it is learned. Default every token, as the paper.</summary>
    public OutcomePlaces Places { get; init; } = OutcomePlaces.All;

    /// <inheritdoc/>
    public string Name => "outcome";

    /// <inheritdoc/>
    public int Outputs => 1;

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> places) => Places == OutcomePlaces.Last ? places.Count(n => n > 0) : places.Sum();

    /// <inheritdoc/>
    public Objective Evaluate(in StepScores steps, double? normaliser = null)
    {
        ProcessReward.Check(steps, this);
        var labels = steps.Labels;
        var rowOf = steps.RowOf;
        long[] read = [.. Enumerable.Range(0, labels.Count).Where(i => Places == OutcomePlaces.All || i + 1 == labels.Count || rowOf[i + 1] != rowOf[i]).Select(i => (long)i)];
        using var index = tensor(read, device: steps.Scores.device);
        var logits = steps.Scores.squeeze(1).index_select(0, index);
        var signs = TokenLogProbs.Numbers(read.Select(i => labels[(int)i] == 1 ? 1.0 : -1), logits);
        var perItem = -logsigmoid(signs * logits);
        return new(perItem.sum() / (normaliser ?? read.Length), perItem)
        {
            Metrics = new Dictionary<string, Tensor>(RewardModelMetrics.OfAnswers(logits)) { ["accuracy"] = (signs * logits.detach()).gt(0).to(logits.dtype).mean() },
            Outputs = new Dictionary<string, Tensor> { ["places"] = index.clone() },
        };
    }
}
