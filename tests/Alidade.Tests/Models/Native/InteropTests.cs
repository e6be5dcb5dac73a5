using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Native;

/// <summary>Each fused operation equals the same operation composed of TorchSharp's, forward and backward.</summary>
public sealed class InteropTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Generator random = new(7);

    public void Dispose()
    {
        random.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void The_c_interface_is_there() => Assert.NotNull(StableAbi.Current);

    public static TheoryData<int, int, int, int, string, double> Attentions => new()
    {
        { 6, 6, 9, 9, "none", 0 },
        { 6, 2, 9, 9, "causal", 0 },
        { 6, 2, 9, 9, "causal", 0.3 },
        { 9, 3, 5, 12, "bool", 0 },
        { 9, 3, 5, 12, "added", 0.7 },
        { 4, 1, 1, 33, "none", 0.2 },
    };

    [Theory]
    [MemberData(nameof(Attentions))]
    public void Attention_equals_the_composed_one(int heads, int keyHeads, int queries, int keys, string masking, double scale)
    {
        var (q, k, v) = (Input(2, heads, queries, 8), Input(2, keyHeads, keys, 8), Input(2, keyHeads, keys, 8));
        var visible = rand([2, 1, queries, keys], ScalarType.Float32, generator: random).gt(0.3);
        visible.narrow(3, 0, 1).fill_(true);
        var mask = masking == "bool" ? visible : masking == "added" ? where(visible, zeros(1), full(1, -3.0)) : null;
        double? factor = scale == 0 ? null : scale;
        var gqa = heads != keyHeads;
        AssertEqual(
            () => Interop.ScaledDotProductAttention(q, k, v, mask, masking == "causal", factor, gqa),
            () => Composed.ScaledDotProductAttention(q, k, v, mask, masking == "causal", factor, gqa),
            2e-6, q, k, v);
    }

    [Fact]
    public void Attention_equals_its_formula()
    {
        var (q, k, v) = (Input(1, 4, 5, 8), Input(1, 2, 5, 8), Input(1, 2, 5, 8));
        var scores = q.matmul(k.repeat_interleave(2, dim: 1).transpose(-1, -2)).mul(0.4) + full([5, 5], double.NegativeInfinity).triu(1);
        var expected = scores.softmax(-1).matmul(v.repeat_interleave(2, dim: 1));
        Assert.InRange(Difference(expected, Interop.ScaledDotProductAttention(q, k, v, null, true, 0.4, true)), 0, 1e-6);
    }

    [Fact]
    public void Rms_norm_equals_the_composed_one()
    {
        var (x, weight) = (Input(3, 7, 24), Input(24));
        AssertEqual(() => Interop.RmsNorm(x, weight, 1e-5), () => Composed.RmsNorm(x, weight, 1e-5), 1e-6, x, weight);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-7)]
    [InlineData(ScalarType.Float64, 1e-15)]
    public void Fused_adamw_takes_the_composed_steps(ScalarType type, double tolerance)
    {
        var fused = new State(type);
        var composed = new State(type);
        for (var update = 0; update < 5; update++)
        {
            var gradients = fused.Parameters.Select(p => randn(p.shape, type, generator: random)).ToList();
            Interop.FusedAdamW(fused.Parameters, gradients, fused.First, fused.Second, fused.Steps, 0.01, 0.9, 0.95, 0.1, 1e-8);
            Composed.AdamW(composed.Parameters, gradients, composed.First, composed.Second, composed.Steps, 0.01, 0.9, 0.95, 0.1, 1e-8);
        }

        foreach (var (a, b) in fused.All.Zip(composed.All))
            Assert.InRange(Difference(a, b), 0, tolerance);
        Assert.Equal(5, fused.Steps[0].item<float>());
    }

    [Fact]
    public void A_transposed_gradient_moves_the_right_weights()
    {
        var (plain, transposed) = (new State(ScalarType.Float32), new State(ScalarType.Float32));
        var gradients = plain.Parameters.Select(p => randn(p.shape, generator: random)).ToList();
        Interop.FusedAdamW(plain.Parameters, gradients, plain.First, plain.Second, plain.Steps, 0.01, 0.9, 0.95, 0.1, 1e-8);
        var turned = gradients.Select(g => g.dim() == 2 ? g.t().contiguous().t() : g).ToList();
        Assert.False(turned[0].is_contiguous());
        Interop.FusedAdamW(transposed.Parameters, turned, transposed.First, transposed.Second, transposed.Steps, 0.01, 0.9, 0.95, 0.1, 1e-8);
        foreach (var (a, b) in plain.All.Zip(transposed.All))
            Assert.Equal(0, Difference(a, b));
    }

    [Fact]
    public void A_view_as_another_type_shares_memory_and_bits()
    {
        var numbers = tensor(new float[] { 1, -2.5f, 3, 0 }).reshape(2, 2);
        var bytes = Interop.ViewDtype(numbers, ScalarType.Byte);
        Assert.Equal([2, 8], bytes.shape);
        var halves = Interop.ViewDtype(bytes, ScalarType.BFloat16);
        Assert.Equal([2, 4], halves.shape);
        Assert.Equal(-2.5f, halves[0, 3].to_type(ScalarType.Float32).item<float>());
        numbers.fill_(7);
        Assert.Equal(7, Interop.ViewDtype(halves, ScalarType.Float32)[1, 1].item<float>());
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_one_line_and_reach_no_native_code()
    {
        var q = zeros(1, 4, 5, 8);
        Action[] mistakes =
        [
            () => Interop.ScaledDotProductAttention(q, zeros(1, 2, 5, 8), zeros(1, 2, 5, 8)),
            () => Interop.ScaledDotProductAttention(q, zeros(1, 3, 5, 8), zeros(1, 3, 5, 8), enableGqa: true),
            () => Interop.ScaledDotProductAttention(q, zeros(1, 4, 6, 8), zeros(1, 4, 5, 8)),
            () => Interop.ScaledDotProductAttention(q, q, q, zeros(4, 5)),
            () => Interop.ScaledDotProductAttention(q, q, q, zeros(5, 5), isCausal: true),
            () => Interop.ScaledDotProductAttention(q, q, q, zeros([5, 5], ScalarType.Int64)),
            () => Interop.RmsNorm(zeros(2, 5), zeros(4), 1e-5),
            () => Interop.FusedAdamW([zeros(2)], [zeros(3)], [zeros(2)], [zeros(2)], [zeros([])], 1, 0.9, 0.9, 0, 1e-8),
            () => Interop.FusedAdamW([zeros(2)], [], [zeros(2)], [zeros(2)], [zeros([])], 1, 0.9, 0.9, 0, 1e-8),
            () => Interop.ViewDtype(zeros(2, 3), ScalarType.Float64),
        ];
        foreach (var mistake in mistakes)
            Assert.DoesNotContain('\n', Assert.Throws<TensorException>(mistake).Message);
    }

    [Fact]
    public void A_hundred_calls_leave_no_tensor()
    {
        void Call()
        {
            using var inner = NewDisposeScope();
            var (q, k, x, weight) = (Input(1, 4, 5, 8), Input(1, 2, 5, 8), Input(3, 8), Input(8));
            Interop.ScaledDotProductAttention(q, k, k, null, true, 0.2, true).sum().backward();
            Interop.RmsNorm(x, weight, 1e-5).sum().backward();
            Interop.ViewDtype(x.detach(), ScalarType.Byte);
            var state = new State(ScalarType.Float32);
            Interop.FusedAdamW(state.Parameters, state.First, state.First, state.Second, state.Steps, 0.01, 0.9, 0.95, 0.1, 1e-8);
        }

        Call();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 100; i++)
            Call();
        Assert.Equal(before, Tensor.TotalCount);
    }

    private Tensor Input(params long[] shape) => randn(shape, generator: random).requires_grad_(true);

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().to_type(ScalarType.Float64).item<double>();

    private static void AssertEqual(Func<Tensor> left, Func<Tensor> right, double tolerance, params Tensor[] inputs)
    {
        var (a, b) = (left(), right());
        Assert.InRange(Difference(a, b), 0, tolerance);
        var weights = randn_like(a);
        var gradients = autograd.grad([(a * weights).sum()], inputs);
        var expected = autograd.grad([(b * weights).sum()], inputs);
        foreach (var (g, e) in gradients.Zip(expected))
            Assert.InRange(Difference(g, e), 0, 10 * tolerance);
    }

    private sealed class State
    {
        public State(ScalarType type)
        {
            using var same = new Generator(3);
            Parameters = [randn([3, 4], type, generator: same), randn([5], type, generator: same)];
            First = [.. Parameters.Select(p => zeros_like(p))];
            Second = [.. Parameters.Select(p => zeros_like(p))];
            Steps = [.. Parameters.Select(_ => zeros([], ScalarType.Float32))];
        }

        public List<Tensor> Parameters { get; }

        public List<Tensor> First { get; }

        public List<Tensor> Second { get; }

        public List<Tensor> Steps { get; }

        public IEnumerable<Tensor> All => [.. Parameters, .. First, .. Second];
    }
}
