using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models.Quantized;

namespace Alidade.Tests.Models.Quantized;

public sealed class PackedProductTests
{
    /// <summary>Formats, and shapes with a last tile that is not full, one block, one row, and more rows than a group.</summary>
    public static TheoryData<string, int, int, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int, int, int>();
            foreach (var format in BlockLayout.Formats)
                foreach (var (rows, columns, inputs) in new[] { (1, 32, 1), (50, 96, 1), (16, 64, 3), (50, 96, 16), (33, 576, 35), (17, 1536, 70) })
                    data.Add(format, rows, columns, inputs);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decoded_rows_are_those_of_the_format_bit_for_bit(string format, int rows, int columns, int inputs)
    {
        var blocks = MadeBlocks.Of(format, rows, columns, (ulong)inputs);
        using var packed = MadeBlocks.Pack(format, rows, columns, blocks);
        var values = new float[columns];
        var expected = MadeBlocks.Decoded(format, blocks, rows, columns);
        for (var row = 0; row < rows; row++)
        {
            packed.Decode(row, values);
            Assert.Equal(expected[row], values);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_product_differs_from_the_decoded_one_by_no_more_than_its_rounding(string format, int rows, int columns, int inputs)
    {
        var blocks = MadeBlocks.Of(format, rows, columns, 7);
        using var packed = MadeBlocks.Pack(format, rows, columns, blocks);
        var weights = MadeBlocks.Decoded(format, blocks, rows, columns);
        var x = MadeBlocks.Activations(inputs, columns, 8);
        var y = Multiply(packed, x, PackedProduct.Best);
        for (var input = 0; input < inputs; input++)
        {
            for (var row = 0; row < rows; row++)
            {
                var exact = 0.0;
                for (var i = 0; i < columns; i++)
                    exact += (double)weights[row][i] * x[input][i];
                Assert.InRange(y[input][row] - exact, -Bound(weights[row], x[input]), Bound(weights[row], x[input]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_instruction_set_gives_the_same_bits(string format, int rows, int columns, int inputs)
    {
        using var packed = MadeBlocks.Pack(format, rows, columns, MadeBlocks.Of(format, rows, columns, 9));
        var x = MadeBlocks.Activations(inputs, columns, 10);
        var first = Multiply(packed, x, InstructionSet.Scalar);
        foreach (var set in PackedProduct.Supported)
            Assert.Equal(first, Multiply(packed, x, set));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_does_not_depend_on_the_rows_beside_it(string format, int rows, int columns, int inputs)
    {
        using var packed = MadeBlocks.Pack(format, rows, columns, MadeBlocks.Of(format, rows, columns, 11));
        var x = MadeBlocks.Activations(inputs, columns, 12);
        var together = Multiply(packed, x, PackedProduct.Best);
        for (var input = 0; input < inputs; input++)
            Assert.Equal(together[input], Multiply(packed, [x[input]], PackedProduct.Best)[0]);
    }

    [Fact]
    public void Activations_that_bytes_can_hold_give_the_exact_product()
    {
        // Weights and activations are small integers, the largest activation of a block is 127.
        var blocks = MadeBlocks.Of("Q8_0", 40, 64, 13, static (_, _) => 1);
        using var packed = MadeBlocks.Pack("Q8_0", 40, 64, blocks);
        var weights = MadeBlocks.Decoded("Q8_0", blocks, 40, 64);
        var random = new SeededRandom(14);
        float[] x = [.. Enumerable.Range(0, 64).Select(i => i % 32 == 5 ? 127f : random.NextInt(255) - 127f)];
        Assert.Equal(weights.Select(w => w.Zip(x, (a, b) => a * b).Sum()), Multiply(packed, [x], PackedProduct.Best)[0]);
    }

    [Fact]
    public void What_is_not_a_number_does_not_vanish()
    {
        using var packed = MadeBlocks.Pack("Q4_1", 16, 64, MadeBlocks.Of("Q4_1", 16, 64, 16));
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity })
        {
            var x = new float[64];
            x[40] = bad;
            Assert.All(Multiply(packed, [x], PackedProduct.Best)[0], y => Assert.False(float.IsFinite(y)));
        }
    }

    [Theory]
    [InlineData("Q4_1")]
    [InlineData("Q8_0")]
    public void A_scale_that_is_not_finite_is_an_error_that_names_the_tensor(string format)
    {
        var blocks = MadeBlocks.Of(format, 16, 64, 17, static (row, block) => row == 9 && block == 1 ? float.PositiveInfinity : 0.5f);
        var error = Assert.Throws<AlidadeException>(() => MadeBlocks.Pack(format, 16, 64, blocks, "model.gguf: tensor 'blk.0.attn_q.weight'"));
        Assert.Contains("blk.0.attn_q.weight", error.Message, StringComparison.Ordinal);
    }

    private static unsafe float[][] Multiply(PackedMatrix weights, float[][] x, InstructionSet set)
    {
        using var activations = new QuantizedActivations();
        activations.Reset(x.Length, weights.Columns);
        for (var row = 0; row < x.Length; row++)
            activations.Quantize(row, x[row]);
        var y = new float[x.Length * weights.Rows];
        fixed (float* first = y)
            PackedProduct.Tiles(weights, activations, first, weights.Rows, 0, weights.Tiles, set);
        return [.. y.Chunk(weights.Rows)];
    }

    // The remarks of PackedProduct; the terms of a sum are larger than the weights by the offset or the minimum, at most fourfold here.
    private static double Bound(float[] weights, float[] x)
    {
        const double Unit = 1.0 / (1 << 24);
        double bound = 0, terms = 0;
        for (var block = 0; block < weights.Length / 32; block++)
        {
            var w = weights.AsSpan(block * 32, 32);
            var a = x.AsSpan(block * 32, 32);
            double largest = 0, sum = 0, spread = 0;
            foreach (var value in a)
                largest = Math.Max(largest, Math.Abs(value));
            foreach (var value in w)
                (sum, spread) = (sum + Math.Abs(value), Math.Max(spread, Math.Abs(value)));
            bound += largest / 127 / 2 * sum;
            terms += largest * 32 * spread * 4;
        }

        return (bound * (1 + 1e-6)) + (terms * Unit * ((3 * weights.Length / 32) + 2));
    }
}
