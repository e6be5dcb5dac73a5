using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>How much better an answer, or each of its tokens, did than expected; a pure function of scored answers.</summary>
public interface IAdvantageEstimator
{
    /// <summary>The name that runs and messages use, such as "gae".</summary>
    string Name { get; }

    /// <summary>True when <see cref="Rollout.Values"/> enter, so that a critic is trained.</summary>
    bool NeedsValues => false;

    /// <summary>True when <see cref="Rollout.GreedyScores"/> enter, so that a greedy answer to each prompt is scored.</summary>
    bool NeedsGreedyAnswer => false;

    /// <summary>Least number of answers to a prompt.</summary>
    int SmallestGroup => 1;

    /// <summary>Advantages, without gradient.</summary>
    /// <param name="rollout">All answers of the generation batch.</param>
    /// <exception cref="Alidade.Core.AlidadeException">Something that is needed is not there, or a statistic does not exist for so few answers.</exception>
    AdvantageEstimate Estimate(Rollout rollout);
}

/// <summary>What an estimator finds. The tensors belong to the caller's scope.</summary>
/// <param name="Advantages">Of shape [rows], or [rows, positions] with 0 outside the mask.</param>
public sealed record AdvantageEstimate(Tensor Advantages)
{
    /// <summary>What a critic learns, of shape [rows, positions]; null where there is no critic.</summary>
    public Tensor? Returns { get; init; }

    /// <summary>Means that are logged, each of shape [].</summary>
    public IReadOnlyDictionary<string, Tensor> Metrics { get; init; } = new Dictionary<string, Tensor>();
}
