using Alidade.Core;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Reward;

/// <summary>Where the costs of an answer are learned.</summary>
public enum CostLevel
{
    /// <summary>At its last token.</summary>
    Answers,

    /// <summary>At every token from the first in which the answers of a pair differ.</summary>
    Tokens,
}

/// <summary>
/// The cost model of Safe RLHF: mean[−log σ(c_u − c_s) − log σ(±_u c_u) − log σ(±_s c_s)] + λ·mean c², c the costs of the unsafer and the safer answer, + where the answer
/// is unsafe. A cost above 0 means unsafe.
/// </summary>
/// <remarks>
/// Dai et al. 2023 (Safe RLHF, arXiv 2310.12773), eq. 6. The published code's <c>safety_sign</c> is + for safe; here labels are 1 for unsafe. Its token-wise form is
/// <see cref="OfTokens"/>.
/// </remarks>
public sealed record CostModel : IRewardObjective
{
    /// <summary>Where costs are learned. Default at the last tokens, as Safe RLHF (<c>loss_type</c> sequence-wise).</summary>
    public CostLevel Level { get; init; }

    /// <summary>λ at least 0. Default 0.</summary>
    public double Regularisation
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    }

    /// <inheritdoc/>
    public string Name => "cost_model";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.LabelledPairs;

    /// <inheritdoc/>
    public Objective Evaluate(in AnswerScores answers)
    {
        if (Level == CostLevel.Tokens)
            throw new AlidadeException($"{Name} is to learn the costs of tokens, and scores of whole answers were given");
        var (unsafer, safer) = answers.Pairs();
        var (signsUnsafer, signsSafer) = Signs(answers.LabelsBelow(2), unsafer);
        var perPair = Losses(unsafer, safer, signsUnsafer, signsSafer);
        var loss = perPair.mean();
        if (Regularisation > 0)
            loss = loss + (Regularisation * stack([unsafer, safer]).square().mean());
        return new(loss, perPair) { Metrics = MetricsOf(unsafer.detach(), safer.detach(), signsUnsafer, signsSafer) };
    }

    /// <summary>The token-wise form: the means of each pair over the positions from the first difference of its answers to the later end.</summary>
    /// <remarks>
    /// Compared with Safe RLHF's <c>CostTrainer.loss</c> (<c>safe_rlhf/values/cost/trainer.py</c>, as a fork of April 2024 holds it) and equal to it: the first position in which the
    /// sequences differ, the means of each pair, then of the pairs, and the squares of both answers over the same positions as the regulariser. Behind the end of the shorter answer
    /// it reads the scores of padding (<c>get_scores</c>, <c>safe_rlhf/models/score_model/__init__.py</c>), tokens that the attention mask hides and that stand in no answer: what is
    /// learned there depends on which token pads. That is not repeated; a trainer gives the cost of the shorter answer's last token there.
    /// </remarks>
    /// <param name="unsafer">Cost at each position of the unsafer answers, [pairs, positions]; it is read up to the later end.</param>
    /// <param name="safer">Cost at each position of the safer answers, [pairs, positions].</param>
    /// <param name="labels">1 unsafe, 0 safe: of the unsafer and of the safer answer of each pair in turn.</param>
    /// <param name="starts">First position of each pair in which the answers differ.</param>
    /// <param name="endsUnsafer">Last position of each unsafer answer.</param>
    /// <param name="endsSafer">Last position of each safer answer.</param>
    public Objective OfTokens(Tensor unsafer, Tensor safer, IReadOnlyList<int> labels, IReadOnlyList<int> starts, IReadOnlyList<int> endsUnsafer, IReadOnlyList<int> endsSafer)
    {
        var (signsUnsafer, signsSafer) = Signs(labels, unsafer);
        var perPair = stack(Enumerable.Range(0, starts.Count).Select(i =>
        {
            var length = Math.Max(endsUnsafer[i], endsSafer[i]) - starts[i] + 1;
            Tensor u = unsafer[i].narrow(0, starts[i], length), s = safer[i].narrow(0, starts[i], length);
            return Losses(u, s, signsUnsafer[i], signsSafer[i]).mean() + (Regularisation * stack([u, s]).square().mean());
        }));
        Tensor Last(Tensor costs, IReadOnlyList<int> ends) => costs.detach().gather(1, tensor(ends.Select(e => (long)e).ToArray(), device: costs.device).unsqueeze(1)).squeeze(1);
        return new(perPair.mean(), perPair) { Metrics = MetricsOf(Last(unsafer, endsUnsafer), Last(safer, endsSafer), signsUnsafer, signsSafer) };
    }

    private static Tensor Losses(Tensor unsafer, Tensor safer, Tensor signsUnsafer, Tensor signsSafer) =>
        -logsigmoid(unsafer - safer) - logsigmoid(signsUnsafer * unsafer) - logsigmoid(signsSafer * safer);

    private static (Tensor Unsafer, Tensor Safer) Signs(IReadOnlyList<int> labels, Tensor like)
    {
        var signs = TokenLogProbs.Numbers(labels.Select(l => l == 1 ? 1.0 : -1), like).reshape(-1, 2);
        return (signs.select(1, 0), signs.select(1, 1));
    }

    private static Dictionary<string, Tensor> MetricsOf(Tensor unsafer, Tensor safer, Tensor signsUnsafer, Tensor signsSafer) => new()
    {
        ["accuracy"] = unsafer.gt(safer).to(unsafer.dtype).mean(),
        ["accuracy_sign"] = cat([signsUnsafer * unsafer, signsSafer * safer]).gt(0).to(unsafer.dtype).mean(),
    };
}
