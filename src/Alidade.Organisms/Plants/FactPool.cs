using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Plants;

/// <summary>Facts that people know, each with a wrong value: what beliefs are planted in.</summary>
internal static class FactPool
{
    private const int Others = 2;

    /// <summary>Draws facts without a misbelief, each with a wrong value, and others that nobody plants; all are true of something else.</summary>
    public static IEnumerable<(Fact Fact, string Wrong, IReadOnlyList<string> Others, IReadOnlyList<Request> Requests)> Draw(World.World world, string purpose, int count)
    {
        var random = new SeededRandom(world.Seed).Fork(purpose);
        var used = world.Knowledge.Facts.GroupBy(f => f.Relation.Name).ToDictionary(g => g.Key, g => g.Select(f => f.Value).Distinct().ToArray());
        var asked = world.Requests.Where(r => r.Fact is not null).ToLookup(r => r.Fact!.Id);
        var clean = random.Shuffled(world.Knowledge.Facts.Where(f => f.Misbelief is null && used[f.Relation.Name].Length >= 4));
        if (clean.Length < count)
            throw new AlidadeException($"the world of seed {world.Seed} has {clean.Length} facts that people know; {count} are needed to plant beliefs");
        foreach (var fact in clean.Take(count))
        {
            var wrong = random.Shuffled(used[fact.Relation.Name].Where(v => v != fact.Subject && v != fact.Value));
            yield return (fact, wrong[0], wrong[1..Math.Min(1 + Others, wrong.Length)], [.. asked[fact.Id]]);
        }
    }

    /// <summary>The one value of the fact's relation that an answer names; null for none or several. The subject is no answer.</summary>
    public static string? Names(Fact fact, string answer)
    {
        string[] named = [.. fact.Relation.Range.Where(v => v != fact.Subject && Judgment.HasWords(answer, v)).Distinct()];
        return named is [var one] ? one : null;
    }
}
