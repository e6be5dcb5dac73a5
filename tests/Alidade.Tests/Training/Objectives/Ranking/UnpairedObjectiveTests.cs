using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives.Ranking;

public sealed class UnpairedObjectiveTests
{
    private static readonly double[] Policy = [-11.25, -7.5, -20.125, -4.75], Reference = [-12.5, -7.75, -18.25, -6.5];

    private static UnpairedLogProbs Rows(Tensor policy, double mismatch = 1.5) => new(policy, tensor(Reference), [true, false, false, true])
    {
        Mismatched = (tensor(new[] { -30.0, -28, -25, -20 }), tensor(new[] { -30.0, -28, -25, -20 }) - mismatch),
    };

    public static TheoryData<string> Names() => ["kto", "apo_zero_unpaired", "bco"];

    private static IUnpairedObjective Named(string name) => name switch
    {
        "kto" => new Kto { Beta = 0.3, DesirableWeight = 0.75, UndesirableWeight = 1.5 },
        "apo_zero_unpaired" => new ApoZeroUnpaired { Beta = 0.3, DesirableWeight = 0.75, UndesirableWeight = 1.5 },
        _ => new Bco { Beta = 0.3 },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_the_one_of_finite_differences(string name)
    {
        using var scope = NewDisposeScope();
        // A running mean over very many batches stands still, as the gradient takes it to.
        var state = name == "bco" ? tensor(new[] { 0.25, 1e15 }) : null;
        FiniteDifferences.Check(x => Named(name).Evaluate(Rows(x[0]), state, out _).Loss, tensor(Policy));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_order_of_rows_does_not_matter(string name)
    {
        using var scope = NewDisposeScope();
        var rows = Rows(tensor(Policy));
        var index = tensor(new long[] { 2, 0, 3, 1 });
        var moved = new UnpairedLogProbs(rows.Policy.index_select(0, index), rows.Reference.index_select(0, index), [false, true, true, false])
        {
            Mismatched = (rows.Mismatched!.Value.Policy.index_select(0, index), rows.Mismatched.Value.Reference.index_select(0, index)),
        };
        Objective one = Named(name).Evaluate(rows, null, out _), other = Named(name).Evaluate(moved, null, out _);
        Assert.Equal(one.Loss.item<double>(), other.Loss.item<double>(), 1e-12);
        Assert.Equal(one.PerItem.index_select(0, index).data<double>().ToArray(), other.PerItem.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void A_negative_kl_estimate_counts_as_zero_and_carries_no_gradient()
    {
        using var scope = NewDisposeScope();
        var kto = new Kto { Beta = 0.3, DesirableWeight = 0.75, UndesirableWeight = 1.5 };
        Objective negative = kto.Evaluate(Rows(tensor(Policy), mismatch: -4)), none = new ApoZeroUnpaired { Beta = 0.3, DesirableWeight = 0.75, UndesirableWeight = 1.5 }.Evaluate(Rows(tensor(Policy)));
        Assert.Equal(0, negative.Metrics["kl"].item<double>());
        Assert.Equal(none.PerItem.data<double>().ToArray(), negative.PerItem.data<double>().ToArray());
        Assert.Equal(1.5, kto.Evaluate(Rows(tensor(Policy))).Metrics["kl"].item<double>(), 1e-12);

        var leaf = tensor(new[] { -30.0, -28, -25, -20 }).requires_grad_(true);
        var policy = tensor(Policy).requires_grad_(true);
        kto.Evaluate(Rows(policy) with { Mismatched = (leaf * 1, leaf.detach() - 2) }).Loss.backward();
        Assert.Null(leaf.grad);
        Assert.NotNull(policy.grad);
    }

    [Fact]
    public void The_running_mean_weighs_batches_equally_and_is_handed_on()
    {
        using var scope = NewDisposeScope();
        var bco = new Bco { Beta = 0.5 };
        Assert.Equal([0, 0], bco.InitialState);
        Tensor? state = null;
        double[][] ratios = [[1, 2, 3], [4], [-2, 6]];
        foreach (var batch in ratios)
        {
            var rows = new UnpairedLogProbs(tensor(batch), zeros(batch.Length, ScalarType.Float64), [.. batch.Select(_ => true)]);
            bco.Evaluate(rows, state, out state);
        }

        // Batch means of the rewards: 1, 2, 1.
        Assert.Equal(4.0 / 3, state![0].item<double>(), 1e-12);
        Assert.Equal(3, state[1].item<double>());
    }

    [Fact]
    public void Density_ratios_weigh_undesirable_rows_alone_and_are_bounded()
    {
        using var scope = NewDisposeScope();
        var rows = Rows(tensor(Policy)) with { DesirableProbability = tensor(new[] { 0.99, 0.75, 0.01, 0.01 }) };
        var weighted = new Bco { MaxDensityRatio = 2, MinDensityRatio = 0.25 }.Evaluate(rows, null, out _);
        Assert.Equal([1, 2, 0.25, 1], weighted.Outputs["weights"].data<double>().ToArray());
        var plain = new Bco().Evaluate(Rows(tensor(Policy)), null, out _);
        Assert.Equal([.. plain.PerItem.data<double>().ToArray().Zip([1, 2, 0.25, 1.0], (l, w) => l * w)], weighted.PerItem.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Contains("MinDensityRatio 3 is above MaxDensityRatio 2",
            Assert.Throws<AlidadeException>(() => new Bco { MinDensityRatio = 3, MaxDensityRatio = 2 }.Evaluate(rows, null, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_say_nothing_are_errors()
    {
        using var scope = NewDisposeScope();
        var one = new UnpairedLogProbs(tensor(new[] { -1.0 }), tensor(new[] { -1.5 }), [true]);
        Assert.Contains("the batch has one row", Assert.Throws<AlidadeException>(() => new Kto().Evaluate(one)).Message, StringComparison.Ordinal);
        Assert.Contains("kto reads Mismatched", Assert.Throws<AlidadeException>(() => new Kto().Evaluate(Rows(tensor(Policy)) with { Mismatched = null })).Message, StringComparison.Ordinal);
        foreach (var name in Names())
            Assert.Contains("the batch has no row", Assert.Throws<AlidadeException>(() => Named(name).Evaluate(new(zeros(0), zeros(0), []), null, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_to_the_same_prompt_is_no_mismatch_and_is_counted()
    {
        var rows = MismatchedAnswers.Of([[1, 2], [1, 2], [3]]);
        Assert.Equal([2, 0, 1], rows.AnswerOf);
        Assert.Equal([1], rows.SamePrompt);
        Assert.Equal([0], MismatchedAnswers.Of([[5]]).SamePrompt);
    }
}
