using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reinforcement;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>The loss of an update's micro-batches: the policy's, and the critics' beside it.</summary>
/// <param name="answers">The rollout, with advantages.</param>
/// <param name="models">The models.</param>
/// <param name="objective">The objective.</param>
/// <param name="options">Over what losses are normalised, and how far sampler and trainer may be apart.</param>
/// <param name="advantages">Where values are wanted.</param>
/// <param name="window">The update's micro-batches.</param>
/// <param name="share">The update's share of the pass over the rollout.</param>
internal sealed class PolicyUpdate(
    Answers answers, PolicyModels models, PolicyObjective objective, RolloutOptions options, AnswerAdvantages advantages, IReadOnlyList<int[]> window, double share)
{
    /// <summary>Weight of the KL in the loss.</summary>
    public double KlWeight { get; init; }

    /// <summary>
    /// The largest difference between the trainer's log-probability of a token and the sampler's, in nats, while the weights are those that sampled; null at later updates, and where the
    /// sampler said nothing.
    /// </summary>
    public double? SamplerDifference { get; private set; }

    /// <summary>Loss and metrics of one micro-batch; differentiable, in the caller's scope.</summary>
    /// <param name="given">Rows of the micro-batch; those that nothing is learned from count in means alone.</param>
    /// <param name="fresh">True while the weights are those that sampled: the ratio is 1 then, which is checked, and made exact.</param>
    /// <param name="what">Names the update in an error.</param>
    public Objective Evaluate(int[] given, bool fresh, string what)
    {
        int[] rows = [.. given.Where(r => answers.Learned[r])];
        if (rows.Length == 0)
            return Nothing();
        var forest = AnswerForest.Of(answers, rows, Length);
        var (logProbs, entropy) = models.Policy(forest, objective.EntropyBonus > 0, forest.Allowed(answers, rows, models.Model.Config.VocabularySize, models.Model.Device));
        var width = logProbs.size(1);
        if (fresh)
        {
            CheckSampler(rows, logProbs.detach(), what);
            answers.Put(Grids.Old, rows, logProbs, answers.Width);
        }

        var mask = forest.Grid.MaskLike(logProbs.detach());
        var tokens = PolicyTokens.Of(logProbs, answers.Select(Grids.Old, rows, width)!, mask, answers.Select(Grids.Reference, rows, width), answers.Select(Grids.Sampled, rows, width), entropy, rand_like(mask));
        var weighed = objective.LossKl is { Beta: > 0 } kl ? objective with { LossKl = kl with { Beta = KlWeight } } : objective;
        var evaluated = weighed.Evaluate(tokens, answers.Select(Grids.Advantages, rows, width)!, Normaliser(given, Length, objective.Aggregation.NormaliserOf));
        // A mean over micro-batches of largest values is none.
        var policy = evaluated with { Metrics = evaluated.Metrics.Where(m => m.Key != "sampler_max_difference").ToDictionary() };
        if (objective.Critic is not { } valueLoss || models.Critic is null)
            return policy;

        var loss = policy.Loss;
        var metrics = new Dictionary<string, Tensor>(policy.Metrics) { ["policy_loss"] = Micro(policy.Loss) };
        void AddCritic(Critic critic, string values, string returns, string name)
        {
            var valued = options.ScorePosition == ScorePosition.LastToken ? forest : AnswerForest.Of(answers, rows, ValueLength);
            var grid = valued.Grid.Spread(critic.Values(valued.Batch));
            var part = valueLoss.Evaluate(
                grid, answers.Select(values, rows, grid.size(1))!, answers.Select(returns, rows, grid.size(1))!, valued.Grid.MaskLike(grid.detach()), Normaliser(given, ValueLength, lengths => lengths.Sum()));
            loss += valueLoss.Weight * part.Loss;
            metrics[name + "_loss"] = Micro(part.Loss);
            foreach (var (metric, value) in part.Metrics)
                metrics[$"{name}_{metric}"] = value;
        }

        AddCritic(models.Critic, Grids.Values, Grids.Returns, "value");
        if (models.CostCritic is { } costCritic)
            AddCritic(costCritic, Grids.CostValues, Grids.CostReturns, "cost_value");
        return policy with { Loss = loss, Metrics = metrics };
    }

    private int Length(int row) => answers.Rows[row].Ids.Count;

    private int ValueLength(int row) => advantages.ValueLength(answers, row);

    // Losses of micro-batches add up to the update's; what is logged is their mean.
    private Tensor Micro(Tensor loss) => loss.detach() * window.Count;

    private double Normaliser(int[] micro, Func<int, int> length, Func<IReadOnlyList<int>, double> of) => Math.Max(1e-9, options.NormaliserScope switch
    {
        NormaliserScope.MicroBatch => of(Lengths(micro, length)) * window.Count,
        NormaliserScope.Rollout => of(Lengths(Enumerable.Range(0, answers.Rows.Count), length)) * share,
        _ => of(Lengths(window.SelectMany(b => b), length)),
    });

    // An answer that nothing is learned from has no token that counts.
    private int[] Lengths(IEnumerable<int> rows, Func<int, int> length) => [.. rows.Select(r => answers.Learned[r] ? length(r) : 0)];

    // The loss of nothing, whose gradient is 0: the optimiser's moments shrink as they do for any gradient of 0.
    private Objective Nothing()
    {
        var zero = models.Weights.Select(w => w.Value.reshape(-1).narrow(0, 0, 1).sum() * 0).Aggregate((a, b) => a + b);
        return new(zero, zero.detach().unsqueeze(0));
    }

    private void CheckSampler(int[] rows, Tensor logProbs, string what)
    {
        if (answers.Select(Grids.Sampled, rows, logProbs.size(1)) is not { } sampled)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var gap = (logProbs - sampled).abs();
        var most = gap.max().to(ScalarType.Float64).item<double>();
        SamplerDifference = Math.Max(SamplerDifference ?? 0, most);
        // A sampler that is corrected for may differ.
        if (objective.Correction is null && !(most <= options.SamplerTolerance))
            throw new AlidadeException(FormattableString.Invariant(
                $"{what}: sampler and trainer disagree about the log-probability of a sampled token by {most:g3} nats (mean {gap.sum().to(ScalarType.Float64).item<double>() / rows.Sum(Length):g3}), while the weights are the same; the importance ratio there is {Math.Exp(most):g4} instead of 1. Use float32 weights and no dropout, or raise the sampler tolerance ({options.SamplerTolerance}) if the number type explains it"));
    }
}
