using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives.Ranking;

/// <summary>What holds for every objective on pairs, found by reflection, and for options that no golden case has.</summary>
public sealed class PreferenceObjectiveTests
{
    private static readonly Dictionary<string, IPreferenceObjective> Others = new(StringComparer.Ordinal)
    {
        ["dpo with smoothing on token means"] = new Dpo { Beta = 1.5, LabelSmoothing = 0.2, Scale = AnswerScale.TokenMean },
        ["dpo under forward KL"] = new Dpo { Beta = 0.4, Divergence = new ForwardKl() },
        ["hinge under Jensen-Shannon on token means"] = new Hinge { Beta = 0.7, Divergence = new JensenShannon(), Scale = AnswerScale.TokenMean },
        ["ipo under an alpha divergence"] = new Ipo { Beta = 0.3, Divergence = new AlphaDivergence { Alpha = 1.5 } },
        ["exo with smoothing"] = new ExoPair { Beta = 0.6, LabelSmoothing = 0.2 },
        ["discopop, wide gate"] = new DiscoPop { Beta = 0.3, Tau = 0.8 },
        ["aot with smoothing"] = new Aot { Beta = 0.4, LabelSmoothing = 0.1 },
        ["ld of ipo"] = new LengthDesensitised { Base = new Ipo { Beta = 0.2 }, Alpha = 0.25 },
        ["ld of reference-free hinge"] = new LengthDesensitised { Base = new Hinge { Beta = 0.1 }, Alpha = 0.25 },
        ["cpo of simpo with ε"] = new Cpo { Base = new SimPo { Beta = 3, Gamma = 1.5, LabelSmoothing = 0.1 }, NllWeight = 0.5 },
        ["alphapo, negative shape"] = new AlphaPo { Alpha = -0.5 },
        ["sequence-mean NLL"] = new ChosenNll { Reduction = SftReduction.SequenceMean },
        ["summed NLL"] = new ChosenNll { Reduction = SftReduction.Sum },
        ["xpo of ipo on sums"] = new Xpo { Base = new Ipo { Scale = AnswerScale.Sum }, Alpha = 0.25 },
        ["rebel"] = new Rebel { Eta = 0.4 },
    };

