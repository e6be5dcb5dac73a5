using System.Text.Json.Serialization;
using Alidade.Core.Statistics;
using Alidade.Training.Watching;

namespace Alidade.Training.Trainers;

/// <summary>The numbers of one update.</summary>
/// <param name="Update">Counted from 1.</param>
/// <param name="LearningRate">The rate that the update used.</param>
/// <param name="Loss">The loss of the accumulation window.</param>
/// <param name="GradientNorm">2-norm of all gradients before clipping.</param>
/// <param name="Tokens">Tokens of the rows seen so far, a shared prompt counted with each of its answers.</param>
/// <param name="Metrics">What the objective logs, averaged over the micro-batches.</param>
public sealed record TrainingStep(int Update, double LearningRate, double Loss, double GradientNorm, long Tokens, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>All numbers by name, as a run folder logs them.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, double> Values => new Dictionary<string, double>(Metrics)
    {
        ["learning_rate"] = LearningRate,
        ["loss"] = Loss,
        ["gradient_norm"] = GradientNorm,
        ["tokens"] = Tokens,
    };
}

/// <summary>The numbers of one evaluation on held-out rows.</summary>
/// <param name="Update">Updates done before it; 0 is the model before training.</param>
/// <param name="Loss">Mean loss over the held-out rows (over their scored tokens for token objectives).</param>
/// <param name="Metrics">What the objective logs, averaged in the same way.</param>
public sealed record HeldOutPoint(int Update, double Loss, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>The point of a policy whose answers a reward judged: the loss is the negative mean reward, so that the best weights are those of the lowest; the metrics hold the mean with its 95 % interval.</summary>
    /// <param name="update">Updates done before.</param>
    /// <param name="mean">The mean reward.</param>
    /// <param name="unscored">Answers without a reward.</param>
    internal static HeldOutPoint OfReward(int update, MeanEstimate mean, int unscored)
    {
        var metrics = new Dictionary<string, double> { ["reward"] = mean.Value, ["unscored"] = unscored };
        if (mean.Interval() is { } interval)
            (metrics["reward_low"], metrics["reward_high"]) = (interval.Low, interval.High);
        // Not −0 where every reward is 0.
        return new(update, 0 - mean.Value, metrics);
    }
}

/// <summary>What a training run did.</summary>
/// <param name="Objective">Name of the objective.</param>
/// <param name="Updates">Updates done, those before a resume included.</param>
/// <param name="Curve">Numbers of every update.</param>
/// <param name="HeldOut">Evaluations on held-out rows, in order; empty without such rows.</param>
/// <param name="BestUpdate">Updates before the lowest held-out loss; null without held-out rows.</param>
/// <param name="StoppedEarly">True when patience ran out before the last planned update.</param>
/// <param name="Rows">Rows that were trained on.</param>
/// <param name="Dropped">Rows left out, by reason.</param>
/// <param name="Truncated">Rows that were cut to the maximum length.</param>
/// <param name="Tokens">Tokens of the rows seen, a shared prompt counted with each of its answers.</param>
/// <param name="Seconds">Wall time of this run, without what was done before a resume.</param>
public sealed record TrainingResult(
    string Objective, int Updates, IReadOnlyList<TrainingStep> Curve, IReadOnlyList<HeldOutPoint> HeldOut, int? BestUpdate, bool StoppedEarly,
    int Rows, IReadOnlyDictionary<string, int> Dropped, int Truncated, long Tokens, double Seconds)
{
    /// <summary>Signs of known silent failures in the curve, in order of update.</summary>
    [JsonIgnore]
    public IReadOnlyList<CurveWarning> Warnings => CurveWatcher.Over(Curve);
}
