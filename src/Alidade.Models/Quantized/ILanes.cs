namespace Alidade.Models.Quantized;

/// <summary>
/// What <see cref="PackedProduct"/> needs of an instruction set: a lane is one output of the product. The kernel is written once over this and compiled for
/// each set; all sets do the same operations in the same order, so they agree bit for bit.
/// </summary>
/// <typeparam name="TBytes">A vector with four bytes to a lane, read as four codes, two 16-bit sums or one 32-bit number.</typeparam>
/// <typeparam name="TFloats">A vector with one float to a lane.</typeparam>
internal unsafe interface ILanes<TBytes, TFloats>
    where TBytes : unmanaged
    where TFloats : unmanaged
{
    /// <summary>Lanes of a vector, a divisor of <see cref="PackedMatrix.TileRows"/>.</summary>
    static abstract int Count { get; }

    static abstract bool IsSupported { get; }

    static abstract TBytes Load(byte* codes);

    /// <summary>The lower four bits of each byte.</summary>
    static abstract TBytes Low(TBytes codes);

    /// <summary>The upper four bits of each byte.</summary>
    static abstract TBytes High(TBytes codes);

    /// <summary>Four activations in every lane.</summary>
    static abstract TBytes Broadcast(sbyte* activations);

    /// <summary>
    /// Adds the products of four unsigned codes (at most 15) and four signed activations (at most 127 in size) to each lane. Eight such calls fit two 16-bit
    /// sums: 8 · 2 · 15 · 127 = 30,480.
    /// </summary>
    static abstract TBytes Accumulate(TBytes sums, TBytes codes, TBytes activations);

    /// <summary>The sum of each lane as a float, exact.</summary>
    static abstract TFloats Total(TBytes sums);

    /// <summary>Finite 16-bit floats, widened.</summary>
    static abstract TFloats LoadHalf(ushort* values);

    static abstract TFloats Load(float* values);

    static abstract TFloats Broadcast(float value);

    static abstract TFloats Multiply(TFloats a, TFloats b);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract TFloats MultiplyAdd(TFloats a, TFloats b, TFloats c);

    static abstract void Store(TFloats values, float* destination);
}
