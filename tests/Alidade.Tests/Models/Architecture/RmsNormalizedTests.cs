using Alidade.Models.Architecture;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Architecture;

public sealed class RmsNormalizedTests
{
    [Theory]
    [InlineData("trained gain")]
    [InlineData("frozen gain")]
    [InlineData("no gain")]
    public void Its_gradients_are_those_of_its_steps(string gain)
    {
        using var scope = NewDisposeScope();
        var x = (arange(2 * 3 * 7, ScalarType.Float64) * 0.7).sin().view(2, 3, 7).requires_grad_();
        var w = gain == "no gain" ? null : linspace(0.5, 2, 7, ScalarType.Float64).requires_grad_(gain == "trained gain");
        var direction = (arange(x.numel(), ScalarType.Float64) * 0.3).cos().view_as(x);
        double[][] Of(Func<Tensor> norm)
        {
            x.grad = null;
            if (w is not null)
                w.grad = null;
            var y = norm();
            (y * direction).sum().backward();
            return [y.data<double>().ToArray(), x.grad!.data<double>().ToArray(), w?.grad?.data<double>().ToArray() ?? []];
        }

        var steps = Of(() =>
        {
            var y = x * (x.square().mean([-1], keepdim: true) + 1e-5).rsqrt();
            return w is null ? y : y * w;
        });
        var node = Of(() => RmsNormalized.Of(x, w, 1e-5));
        foreach (var (expected, actual) in steps.Zip(node))
        {
            Assert.Equal(expected.Length, actual.Length);
            Assert.All(expected.Zip(actual), v => Assert.Equal(v.First, v.Second, 1e-14));
        }

        Assert.Equal(gain == "trained gain", node[2].Length > 0);
    }
}
