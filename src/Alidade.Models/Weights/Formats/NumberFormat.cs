using System.Buffers;
using System.Numerics.Tensors;
using Alidade.Core;

namespace Alidade.Models.Weights.Formats;

/// <summary>
/// How a tensor's numbers are stored: blocks of <paramref name="valuesPerBlock"/> numbers in <paramref name="bytesPerBlock"/> bytes. A plain format has
/// blocks of one number. To add a format, derive from this and enter it in <see cref="GgufFormats"/> or <see cref="SafetensorsFormats"/>.
/// </summary>
/// <param name="name">As the file's specification spells it.</param>
/// <param name="valuesPerBlock">Numbers in a block; rows are whole numbers of blocks.</param>
/// <param name="bytesPerBlock">Bytes in a block.</param>
internal abstract class NumberFormat(string name, int valuesPerBlock, int bytesPerBlock)
{
    public string Name { get; } = name;

    public int ValuesPerBlock { get; } = valuesPerBlock;

    public int BytesPerBlock { get; } = bytesPerBlock;

    /// <summary>True for integers and booleans.</summary>
    public virtual bool IsInteger => false;

    /// <summary>Bytes that hold <paramref name="values"/> numbers, a whole number of blocks; -1 when that is beyond 2⁶³ − 1.</summary>
    public long BytesOf(long values)
    {
        var bytes = (Int128)(values / ValuesPerBlock) * BytesPerBlock;
        return bytes > long.MaxValue ? -1 : (long)bytes;
    }

    /// <summary>
    /// Decodes whole blocks to 32-bit floats, in the order of operations of the format's reference implementation, so that every bit agrees.
    /// </summary>
    public abstract void Decode(ReadOnlySpan<byte> blocks, Span<float> values);

    /// <summary>Decodes whole blocks to 64-bit floats. A format of at most 32-bit floats is decoded to those first, which loses nothing.</summary>
    public virtual void Decode(ReadOnlySpan<byte> blocks, Span<double> values)
    {
        const int Step = 4096;
        var singles = ArrayPool<float>.Shared.Rent(Step);
        for (var done = 0; done < values.Length; done += Step)
        {
            var step = singles.AsSpan(0, Math.Min(Step, values.Length - done));
            Decode(blocks.Slice((int)BytesOf(done), (int)BytesOf(step.Length)), step);
            TensorPrimitives.ConvertChecked<float, double>(step, values[done..]);
        }

        ArrayPool<float>.Shared.Return(singles);
    }

    /// <summary>True when numbers can be stored in this format.</summary>
    public virtual bool CanEncode => false;

    /// <summary>Stores numbers as whole blocks, rounded as the format's reference implementation rounds.</summary>
    public virtual void Encode(ReadOnlySpan<float> values, Span<byte> blocks) => throw new NotSupportedException($"numbers cannot be stored as {Name}");

    /// <summary>Decodes integers.</summary>
    /// <exception cref="OverflowException">A value is beyond a signed 64-bit integer.</exception>
    public virtual void Decode(ReadOnlySpan<byte> blocks, Span<long> values) => throw new NotSupportedException($"{Name} holds no integers");

    /// <exception cref="NotBuiltException">The format's layout is known but there is no decoder for it.</exception>
    public virtual void ThrowIfNotBuilt(string where)
    {
    }
}

/// <summary>A format whose layout is known, so that a file with it can be checked and described, but which has no decoder yet.</summary>
/// <param name="built">The formats that have one.</param>
internal sealed class FormatNotBuilt(string name, int valuesPerBlock, int bytesPerBlock, Func<IEnumerable<string>> built)
    : NumberFormat(name, valuesPerBlock, bytesPerBlock)
{
    public override void Decode(ReadOnlySpan<byte> blocks, Span<float> values) => ThrowIfNotBuilt("a tensor");

    public override void ThrowIfNotBuilt(string where) =>
        throw new NotBuiltException($"{where} has the format {Name}; the formats read are {string.Join(", ", built())}");
}
