using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>The answers to one prompt.</summary>
/// <param name="Policy">Summed log-probability ℓ of each answer in nats, [answers]; differentiable.</param>
/// <param name="Reference">ℓ° under the reference, [answers].</param>
/// <param name="Lengths">Scored tokens |y| of each answer.</param>
/// <param name="Scores">How good each answer is; more is better.</param>
public readonly record struct RankedList(Tensor Policy, Tensor Reference, IReadOnlyList<int> Lengths, IReadOnlyList<double> Scores)
{
    /// <summary>Number of answers.</summary>
    public int Count => Scores.Count;

    /// <summary>The first of the best answers.</summary>
    public int Best => Order()[0];

    /// <summary>ℓ / |y|^κ of each answer, [answers].</summary>
    /// <param name="penalty">κ; 1 gives the mean log-probability of a token, 0 the sum.</param>
    public Tensor PerLength(double penalty) => Policy / Numbers(Lengths.Select(n => Math.Pow(n, penalty)));

    /// <summary>The same list, best answer first; equal scores keep their order.</summary>
    public RankedList Sorted()
    {
        var order = Order();
        var index = tensor(order.Select(i => (long)i).ToArray(), device: Policy.device);
        int[] lengths = [.. Lengths];
        double[] scores = [.. Scores];
        return new(Policy.index_select(0, index), Reference.index_select(0, index), [.. order.Select(i => lengths[i])], [.. order.Select(i => scores[i])]);
    }

    /// <summary>Numbers in the type and on the device of the list.</summary>
    internal Tensor Numbers(IEnumerable<double> values) => TokenLogProbs.Numbers(values, Policy);

    private int[] Order()
    {
        var scores = Scores;
        return [.. Enumerable.Range(0, Count).OrderByDescending(i => scores[i])];
    }
}

/// <summary>Lists of ranked answers; they need not be of one length.</summary>
/// <param name="Lists">One list for each prompt.</param>
public sealed record RankedLogProbs(IReadOnlyList<RankedList> Lists)
{
    /// <summary>From sums over all answers, list after list.</summary>
    /// <param name="policy">ℓ, [answers of all lists].</param>
    /// <param name="reference">ℓ°, [answers of all lists]; null for 0.</param>
    /// <param name="lengths">Scored tokens of each answer, list by list.</param>
    /// <param name="scores">Scores of each answer, list by list.</param>
    public static RankedLogProbs Of(Tensor policy, Tensor? reference, IReadOnlyList<IReadOnlyList<int>> lengths, IReadOnlyList<IReadOnlyList<double>> scores)
    {
        var kept = reference ?? zeros_like(policy);
        var lists = new List<RankedList>();
        for (long start = 0, i = 0; i < scores.Count; start += scores[(int)i++].Count)
            lists.Add(new(policy.narrow(0, start, scores[(int)i].Count), kept.narrow(0, start, scores[(int)i].Count), lengths[(int)i], scores[(int)i]));
        return new(lists);
    }

    /// <summary>The same lists, once each has two answers, every answer a scored token, and every score is a number.</summary>
    /// <exception cref="AlidadeException">A list cannot be ranked; it is named.</exception>
    public RankedLogProbs Checked(string objective)
    {
        if (Lists.Count == 0)
            throw new AlidadeException($"{objective}: the batch has no list, so there is no loss");
        for (var i = 0; i < Lists.Count; i++)
        {
            if (Lists[i].Count < 2)
                throw new AlidadeException($"{objective}: list {i} has {Lists[i].Count} answer(s), and a ranking needs at least 2; drop it or sample more");
            if (Lists[i].Lengths.Contains(0))
                throw new AlidadeException($"{objective}: list {i}: answer {Lists[i].Lengths.ToList().IndexOf(0)} has no scored token; drop it or raise the maximum length");
            if (!Lists[i].Scores.All(double.IsFinite))
                throw new AlidadeException($"{objective}: list {i} has a score that is not a number; drop answers without a score");
        }

        return this;
    }

    /// <summary>
    /// The mean over the lists of what a function makes of one, with its terms as metrics and outputs, and how often the better of two answers is the likelier one (left out
    /// where no two scores differ).
    /// </summary>
    /// <param name="objective">Who asks, for messages.</param>
    /// <param name="evaluate">The loss of one list.</param>
    /// <exception cref="AlidadeException">A list cannot be ranked.</exception>
    internal Objective MeanOver(string objective, Func<RankedList, ListLoss> evaluate)
    {
        ListLoss[] losses = [.. Checked(objective).Lists.Select(evaluate)];
        var perList = stack(losses.Select(l => l.Loss));
        (string Name, Tensor Value)[] terms = [.. losses[0].Terms.Select((t, i) => (t.Name, stack(losses.Select(l => l.Terms[i].Value.detach()))))];
        var result = new Objective(perList.mean(), perList)
            .WithOutputs(terms)
            .WithOutputs(("likelihood", cat([.. losses.Select(l => l.Likelihood.detach())])))
            .WithMetrics(terms.Select(t => (t.Name, t.Value.mean())));
        return Lists.Any(l => l.Scores.Distinct().Skip(1).Any()) ? result.WithMetrics(("rank_accuracy", RankAccuracy(losses))) : result;
    }

    private Tensor RankAccuracy(ListLoss[] losses)
    {
        var right = losses.Zip(Lists, (loss, list) =>
        {
            var better = list.Numbers(list.Scores.SelectMany(i => list.Scores.Select(j => i > j ? 1.0 : 0))).view(list.Count, list.Count);
            var likelier = loss.Likelihood.detach().unsqueeze(1).gt(loss.Likelihood.detach().unsqueeze(0)).to(better.dtype);
            return ((likelier * better).sum(), better.sum());
        }).ToArray();
        return stack(right.Select(r => r.Item1)).sum() / stack(right.Select(r => r.Item2)).sum();
    }
}

/// <summary>What an objective makes of one list.</summary>
/// <param name="Loss">Its loss, of shape [].</param>
internal sealed record ListLoss(Tensor Loss)
{
    /// <summary>By how much each answer, in the order given, is preferred by the policy: likelihoods or implied rewards, [answers].</summary>
    public required Tensor Likelihood { get; init; }

    /// <summary>Parts of the loss by name, each of shape [].</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Terms { get; init; } = [];
}
