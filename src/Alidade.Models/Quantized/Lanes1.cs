namespace Alidade.Models.Quantized;

/// <summary>One lane, without vector instructions: correct on every processor, fast on none.</summary>
internal readonly unsafe struct Lanes1 : ILanes<uint, float>
{
    public static int Count => 1;

    public static bool IsSupported => true;

    public static uint Load(byte* codes) => *(uint*)codes;

    public static uint Low(uint codes) => codes & 0x0F0F0F0F;

    public static uint High(uint codes) => (codes >> 4) & 0x0F0F0F0F;

    public static uint Broadcast(sbyte* activations) => *(uint*)activations;

    public static uint Accumulate(uint sums, uint codes, uint activations)
    {
        var first = (short)sums + Product(codes, activations, 0) + Product(codes, activations, 8);
        var second = (short)(sums >> 16) + Product(codes, activations, 16) + Product(codes, activations, 24);
        return (ushort)first | ((uint)second << 16);
    }

    public static float Total(uint sums) => (short)sums + (short)(sums >> 16);

    public static float LoadHalf(ushort* values) => (float)BitConverter.UInt16BitsToHalf(*values);

    public static float Load(float* values) => *values;

    public static float Broadcast(float value) => value;

    public static float Multiply(float a, float b) => a * b;

    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    public static void Store(float values, float* destination) => *destination = values;

    private static int Product(uint codes, uint activations, int bit) => (byte)(codes >> bit) * (sbyte)(activations >> bit);
}
