using Alidade.Core.Statistics;
using Alidade.Models.Quantized;
using Alidade.Models.Weights.Formats;

namespace Alidade.Tests.Models.Quantized;

/// <summary>Random blocks of a format, and what they stand for.</summary>
internal static class MadeBlocks
{
    /// <summary>Blocks with every code random; scales up to ±0.05 and minimums up to ±0.4, unless <paramref name="scale"/> says.</summary>
    public static byte[] Of(string format, int rows, int columns, ulong seed, Func<int, int, float>? scale = null)
    {
        var layout = BlockLayout.Of(format)!;
        var random = new SeededRandom(seed);
        var perRow = columns / BlockLayout.Values;
        var blocks = new byte[rows * perRow * layout.Bytes];
        for (var i = 0; i < blocks.Length; i++)
            blocks[i] = (byte)random.NextInt(256);
        for (var block = 0; block < rows * perRow; block++)
        {
            var at = blocks.AsSpan(block * layout.Bytes);
            BitConverter.TryWriteBytes(at, (Half)(scale?.Invoke(block / perRow, block % perRow) ?? (float)(random.NextDouble() - 0.5) / 10));
            if (layout.HasMinimum)
                BitConverter.TryWriteBytes(at[2..], (Half)(float)((random.NextDouble() - 0.5) * 0.8));
        }

        return blocks;
    }

    /// <summary>The blocks as a matrix.</summary>
    public static PackedMatrix Pack(string format, int rows, int columns, byte[] blocks, string where = "test")
    {
        var perRow = columns / BlockLayout.Values * BlockLayout.Of(format)!.Bytes;
        return PackedMatrix.Pack(format, rows, columns, row => blocks.AsSpan(row * perRow, perRow), where);
    }

    /// <summary>The rows that the blocks stand for.</summary>
    public static float[][] Decoded(string format, byte[] blocks, int rows, int columns)
    {
        var values = new float[rows * columns];
        GgufFormats.ByType.Values.First(f => f.Name == format).Decode(blocks, values);
        return [.. values.Chunk(columns)];
    }

    /// <summary>Normal activations, one in fifty an outlier, one block of zeros.</summary>
    public static float[][] Activations(int rows, int columns, ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, rows).Select(row => Enumerable.Range(0, columns)
            .Select(i => row == 1 && i < 32 ? 0f : (float)(random.NextNormal() * (random.NextInt(50) == 0 ? 20 : 1))).ToArray())];
    }
}
