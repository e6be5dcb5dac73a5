using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Alidade.Tests.Fuzz;

/// <summary>Changes bytes and texts at random, with a liking for what breaks readers: extreme numbers, cut ends, repeated blocks, deep nesting.</summary>
internal static partial class Mutation
{
    private static readonly long[] Extremes =
    [
        0, 1, 2, 7, 8, 31, 32, 33, 127, 128, 255, 256, 65535, 65536, 1 << 20, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 32, 1L << 53, long.MaxValue - 7, long.MaxValue, long.MinValue, -1, -2,
    ];

    /// <summary>Numbers as a text format writes them.</summary>
    public static readonly string[] Numbers =
        ["0", "-0", "1", "-1", "2", "3", "0.5", "255", "65536", "2147483647", "2147483648", "-2147483648", "4294967296", "9007199254740993", "9223372036854775807", "18446744073709551616", "1e5", "1e308", "1e999", "1e-320", "01", "NaN"];

    public static T One<T>(this Random random, IReadOnlyList<T> of) => of[random.Next(of.Count)];

    public static bool Chance(this Random random, double probability) => random.NextDouble() < probability;

    public static long Extreme(this Random random) => random.One(Extremes);

    /// <summary>One to four edits of bytes.</summary>
    public static byte[] Bytes(Random random, byte[] bytes)
    {
        for (var edits = random.Next(1, 5); edits > 0; edits--)
            bytes = Edit(random, bytes);
        return bytes;
    }

    /// <summary>One to four edits of tokens.</summary>
    /// <param name="random">What decides.</param>
    /// <param name="text">The text.</param>
    /// <param name="words">Words of its format.</param>
    public static string Text(Random random, string text, IReadOnlyList<string> words)
    {
        var tokens = Token().Matches(text).Select(m => m.Value).ToList();
        for (var edits = random.Next(1, 5); edits > 0; edits--)
            Edit(random, tokens, words);
        return string.Concat(tokens);
    }

    private static byte[] Edit(Random random, byte[] bytes)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        var at = random.Next(bytes.Length);
        var length = Math.Min(bytes.Length - at, 1 + (int)Math.Pow(2, 9 * random.NextDouble()));
        var changed = bytes.ToArray();
        switch (random.Next(8))
        {
            case 0:
                changed[at] ^= (byte)(1 << random.Next(8));
                return changed;
            case 1:
                changed[at] = (byte)random.Extreme();
                return changed;
            case 2 or 3:
                var number = random.Extreme();
                Span<byte> little = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(little, number);
                little[..Math.Min(bytes.Length - at, random.One([2, 4, 8, 8]))].CopyTo(changed.AsSpan(at));
                return changed;
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 6:
                var copies = random.Chance(0.05) ? 100 : 1;
                return [.. bytes[..at], .. Enumerable.Repeat(bytes[at..(at + length)], copies).SelectMany(b => b), .. bytes[at..]];
            default:
                bytes.AsSpan(random.Next(bytes.Length - length + 1), length).CopyTo(changed.AsSpan(at));
                return changed;
        }
    }

    private static void Edit(Random random, List<string> tokens, IReadOnlyList<string> words)
    {
        if (tokens.Count == 0)
            tokens.Add(random.One(words));
        var at = random.Next(tokens.Count);
        var length = Math.Min(tokens.Count - at, 1 + (int)Math.Pow(2, 5 * random.NextDouble()));
        switch (random.Next(9))
        {
            case 0:
                tokens[at] = random.One(words);
                break;
            case 1:
                tokens.Insert(at, random.One(words));
                break;
            case 2:
                tokens.RemoveRange(at, random.Chance(0.5) ? 1 : length);
                break;
            case 3:
                tokens.InsertRange(random.Next(tokens.Count), tokens.GetRange(at, length));
                break;
            case 4:
                var other = random.Next(tokens.Count);
                (tokens[at], tokens[other]) = (tokens[other], tokens[at]);
                break;
            case 5:
                var numbers = Enumerable.Range(0, tokens.Count).Where(i => tokens[i] is [>= '0' and <= '9', ..]).ToList();
                tokens[numbers.Count > 0 ? random.One(numbers) : at] = random.One(Numbers);
                break;
            case 6:
                tokens[at] = random.One(["\\ud800", "\\u0000", "\0", "\u00e9", "\U0001F600", "\u2028", "\n", "\\n", "\"", "'", "e\u0301", "\ufeff"]);
                break;
            case 7:
                var inner = tokens[at];
                var depth = random.One([2, 10, 70, 300, 20_000]);
                var (open, close) = random.One([("[", "]"), ("(", ")"), ("{\"a\":", "}"), ("-", ""), ("not ", ""), ("{", "}")]);
                tokens[at] = string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, random.Chance(0.8) ? depth : 0));
                break;
            default:
                var times = random.Chance(0.1) ? 1_000 : random.Next(2, 12);
                var part = string.Concat(tokens.GetRange(at, length));
                tokens.Insert(at, string.Concat(Enumerable.Repeat(part, Math.Min(times, 1 + 200_000 / Math.Max(1, part.Length)))));
                break;
        }
    }

    public static byte[] Utf8(this string text) => Encoding.UTF8.GetBytes(text);

    [GeneratedRegex(@"[A-Za-z_]\w*|\d+(\.\d+)?|\s+|[{}%#-]{2}|.", RegexOptions.Singleline)]
    private static partial Regex Token();
}
