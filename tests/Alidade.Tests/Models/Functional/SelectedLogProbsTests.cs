using Alidade.Models.Functional;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Functional;

public sealed class SelectedLogProbsTests : IDisposable
{
    private const long Vocabulary = 50;
    private const long Width = 12;
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Generator random = new(11);

    public void Dispose()
    {
        random.Dispose();
        scope.Dispose();
    }

    /// <summary>Which of h, W and b have a gradient, whether there is a b, and how many rows a chunk has (7 positions: one, several with a rest, all).</summary>
    public static TheoryData<bool, bool, bool, bool, int> Cases()
    {
        var cases = new TheoryData<bool, bool, bool, bool, int>();
        foreach (var (hidden, weight, bias, withBias) in (ReadOnlySpan<(bool, bool, bool, bool)>)
            [(true, false, false, false), (true, false, false, true), (true, true, false, false), (true, true, true, true), (false, true, false, true), (false, false, true, true)])
            foreach (var rows in (ReadOnlySpan<int>)[1, 3, 7, 100])
                cases.Add(hidden, weight, bias, withBias, rows);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_and_gradients_equal_plain_log_softmax(bool ofHidden, bool ofWeight, bool ofBias, bool withBias, int rows)
    {
        foreach (var (type, tolerance) in (ReadOnlySpan<(ScalarType, double)>)[(ScalarType.Float64, 1e-13), (ScalarType.Float32, 2e-6)])
        {
            var h = Normal(7, Width).to_type(type).requires_grad_(ofHidden);
            var w = Normal(Vocabulary, Width).to_type(type).requires_grad_(ofWeight);
            var b = withBias ? Normal(Vocabulary).to_type(type).requires_grad_(ofBias) : null;
            var y = Targets(7);
            var inputs = new[] { h, w, b }.OfType<Tensor>().Where(t => t.requires_grad).ToArray();
            var g = Normal(7).to_type(type);
            var actual = SelectedLogProbs.Compute(h, w, y, b, null, rows);
            var doubles = new[] { h, w, b }.Select(t => t?.detach().to_type(ScalarType.Float64).requires_grad_(t.requires_grad)).ToArray();
            var expected = Plain(doubles[0]!, doubles[1]!, y, doubles[2]);
            Assert.InRange(Relative(expected, actual), 0, tolerance);
            actual.backward([g]);
            expected.backward([g.to_type(ScalarType.Float64)]);
            foreach (var (reference, input) in doubles.Zip([h, w, b]))
                if (input is { requires_grad: true })
                    Assert.InRange(Relative(reference!.grad!, input.grad!), 0, tolerance);
            Assert.NotEmpty(inputs);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Memory_of_a_pool_is_used_again_and_changes_no_number(bool trainable)
    {
        using var pool = new SlabPool();
        var (y, g) = (Targets(7), Normal(7));
        for (var time = 0; time < 3; time++)
        {
            var (h, w) = (Normal(7, Width).requires_grad_(true), Normal(Vocabulary, Width).requires_grad_(trainable));
            var (sameH, sameW) = (h.detach().requires_grad_(true), w.detach().requires_grad_(trainable));
            var expected = SelectedLogProbs.Of(h, w, y);
            var (actual, _) = SelectedLogProbs.WithStatistics(sameH, sameW, y, null, null, collision: false, pool);
            expected.backward([g]);
            actual.backward([g]);
            Assert.InRange(Relative(expected, actual), 0, 1e-15);
            Assert.InRange(Relative(h.grad!, sameH.grad!), 0, 1e-15);
            if (trainable)
                Assert.InRange(Relative(w.grad!, sameW.grad!), 0, 1e-15);
            // It came back, and is the one that is handed out.
            var rented = pool.Rent(7 * Vocabulary, ScalarType.Float64, CPU);
            Assert.Equal((0, 7 * Vocabulary), (rented.Used, rented.Elements));
            pool.Return(rented);
        }
    }

    [Fact]
    public void Gradients_equal_finite_differences()
    {
        var (h, w, y) = (Normal(4, Width).requires_grad_(true), Normal(Vocabulary, Width).requires_grad_(true), Targets(4));
        var g = Normal(4);
        SelectedLogProbs.Of(h, w, y).backward([g]);
        foreach (var (input, gradient) in new[] { (h, h.grad!), (w, w.grad!) })
        {
            var flat = input.detach().view(-1);
            for (var i = 0L; i < flat.size(0); i += 7)
            {
                double Value(double change)
                {
                    var old = flat[i].item<double>();
                    flat[i] = old + change;
                    using var off = no_grad();
                    var value = SelectedLogProbs.Of(h, w, y).mul(g).sum().item<double>();
                    flat[i] = old;
                    return value;
                }

                var numeric = (Value(1e-5) - Value(-1e-5)) / 2e-5;
                Assert.Equal(numeric, gradient.reshape(-1)[i].item<double>(), 1e-7);
            }
        }
    }

    [Fact]
    public void A_second_backward_over_a_kept_graph_gives_the_same_gradient()
    {
        var (h, w, y) = (Normal(4, Width).requires_grad_(true), Normal(Vocabulary, Width).requires_grad_(true), Targets(4));
        var sum = SelectedLogProbs.Of(h, w, y).sum();
        sum.backward(retain_graph: true);
        var (first, firstWeight) = (h.grad!.clone(), w.grad!.clone());
        sum.backward();
        Assert.Equal(0, Relative(first * 2, h.grad!));
        Assert.Equal(0, Relative(firstWeight * 2, w.grad!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Logits_of_eighty_stay_finite(bool trainable)
    {
        var h = full([2, 1], 1f).requires_grad_(true);
        var w = linspace(-80, 80, Vocabulary).unsqueeze(1).requires_grad_(trainable);
        var result = SelectedLogProbs.Of(h, w, tensor(new[] { 0L, Vocabulary - 1 }));
        result.sum().backward();
        Assert.InRange(result[0].item<float>(), -160.1, -159.9);
        Assert.True(h.grad!.isfinite().all().item<bool>());
        Assert.True(!trainable || w.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void Statistics_are_those_of_the_whole_distribution_and_change_nothing()
    {
        var (h, w, y) = (Normal(7, Width).requires_grad_(true), Normal(Vocabulary, Width), Targets(7));
        var logits = nn.functional.linear(h, w);
        y[2] = logits[2].argmax();
        var p = logits.softmax(-1);
        foreach (var rows in (ReadOnlySpan<long>)[3, 7])
        {
            var (values, statistics) = SelectedLogProbs.WithStatistics(h, w, y, null, rows, collision: true);
            Assert.InRange(Relative(SelectedLogProbs.Of(h, w, y), values), 0, 1e-15);
            Assert.InRange(Relative(p.square().sum(-1).log(), statistics.Collision!), 0, 1e-13);
            Assert.True(values.requires_grad);
            Assert.False(statistics.Entropy.requires_grad);
            Assert.InRange(Relative(-(p * p.log()).sum(-1), statistics.Entropy), 0, 1e-13);
            Assert.InRange(Relative(logits.mean([-1]), statistics.MeanLogit), 0, 1e-13);
            Assert.Equal(1, statistics.Correct[2].item<double>());
            Assert.Equal(logits.argmax(-1).eq(y).sum().item<long>(), (long)statistics.Correct.sum().item<double>());
        }
    }

    [Fact]
    public void A_likeliest_token_is_told()
    {
        var (h, w, y) = (Normal(7, Width).requires_grad_(true), Normal(Vocabulary, Width), Targets(7));
        var logits = nn.functional.linear(h, w);
        y[2] = logits[2].argmax();
        var (values, likeliest) = SelectedLogProbs.WithLikeliest(h, w, y);
        Assert.InRange(Relative(SelectedLogProbs.Of(h, w, y), values), 0, 1e-15);
        Assert.False(values.requires_grad);
        Assert.Equal(1, likeliest[2].item<double>());
        Assert.Equal(logits.argmax(-1).eq(y).sum().item<long>(), (long)likeliest.sum().item<double>());
    }

    [Fact]
    public void Half_precision_weights_give_single_precision_log_probabilities()
    {
        var (h, w, y) = (Normal(5, Width).bfloat16().requires_grad_(true), Normal(Vocabulary, Width).bfloat16().requires_grad_(true), Targets(5));
        var result = SelectedLogProbs.Of(h, w, y);
        Assert.Equal(ScalarType.Float32, result.dtype);
        result.sum().backward();
        Assert.Equal(ScalarType.BFloat16, w.grad!.dtype);
        Assert.InRange(Relative(Plain(h.to_type(ScalarType.Float64), w.to_type(ScalarType.Float64), y, null), result), 0, 0.02);
    }

    [Fact]
    public void No_positions_are_no_log_probabilities()
    {
        var h = zeros(0, Width).requires_grad_(true);
        var (values, statistics) = SelectedLogProbs.WithStatistics(h, randn(Vocabulary, Width), zeros(0, ScalarType.Int64));
        Assert.Equal(0, values.size(0));
        Assert.Equal(0, statistics.Entropy.size(0));
        values.sum().backward();
    }

    [Fact]
    public void Mistakes_are_one_line_and_reach_no_native_code()
    {
        var (h, w, y) = (zeros(3, Width), zeros(Vocabulary, Width), zeros(3, ScalarType.Int64));
        Action[] mistakes =
        [
            () => SelectedLogProbs.Of(zeros(3, Width + 1), w, y),
            () => SelectedLogProbs.Of(h, w.to_type(ScalarType.Float64), y),
            () => SelectedLogProbs.Of(h, w, zeros(4, ScalarType.Int64)),
            () => SelectedLogProbs.Of(h, w, zeros(3)),
            () => SelectedLogProbs.Of(h, w, y, zeros(3)),
            () => SelectedLogProbs.Of(h, w, tensor(new[] { 0L, Vocabulary, 1 })),
            () => SelectedLogProbs.Of(h, w, tensor(new[] { 0L, -100, 1 })),
        ];
        foreach (var mistake in mistakes)
            Assert.DoesNotContain('\n', Assert.Throws<TensorException>(mistake).Message);
        Assert.Contains("-100", Assert.Throws<TensorException>(mistakes[^1]).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_hundred_calls_leave_no_tensor(bool ofHidden, bool ofWeight)
    {
        var (w, y) = (Normal(Vocabulary, Width).requires_grad_(ofWeight), Targets(5));
        void Call()
        {
            using var inner = NewDisposeScope();
            var h = Normal(5, Width).requires_grad_(ofHidden);
            var (values, statistics) = SelectedLogProbs.WithStatistics(h, w, y, null, 2);
            if (values.requires_grad)
                values.sum().backward();
            w.grad = null;
        }

        Call();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 100; i++)
            Call();
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static Tensor Plain(Tensor h, Tensor w, Tensor y, Tensor? b) =>
        nn.functional.linear(h, w, b).log_softmax(-1).gather(1, y.unsqueeze(1)).squeeze(1);

    private Tensor Normal(params long[] shape) => randn(shape, ScalarType.Float64, generator: random);

    private Tensor Targets(long positions) => randint(Vocabulary, [positions], ScalarType.Int64, generator: random);

    /// <summary>The largest difference as a share of the largest number.</summary>
    private static double Relative(Tensor expected, Tensor actual)
    {
        var e = expected.detach().to_type(ScalarType.Float64);
        return ((e - actual.detach().to_type(ScalarType.Float64)).abs().max() / e.abs().max()).item<double>();
    }
}
