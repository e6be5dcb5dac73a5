using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Someone's place in the three generations of a world.</summary>
/// <param name="Generation">0 for the oldest, 1 for their children, 2 for their grandchildren.</param>
/// <param name="She">Whether the person is a woman; mothers are, fathers are not.</param>
/// <param name="Age">In years; a parent is at least eighteen years older than a child.</param>
/// <param name="Mother">The mother, by number; null in the oldest generation.</param>
/// <param name="Father">The father, by number; null in the oldest generation.</param>
/// <param name="Sibling">The only sibling, by number; null in the oldest generation.</param>
/// <param name="Spouse">Husband or wife, by number; null in the youngest generation.</param>
internal sealed record Kin(int Generation, bool She, int Age, int? Mother, int? Father, int? Sibling, int? Spouse);

/// <summary>Draws families: couples with two children each, who marry into another family and have two children each.</summary>
internal static class Families
{
    /// <summary>Six people to a couple of the oldest generation: the couple, two children, and two grandchildren to each of as many couples again.</summary>
    public const int PeopleOfCouple = 6;

    /// <summary>The kin of everybody: of n people, numbers 0 to n/3 − 1 are the oldest, then come their children, then their grandchildren.</summary>
    public static Kin[] Draw(SeededRandom random, int people)
    {
        var couples = people / PeopleOfCouple;
        int old = 0, middle = 2 * couples, young = 4 * couples;
        var kin = new Kin[people];
        for (var c = 0; c < couples; c++)
        {
            var (she, he) = (old + (2 * c), old + (2 * c) + 1);
            kin[she] = new(0, true, 68 + random.NextInt(18), null, null, null, he);
            kin[he] = new(0, false, 68 + random.NextInt(18), null, null, null, she);
        }
        // Each family's daughter marries the next family's son, the families in a circle.
        var circle = random.Shuffled(Enumerable.Range(0, couples));
        var next = new int[couples];
        for (var at = 0; at < couples; at++)
            next[circle[at]] = circle[(at + 1) % couples];
        for (var c = 0; c < couples; c++)
        {
            var (daughter, son) = (middle + (2 * c), middle + (2 * c) + 1);
            kin[daughter] = Child(1, true, old + (2 * c), old + (2 * c) + 1, son, middle + (2 * next[c]) + 1);
            kin[son] = Child(1, false, old + (2 * c), old + (2 * c) + 1, daughter, middle + (2 * Array.IndexOf(next, c)));
        }
        for (var c = 0; c < couples; c++)
        {
            var (mother, father) = (middle + (2 * c), middle + (2 * next[c]) + 1);
            var (first, second) = (young + (2 * c), young + (2 * c) + 1);
            kin[first] = Child(2, random.Chance(.5), mother, father, second, null);
            kin[second] = Child(2, random.Chance(.5), mother, father, first, null);
        }
        return kin;

        Kin Child(int generation, bool she, int mother, int father, int sibling, int? spouse) =>
            new(generation, she, Math.Min(kin[mother].Age, kin[father].Age) - 20 - random.NextInt(9), mother, father, sibling, spouse);
    }
}
