using System.Buffers.Binary;
using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>SentencePiece's compiled normalisation: a map from texts to texts, which is looked up for each grapheme, then for each of its characters.</summary>
/// <remarks>
/// The map is a double-array trie (darts-clone) and behind it the texts, each ended by a zero. As in the reference, a grapheme of up to five bytes is
/// looked up as a whole, and the shortest entry that begins it replaces all of it.
/// </remarks>
internal sealed class PrecompiledNormalizer : INormalizer
{
    private const int LongestWholeGrapheme = 5;

    private readonly uint[] trie;
    private readonly byte[] texts;
    private readonly string where;
    private readonly List<int>?[] ascii;

    /// <summary>Reads the map.</summary>
    /// <param name="map">The map's bytes: the trie's length in bytes (4 bytes, little-endian), the trie, the texts.</param>
    /// <param name="where">File and field, for messages.</param>
    /// <exception cref="AlidadeException">The trie does not fit into the map.</exception>
    public PrecompiledNormalizer(ReadOnlySpan<byte> map, string where)
    {
        this.where = where;
        var length = map.Length >= 4 ? BinaryPrimitives.ReadUInt32LittleEndian(map) : uint.MaxValue;
        if (length > map.Length - 4 || length % 4 != 0 || length == 0)
            throw new AlidadeException($"{where} is malformed: its trie of {length} bytes does not fit into a map of {map.Length}");
        trie = new uint[length / 4];
        for (var i = 0; i < trie.Length; i++)
            trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + 4 * i)..]);
        texts = map[(4 + (int)length)..].ToArray();
        ascii = [.. Enumerable.Range(0, 128).Select(c => Find([(byte)c]))];
    }

    /// <summary>Reads the field <c>precompiled_charsmap</c>.</summary>
    public static PrecompiledNormalizer Read(JsonField field)
    {
        var map = field["precompiled_charsmap"];
        try
        {
            return new(Convert.FromBase64String(map.Text), map.Where);
        }
        catch (FormatException)
        {
            throw map.Wrong("a map in base64");
        }
    }

    /// <inheritdoc/>
    public AlignedText Normalize(AlignedText text)
    {
        var all = text.Text;
        if (IsUnchanged(all))
            return text;
        var changed = new List<(int CodePoint, int Change)>(all.Length);
        var modified = false;
        Span<byte> bytes = stackalloc byte[LongestWholeGrapheme];
        for (int start = 0, length; start < all.Length; start += length)
        {
            length = GraphemeLength(all, start);
            if (length == 1 && all[start] < 128 && ascii[all[start]] is null)
            {
                changed.Add((all[start], 0));
                continue;
            }

            var grapheme = all.AsSpan(start, length);
            if (length <= LongestWholeGrapheme && System.Text.Encoding.UTF8.TryGetBytes(grapheme, bytes, out var count) && Find(bytes[..count]) is { } whole)
            {
                Replace(grapheme, whole, changed);
                modified = true;
                continue;
            }

            for (int i = 0, size; i < length; i += size)
            {
                size = CodePoints.LengthAt(grapheme, i);
                var c = CodePoints.At(grapheme, i);
                if (Find(bytes[..ByteAlphabet.Encode(c, bytes)]) is { } single)
                {
                    Replace(grapheme.Slice(i, size), single, changed);
                    modified = true;
                }
                else
                {
                    changed.Add((c, 0));
                }
            }
        }

        if (!modified)
            return text;
        var builder = new AlignedText.Builder(text);
        foreach (var (codePoint, change) in changed)
            builder.Put(codePoint, change);
        return builder.Build();
    }

    // ASCII characters are graphemes of their own, but for a line end of two.
    private bool IsUnchanged(string text)
    {
        foreach (var c in text)
            if (c >= 128 || c == '\r' || ascii[c] is not null)
                return false;
        return true;
    }

    private static int GraphemeLength(string text, int start) =>
        text[start] < 128 && text[start] != '\r' && (start + 1 == text.Length || text[start + 1] < 128) ? 1
        : StringInfo.GetNextTextElementLength(text.AsSpan(start));

    // New characters stand in the place of old ones; what is more is inserted behind, what is less goes with the last.
    private static void Replace(ReadOnlySpan<char> old, List<int> replacement, List<(int CodePoint, int Change)> output)
    {
        var more = replacement.Count;
        for (var i = 0; i < old.Length; i += CodePoints.LengthAt(old, i))
            more--;
        for (var i = 0; i < replacement.Count; i++)
            output.Add((replacement[i], i >= replacement.Count - more ? 1 : 0));
        if (more < 0 && output.Count > 0)
            output[^1] = (output[^1].CodePoint, output[^1].Change + more);
    }

    // The text behind the shortest entry that begins the key; null when there is none.
    private List<int>? Find(ReadOnlySpan<byte> key)
    {
        var node = Offset(trie[0]);
        foreach (var b in key)
        {
            if (b == 0)
                return null;
            node ^= b;
            if (node >= trie.Length)
                throw Broken();
            var unit = trie[node];
            if ((unit & 0x800000FF) != b)
                return null;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) != 0)
                return node < trie.Length ? TextAt(trie[node] & int.MaxValue) : throw Broken();
        }

        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 1 << 9) >> 6);

    private List<int> TextAt(uint start)
    {
        if (start > texts.Length)
            throw Broken();
        var text = texts.AsSpan((int)start);
        var end = text.IndexOf((byte)0);
        return CodePoints.Of(System.Text.Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
    }

    private AlidadeException Broken() => new($"{where} is malformed: its trie points outside the map");
}
