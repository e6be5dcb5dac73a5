using Alidade.Models.Architecture;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Architecture;

public sealed class RotaryTests
{
    [Theory]
    [InlineData(RotaryPairs.Halves, 8)]
    [InlineData(RotaryPairs.Halves, 4)]
    [InlineData(RotaryPairs.Neighbours, 8)]
    [InlineData(RotaryPairs.Neighbours, 4)]
    public void Pairs_are_turned_by_their_angles_and_gradients_are_turned_back(RotaryPairs pairs, int dimensions)
    {
        const int Size = 8, Positions = 5;
        using var scope = NewDisposeScope();
        var config = new RotaryConfig { Dimensions = dimensions, Pairs = pairs, Theta = 100 };
        var x = (arange(2 * Positions * 3 * Size, ScalarType.Float64) * 0.7).sin().view(2, Positions, 3, Size).requires_grad_();
        var positions = arange(Positions).expand(2, -1);
        var direction = (arange(x.numel(), ScalarType.Float64) * 0.3).cos().view_as(x);
        Tensor y;
        using (var rotary = new Rotary(config, Size, positions, Positions, ScalarType.Float64))
        {
            y = rotary.Turn(x);
            using (no_grad())
                Assert.Equal(y.data<double>().ToArray(), rotary.Turn(x).data<double>().ToArray());
        }

        // The tables are gone by now, as after a forward pass.
        (y * direction).sum().backward();
        var (turned, back) = (Expected(x.detach(), +1), Expected(direction, -1));
        Assert.Equal(0, (y - turned).abs().max().item<double>(), 1e-6);
        Assert.Equal(0, (x.grad! - back).abs().max().item<double>(), 1e-6);

        // Pair by pair, from the definition; the angles are rounded to float32, as the references round them.
        Tensor Expected(Tensor values, int sign)
        {
            var result = values.clone();
            for (var p = 0; p < Positions; p++)
                for (var i = 0; i < dimensions / 2; i++)
                {
                    var (first, second) = pairs == RotaryPairs.Neighbours ? (2 * i, (2 * i) + 1) : (i, i + (dimensions / 2));
                    var angle = sign * p * Math.Pow(100, -2.0 * i / dimensions);
                    var (a, b) = (values[.., p, .., first], values[.., p, .., second]);
                    result[.., p, .., first] = (a * Math.Cos(angle)) - (b * Math.Sin(angle));
                    result[.., p, .., second] = (b * Math.Cos(angle)) + (a * Math.Sin(angle));
                }

            return result;
        }
    }
}
