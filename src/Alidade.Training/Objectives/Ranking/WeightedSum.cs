using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>A term of a <see cref="WeightedSum"/>.</summary>
/// <param name="Weight">Its weight, a finite number.</param>
/// <param name="Objective">Its loss.</param>
public sealed record WeightedTerm(double Weight, IPreferenceObjective Objective);

/// <summary>
/// Several objectives on the same pairs at once: Σ_k w_k·loss_k. Each loss is logged by its name; implied rewards are those of the first term that has them.
/// </summary>
/// <remarks>
/// MPO is {0.8 dpo, 0.2 bco_pair, 1 chosen_nll} (Wang et al. 2024, arXiv 2411.10442); RPO is {1 dpo, α chosen_nll of sequence means} (Pang et al. 2024,
/// arXiv 2404.19733); <c>loss_weights</c> of TRL 1.16.
/// </remarks>
public sealed record WeightedSum : IPreferenceObjective
{
    /// <summary>The terms. Default MPO's with its weights.</summary>
    public IReadOnlyList<WeightedTerm> Terms
    {
        get;
        init
        {
            if (value.Count == 0)
                throw new AlidadeException($"{Name}: there is no term; give at least one objective with its weight");
            foreach (var term in value)
                OptionCheck.Finite(Name, term.Weight, $"the weight of {term.Objective.Name}");
            if (value.GroupBy(t => t.Objective.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw new AlidadeException($"{Name}: {twice.Key} is a term {twice.Count()} times; a term is logged by its name, so give each once");
            field = [.. value];
        }
    } = [new(0.8, new Dpo()), new(0.2, new BcoPair()), new(1, new ChosenNll())];

    /// <inheritdoc/>
    public string Name => "weighted_sum";

    /// <inheritdoc/>
    public PairInputs Needs => Terms.Aggregate(PairInputs.None, (needs, term) => needs | term.Objective.Needs);

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var all = pairs;
        (WeightedTerm Term, Objective Value)[] parts = [.. Terms.Select(t => (t, t.Objective.Evaluate(all)))];
        Tensor Sum(Func<Objective, Tensor> part) => parts.Select(p => p.Term.Weight * part(p.Value)).Aggregate((a, b) => a + b);
        var sum = new Objective(Sum(p => p.Loss), Sum(p => p.PerItem));
        foreach (var (_, value) in parts.Reverse())
            sum = sum.WithMetrics(value.Metrics.Select(m => (m.Key, m.Value))).WithOutputs(value.Outputs.Select(o => (o.Key, o.Value)));
        return sum.WithMetrics(parts.Select(p => ("loss_" + p.Term.Objective.Name, p.Value.Loss.detach())));
    }
}
