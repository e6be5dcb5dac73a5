using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Aggregations;

/// <summary>How the losses of tokens become one number.</summary>
/// <remarks>
/// A sum over a normaliser, so that micro-batches which share the normaliser of their window add up to the loss of the window, however its answers are spread.
/// </remarks>
public interface ILossAggregation
{
    /// <summary>The name that runs and messages use, such as "token_mean".</summary>
    string Name { get; }

    /// <summary>What the sum over some answers is divided by.</summary>
    /// <param name="tokens">Tokens of each answer.</param>
    double NormaliserOf(IReadOnlyList<int> tokens);

    /// <summary>The sum before it is divided, of shape [].</summary>
    /// <param name="losses">[rows, positions], 0 outside the mask.</param>
    /// <param name="mask">[rows, positions]; every row has a token.</param>
    Tensor Sum(Tensor losses, Tensor mask);
}

/// <summary>Every token has the same weight: Σ L/tokens. DAPO, Yu et al. 2025 (arXiv 2503.14476), eq. 8; TRL's <c>dapo</c> and, by micro-batch, <c>bnpo</c>.</summary>
public sealed record TokenMean : ILossAggregation
{
    /// <inheritdoc/>
    public string Name => "token_mean";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> tokens) => tokens.Sum();

    /// <inheritdoc/>
    public Tensor Sum(Tensor losses, Tensor mask) => losses.sum();
}

/// <summary>Every answer has the same weight: the mean of the answers' token means. GRPO, Shao et al. 2024 (arXiv 2402.03300), eq. 3; PPO losses on whole answers.</summary>
public sealed record SequenceMean : ILossAggregation
{
    /// <inheritdoc/>
    public string Name => "sequence_mean";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> tokens) => tokens.Count;

    /// <inheritdoc/>
    public Tensor Sum(Tensor losses, Tensor mask) => Masked.RowMeans(losses, mask).sum();
}

/// <summary>The mean over the answers of their token sums: REINFORCE on whole answers.</summary>
public sealed record SequenceSum : ILossAggregation
{
    /// <inheritdoc/>
    public string Name => "sequence_sum";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> tokens) => tokens.Count;

    /// <inheritdoc/>
    public Tensor Sum(Tensor losses, Tensor mask) => losses.sum();
}

/// <summary>
/// The mean over the answers of their token sums, divided by a constant length, so that a long answer's tokens weigh as much as a short one's. Dr. GRPO, Liu et al. 2025 (arXiv 2503.20783), eq. 6.
/// </summary>
public sealed record ConstantLength : ILossAggregation
{
    /// <summary>The constant (at least 1): the largest number of tokens an answer may have, as TRL. A recipe that leaves it out takes that of its rollouts.</summary>
    public int? Tokens { get; init => field = value is { } given ? OptionCheck.Count("constant_length", given) : null; }

    /// <inheritdoc/>
    public string Name => "constant_length";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<int> tokens) => tokens.Count * (double)(Tokens
        ?? throw new AlidadeException("constant_length has no constant: give its tokens, the largest number of tokens that an answer may have"));

    /// <inheritdoc/>
    public Tensor Sum(Tensor losses, Tensor mask) => losses.sum();
}
