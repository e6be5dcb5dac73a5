using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reward;

/// <summary>
/// A process reward model: cross entropy of wrong (0) and right (1) at the last token of each step, the mean over all labelled steps of the accumulation window.
/// The prediction at the separator itself carries the label; nothing is shifted.
/// </summary>
/// <remarks>
/// Lightman et al. 2023 (arXiv 2305.20050), §2.4; TRL 1.12 <c>PRMTrainer</c>, which with accumulation adds up the means of micro-batches, a loss that is too large by
/// their number.
/// </remarks>
public sealed record ProcessReward : IStepRewardObjective
{
    /// <inheritdoc/>
    public string Name => "prm";

    /// <inheritdoc/>
    public int Outputs => 2;

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> places) => places.Sum();

    /// <inheritdoc/>
    public Objective Evaluate(in StepScores steps, double? normaliser = null)
    {
        Check(steps, this);
        using var labels = tensor(steps.Labels.Select(l => (long)l).ToArray(), device: steps.Scores.device);
        var all = steps.Scores.log_softmax(-1);
        var perItem = -all.gather(1, labels.unsqueeze(1)).squeeze(1);
        return new(perItem.sum() / (normaliser ?? steps.Labels.Count), perItem)
        {
            Metrics = new Dictionary<string, Tensor> { ["accuracy"] = steps.Scores.detach().argmax(-1).eq(labels).to(perItem.dtype).mean() },
            Outputs = new Dictionary<string, Tensor> { ["p_correct"] = all.detach().select(1, 1).exp() },
        };
    }

    internal static void Check(in StepScores steps, IStepRewardObjective objective)
    {
        if (steps.Labels.Count == 0)
            throw new AlidadeException("no step of the batch is labelled, so there is no loss: check the labels and the maximum length");
        if (steps.Scores.size(1) != objective.Outputs)
            throw new AlidadeException($"the head has {steps.Scores.size(1)} outputs, and '{objective.Name}' needs {objective.Outputs}");
        foreach (var label in steps.Labels)
            if (label is not (0 or 1))
                throw new AlidadeException($"label {label} of a step is out of range; it is 1 for right and 0 for wrong");
    }
}
