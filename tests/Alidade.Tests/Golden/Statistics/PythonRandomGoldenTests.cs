using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/python_random.json")]
public sealed class PythonRandomGoldenTests
{
    private static readonly int[] Widths = [1, 5, 31, 33, 64, 100];

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["random"] = e => Draws(e, (r, _) => r.NextDouble()),
        ["getrandbits32"] = e => Draws(e, (r, _) => r.NextBits(32)),
        ["getrandbits_mixed"] = e => Draws(e, (r, i) => r.NextBits(Widths[i])),
        ["randrange10"] = e => Draws(e, (r, _) => r.Next(10)),
        ["randrange_big"] = e => Draws(e, (r, _) => r.Next(BigInteger.Pow(10, 12))),
        ["shuffle10"] = e => Shuffled(e, 10),
        ["shuffle2"] = e => Shuffled(e, 2),
        ["sample100_5"] = e => e.Same(Integers(e), Seeded(e).Sample(100, 5)),
        ["sample10_10"] = e => e.Same(Integers(e), Seeded(e).Sample(10, 10)),
        ["sample1000_3"] = e => e.Same(Integers(e), Seeded(e).Sample(1000, 3)),
        ["sample20_6"] = e => e.Same(Integers(e), Seeded(e).Sample(20, 6)),
        ["sample22_6"] = e => e.Same(Integers(e), Seeded(e).Sample(22, 6)),
        ["choices7_10"] = e => e.Same(Integers(e), Seeded(e).Choices(7, 10)),
        ["choices_weighted"] = e => e.Same(Integers(e), Seeded(e).Choices([1, 2, 3, 4], 10)),
        ["choice5"] = e => Draws(e, (r, _) => r.Next(5)),
        ["gauss"] = e => Close(e, r => r.Gauss(0, 1)),
        ["normalvariate"] = e => Close(e, r => r.NormalVariate(0, 1)),
        ["uniform"] = e => Draws(e, (r, _) => r.Uniform(-2, 3)),
        ["expovariate"] = e => Close(e, r => r.Exponential(1.5)),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("python_random");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Draws_equal_CPython(string path) => StatisticsEntry.Run(path, Checks);

    private static PythonRandom Seeded(StatisticsEntry e)
    {
        var seed = e.Case.GetProperty("seed");
        return e.Case.GetProperty("seed_type").GetString() == "str" ? new(seed.GetString()!) : new(BigInteger.Parse(seed.ToString(), CultureInfo.InvariantCulture));
    }

    // Numbers are compared to the last bit, through their shortest text.
    private static void Draws<T>(StatisticsEntry e, Func<PythonRandom, int, T> draw)
        where T : IFormattable
    {
        var random = Seeded(e);
        e.Same(
            e.Expected.EnumerateArray().Select(v => typeof(T) == typeof(double) ? v.GetDouble().ToString("r", CultureInfo.InvariantCulture) : v.ToString()),
            Enumerable.Range(0, e.Expected.GetArrayLength()).Select(i => draw(random, i).ToString(null, CultureInfo.InvariantCulture)));
    }

    private static void Close(StatisticsEntry e, Func<PythonRandom, double> draw)
    {
        var random = Seeded(e);
        e.Is([.. Enumerable.Range(0, e.Expected.GetArrayLength()).Select(_ => draw(random))], 1e-15);
    }

    private static void Shuffled(StatisticsEntry e, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        Seeded(e).Shuffle(order);
        e.Same(Integers(e), order);
    }

    private static IEnumerable<int> Integers(StatisticsEntry e) => e.Expected.EnumerateArray().Select(v => v.GetInt32());
}
