using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Quantized;

/// <summary>
/// Rows of activations as signed bytes, a scale to each block of 32: x ≈ δ·q with δ = max|x| / 127 and q = x/δ rounded to the nearest, so |x − δq| ≤ δ/2.
/// The buffer is reused from call to call.
/// </summary>
/// <remarks>
/// Rows go in groups of <see cref="GroupRows"/>; in a group the blocks follow each other, and in a block the rows, which is the order of
/// <see cref="PackedProduct"/>. A block whose largest number is below 10⁻³⁵ is taken as zero.
/// </remarks>
internal sealed unsafe class QuantizedActivations : IDisposable
{
    /// <summary>Rows that a block of weights is unpacked for once.</summary>
    public const int GroupRows = 32;

    private const float Smallest = 1e-35f;
    private nuint capacity;
    private byte* memory;

    ~QuantizedActivations() => NativeMemory.AlignedFree(memory);

    /// <summary>Rows held.</summary>
    public int Rows { get; private set; }

    /// <summary>Numbers in a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Groups of rows.</summary>
    public int Groups => (Rows + GroupRows - 1) / GroupRows;

    /// <summary>Blocks of a row.</summary>
    public int Blocks => Columns / BlockLayout.Values;

    /// <summary>Rows of a block in memory: a group's own number.</summary>
    public int Stride => Math.Min(Rows, GroupRows);

    /// <summary>The codes of a group, 32 for each row of each block.</summary>
    public sbyte* Codes(int group) => (sbyte*)memory + (Place(group, 0, 0) * BlockLayout.Values);

    /// <summary>The scales δ of a group.</summary>
    public float* Scales(int group) => (float*)(memory + (Places * BlockLayout.Values)) + Place(group, 0, 0);

    /// <summary>δ·Σq of a group: the sums of the blocks as they are rounded, which minimums multiply.</summary>
    public float* Sums(int group) => Scales(group) + Places;

    private long Places => Place(Groups, 0, 0);

    /// <summary>Makes room for rows; <see cref="Quantize"/> fills them.</summary>
    public void Reset(int rows, int columns)
    {
        (Rows, Columns) = (rows, columns);
        var bytes = (nuint)Places * (BlockLayout.Values + (2 * sizeof(float)));
        if (bytes <= capacity)
            return;
        NativeMemory.AlignedFree(memory);
        memory = null;
        capacity = 0;
        memory = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
        capacity = bytes;
    }

    /// <summary>Rounds one row.</summary>
    /// <param name="row">Its number.</param>
    /// <param name="x">Its numbers.</param>
    public void Quantize(int row, ReadOnlySpan<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, Columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows);
        var (group, inGroup) = (row / GroupRows, row % GroupRows);
        fixed (float* first = x)
        {
            for (var block = 0; block < Blocks; block++)
            {
                var place = Place(group, block, inGroup);
                var (scale, sum) = Block(first + (block * BlockLayout.Values), (sbyte*)memory + (place * BlockLayout.Values));
                Scales(0)[place] = scale;
                Sums(0)[place] = sum;
            }
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        capacity = 0;
        GC.SuppressFinalize(this);
    }

    private long Place(int group, int block, int row) => ((((long)group * Blocks) + block) * Stride) + row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (float Scale, float Sum) Block(float* x, sbyte* codes)
    {
        var (a, b, c, d) = (Vector256.Load(x), Vector256.Load(x + 8), Vector256.Load(x + 16), Vector256.Load(x + 24));
        // Max lets a NaN through, so that it spoils the result and does not vanish in it.
        var largest = Vector256.Max(Vector256.Max(Vector256.Abs(a), Vector256.Abs(b)), Vector256.Max(Vector256.Abs(c), Vector256.Abs(d)));
        var four = Vector128.Max(largest.GetLower(), largest.GetUpper());
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        var max = Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
        if (max < Smallest)
        {
            new Span<sbyte>(codes, BlockLayout.Values).Clear();
            return (0, 0);
        }

        var inverse = Vector256.Create(127 / max);
        var (ia, ib) = (Rounded(a * inverse), Rounded(b * inverse));
        var (ic, id) = (Rounded(c * inverse), Rounded(d * inverse));
        Vector256.Narrow(Vector256.Narrow(ia, ib), Vector256.Narrow(ic, id)).Store(codes);
        var scale = max / 127;
        return (scale, scale * Vector256.Sum((ia + ib) + (ic + id)));
    }

    private static Vector256<int> Rounded(Vector256<float> x) => Vector256.ConvertToInt32(Vector256.Round(x));
}
