using Alidade.Core;
using Alidade.Models.Weights;
using CsCheck;

namespace Alidade.Tests.Models.Weights;

/// <summary>Damaged files: a good one with some bytes changed, and perhaps its end cut off.</summary>
internal static class Damage
{
    /// <summary>More than any small file may cost: what a header claims must never be allocated before it is checked.</summary>
    private const long MostBytes = 8 << 20;

    private static readonly byte[] Extremes = [0, 1, 0x7F, 0x80, 0xFF];

    public static Gen<byte[]> Of(byte[] good) =>
        Gen.Select(
            Gen.Select(Gen.Int[0, good.Length - 1], Gen.OneOf(Gen.Byte, Gen.Int[0, Extremes.Length - 1].Select(i => Extremes[i]))).Array[1, 8],
            Gen.OneOf(Gen.Const(good.Length), Gen.Int[0, good.Length]))
            .Select((changes, length) =>
            {
                var bytes = good.ToArray();
                foreach (var (at, value) in changes)
                    bytes[at] = value;
                return bytes[..length];
            });

    /// <summary>True when the file is refused with one line, or opens and all its tensors can be read; either at a small cost in memory.</summary>
    public static bool Survives<T>(string folder, byte[] bytes, Func<string, T> open)
        where T : IWeightFile
    {
        var path = Path.Combine(folder, "damaged");
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            ReadAll(path, open);
        }
        catch (AlidadeException exception)
        {
            if (exception.Message.AsSpan().ContainsAny('\n', '\r'))
                return false;
        }

        return GC.GetAllocatedBytesForCurrentThread() - before < MostBytes;
    }

    /// <summary>Opens a file and reads every tensor.</summary>
    /// <exception cref="AlidadeException">The file or one of its tensors is refused.</exception>
    public static void ReadAll<T>(string path, Func<string, T> open)
        where T : IWeightFile
    {
        using var file = open(path);
        foreach (var entry in file.Tensors.Values)
        {
            Assert.Equal(entry.Bytes, file.Raw(entry.Name).Length);
            file.ReadFloat32(entry.Name, new float[entry.Count]);
        }
    }
}
