using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reward;

/// <summary>Labels of whole texts: cross entropy over the labels; with weights of classes Σ w_y·L / Σ w_y.</summary>
/// <remarks>torch <c>cross_entropy(weight=…)</c>.</remarks>
public sealed record ClassificationReward : IRewardObjective
{
    /// <summary>Weight of each label, above 0; null for 1.</summary>
    public IReadOnlyList<double>? ClassWeights
    {
        get;
        init => field = value is null || (value.Count > 0 && value.All(w => w > 0 && double.IsFinite(w))) ? value
            : throw new AlidadeException($"the class weights are {string.Join(", ", value)}; each must be a number above 0");
    }

    /// <inheritdoc/>
    public string Name => "classification";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.Labelled;

    /// <inheritdoc/>
    public Objective Evaluate(in AnswerScores answers)
    {
        var outputs = (int)answers.Scores.size(1);
        if (outputs < 2)
            throw new AlidadeException("classification needs a head with an output for each label; this one has 1");
        if (ClassWeights is { } given && given.Count != outputs)
            throw new AlidadeException($"there are {given.Count} class weights and {outputs} labels");
        var labels = answers.LabelsBelow(outputs);
        using var index = tensor(labels.Select(l => (long)l).ToArray(), device: answers.Scores.device);
        var perItem = -answers.Scores.log_softmax(-1).gather(1, index.unsqueeze(1)).squeeze(1);
        var total = (double)labels.Count;
        if (ClassWeights is { } weights)
        {
            perItem = perItem * TokenLogProbs.Numbers(labels.Select(l => weights[l]), perItem);
            total = labels.Sum(l => weights[l]);
        }

        return new(perItem.sum() / total, perItem)
        {
            Metrics = new Dictionary<string, Tensor> { ["accuracy"] = answers.Scores.detach().argmax(-1).eq(index).to(perItem.dtype).mean() },
        };
    }
}