    private static IEnumerable<IPreferenceObjective> Defaults() => typeof(IPreferenceObjective).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && typeof(IPreferenceObjective).IsAssignableFrom(t)).Select(t => (IPreferenceObjective)Activator.CreateInstance(t)!);

    public static TheoryData<string> Names() => [.. Defaults().Select(o => o.Name)];

    public static TheoryData<string> All() => [.. Defaults().Select(o => o.Name), .. Others.Keys];

    private static IPreferenceObjective Named(string name) => Others.TryGetValue(name, out var other) ? other : Defaults().Single(o => o.Name == name);

    [Theory]
    [MemberData(nameof(All))]
    public void The_gradient_is_the_one_of_finite_differences(string name)
    {
        var objective = Named(name);
        using var scope = NewDisposeScope();
        // Weights carry no gradient, so the function that is differentiated holds them still; what they do to it is another test.
        if (objective is Wpo)
            return;
        FiniteDifferences.Check(x => objective.Evaluate(SomePairs.Of(x[0], x[1])).Loss, tensor(SomePairs.Chosen), tensor(SomePairs.Rejected));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_order_of_pairs_does_not_matter(string name)
    {
        using var scope = NewDisposeScope();
        Objective one = Named(name).Evaluate(SomePairs.Of()), other = Named(name).Evaluate(SomePairs.Permuted(SomePairs.Of(), 3, 0, 4, 2, 1));
        Assert.Equal(one.Loss.item<double>(), other.Loss.item<double>(), 1e-12);
        Assert.Equal(one.PerItem.data<double>().ToArray().Order(), other.PerItem.data<double>().ToArray().Order(), (a, b) => Math.Abs(a - b) < 1e-12);
        foreach (var (metric, value) in one.Metrics)
            Assert.Equal(value.item<double>(), other.Metrics[metric].item<double>(), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_not_asked_for_is_not_read(string name)
    {
        using var scope = NewDisposeScope();
        var (objective, pairs) = (Named(name), SomePairs.Of());
        bool Asks(PairInputs what) => objective.Needs.HasFlag(what);
        var bare = new PairLogProbs(
            pairs.PolicyChosen, pairs.PolicyRejected,
            Asks(PairInputs.Reference) ? pairs.ReferenceChosen : full_like(pairs.ReferenceChosen, double.NaN),
            Asks(PairInputs.Reference) ? pairs.ReferenceRejected : full_like(pairs.ReferenceRejected, double.NaN), pairs.ChosenLengths, pairs.RejectedLengths)
        {
            Shared = Asks(PairInputs.SharedLength) ? pairs.Shared : null,
            ChosenCollision = Asks(PairInputs.Collision) ? pairs.ChosenCollision : null,
            RejectedCollision = Asks(PairInputs.Collision) ? pairs.RejectedCollision : null,
            PromptAndChosen = Asks(PairInputs.PromptAndChosen) ? pairs.PromptAndChosen : null,
            PromptAndChosenLengths = Asks(PairInputs.PromptAndChosen) ? pairs.PromptAndChosenLengths : null,
            WinProbability = null,
            ChosenReward = Asks(PairInputs.Rewards) ? pairs.ChosenReward : null,
            RejectedReward = Asks(PairInputs.Rewards) ? pairs.RejectedReward : null,
            ChosenFromReference = Asks(PairInputs.Source) ? pairs.ChosenFromReference : null,
            Tie = Asks(PairInputs.Ties) ? pairs.Tie : null,
        };
        var result = objective.Evaluate(bare);
        Assert.True(double.IsFinite(result.Loss.item<double>()));
        Assert.All(result.Metrics, m => Assert.True(double.IsFinite(m.Value.item<double>()), m.Key));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_reference_that_is_asked_for_matters(string name)
    {
        using var scope = NewDisposeScope();
        var (objective, pairs) = (Named(name), SomePairs.Of());
        var other = pairs with
        {
            ReferenceChosen = pairs.ReferenceChosen - tensor(new[] { 0.5, -1, 2, 0.25, -0.75 }),
            Shared = pairs.Shared!.Value with { ReferenceChosen = pairs.Shared.Value.ReferenceChosen - 1 },
        };
        Assert.Equal(objective.Needs.HasFlag(PairInputs.Reference), objective.Evaluate(pairs).Loss.item<double>() != objective.Evaluate(other).Loss.item<double>());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_asked_for_and_not_there_is_an_error(string name)
    {
        using var scope = NewDisposeScope();
        var (objective, pairs) = (Named(name), SomePairs.Of());
        foreach (var (input, without) in new[]
        {
            (PairInputs.SharedLength, pairs with { Shared = null }),
            (PairInputs.Collision, pairs with { RejectedCollision = null }),
            (PairInputs.PromptAndChosen, pairs with { PromptAndChosen = null }),
            (PairInputs.Rewards, pairs with { ChosenReward = null }),
            (PairInputs.Source, pairs with { ChosenFromReference = null }),
            (PairInputs.Ties, pairs with { Tie = null }),
        })
            if (objective.Needs.HasFlag(input))
                Assert.Contains($"reads {input} of every pair", Assert.Throws<AlidadeException>(() => objective.Evaluate(without)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Log_ratios_of_eighty_nats_overflow_nothing_in_float32(string name)
    {
        using var scope = NewDisposeScope();
        Tensor chosen = tensor(new[] { -100f, -20, -180, -5, -60 }).requires_grad_(true), rejected = tensor(new[] { -20f, -100, -5, -180, -60 }).requires_grad_(true);
        var kept = SomePairs.Of(chosen, rejected);
        Tensor referenceChosen = tensor(new[] { -60f, -60, -100, -85, -60 }), referenceRejected = tensor(new[] { -60f, -60, -85, -100, -60 });
        var result = Named(name).Evaluate(kept with
        {
            ReferenceChosen = referenceChosen,
            ReferenceRejected = referenceRejected,
            Shared = new(chosen, rejected, referenceChosen, referenceRejected),
        });
        result.Loss.backward();
        Assert.True(float.IsFinite(result.Loss.item<float>()));
        foreach (var input in new[] { chosen, rejected })
            Assert.All(input.grad?.data<float>().ToArray() ?? [], g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void The_inputs_are_not_changed()
    {
        using var scope = NewDisposeScope();
        var pairs = SomePairs.Of();
        foreach (var objective in Defaults().Concat(Others.Values))
            objective.Evaluate(pairs);
        Assert.Equal(SomePairs.Chosen, pairs.PolicyChosen.data<double>().ToArray());
        Assert.Equal(SomePairs.Rejected, pairs.PolicyRejected.data<double>().ToArray());
        Assert.Equal(SomePairs.Of().ChosenCollision!.data<double>().ToArray(), pairs.ChosenCollision!.data<double>().ToArray());
    }
}
