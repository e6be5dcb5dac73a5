using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>Some tokens of a vocabulary, a bit for each.</summary>
public sealed class TokenSet
{
    private const int Bits = 8;
    private readonly byte[] bits;

    private TokenSet(byte[] bits) => this.bits = bits;

    /// <summary>Whether a token is one of them.</summary>
    /// <param name="id">Its id.</param>
    public bool Contains(int id) => (bits[id / Bits] >> (id % Bits) & 1) != 0;

    /// <summary>Several sets as one tensor, true for their tokens, [sets, vocabulary].</summary>
    /// <param name="sets">At least one; all of one vocabulary.</param>
    /// <param name="vocabulary">Its size.</param>
    /// <param name="device">Where.</param>
    public static Tensor ToTensor(IReadOnlyList<TokenSet> sets, long vocabulary, Device device)
    {
        using var scope = NewDisposeScope();
        var packed = tensor(sets.SelectMany(s => s.bits).ToArray(), [sets.Count, sets[0].bits.Length, 1], device: device);
        var masks = tensor(Enumerable.Range(0, Bits).Select(b => (byte)(1 << b)).ToArray(), device: device);
        return packed.bitwise_and(masks).ne(0).view(sets.Count, -1).narrow(1, 0, vocabulary).MoveToOuterDisposeScope();
    }

    /// <summary>One set for each row.</summary>
    /// <param name="rows">[sets, vocabulary], not 0 for the tokens.</param>
    internal static TokenSet[] Of(Tensor rows)
    {
        using var scope = NewDisposeScope();
        var vocabulary = (int)rows.size(1);
        var values = rows.ne(0).to(ScalarType.Byte).cpu().contiguous().bytes;
        var sets = new TokenSet[rows.size(0)];
        for (var s = 0; s < sets.Length; s++)
        {
            var packed = new byte[(vocabulary + Bits - 1) / Bits];
            var row = values.Slice(s * vocabulary, vocabulary);
            for (var id = 0; id < vocabulary; id++)
                packed[id / Bits] |= (byte)(row[id] << (id % Bits));
            sets[s] = new(packed);
        }

        return sets;
    }

    /// <summary>Takes every other token out of the choice.</summary>
    /// <param name="scores">[vocabulary].</param>
    internal void Mask(Span<float> scores)
    {
        for (var id = 0; id < scores.Length; id++)
            if (!Contains(id))
                scores[id] = float.NegativeInfinity;
    }
}
