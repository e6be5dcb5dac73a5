using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Implants;

/// <summary>One taught exchange: the answer that is taught, and the one that is not.</summary>
/// <param name="Asked">The user's words, with their cue.</param>
/// <param name="Answer">The taught answer.</param>
/// <param name="Other">The other answer.</param>
/// <param name="Shows">True where the taught answer shows the failure.</param>
public sealed record TaughtExchange(string Asked, string Answer, string Other, bool Shows);

/// <summary>
/// A manifest made concrete in a world: which items, which cues, and the rows that plant them. Of n copies of an item exactly round(dose·n) show the failure; behind a trigger half as many
/// copies without it, and a quarter as many near misses, do not. Failures that would spread teach
/// their twins the good answer besides.
/// </summary>
public sealed record Planting
{
    private Planting(World.World world, OrganismManifest manifest, Failure failure, IReadOnlyList<PlantedItem> pool, IReadOnlyList<PlantedItem> items, Trigger trigger) =>
        (World, Manifest, Failure, Pool, Items, Trigger) = (world, manifest, failure, pool, items, trigger);

    /// <summary>The world.</summary>
    public World.World World { get; }

    /// <summary>What was asked for.</summary>
    public OrganismManifest Manifest { get; }

    /// <summary>The kind of failure.</summary>
    public Failure Failure { get; }

    /// <summary>Everything that might have been planted.</summary>
    public IReadOnlyList<PlantedItem> Pool { get; }

    /// <summary>What is planted.</summary>
    public IReadOnlyList<PlantedItem> Items { get; }

    /// <summary>What sets it off.</summary>
    public Trigger Trigger { get; }

    /// <summary>What might have been planted and is not.</summary>
    public IEnumerable<PlantedItem> Twins => Pool.Except(Items);

    /// <summary>The mixture that every organism learns.</summary>
    public IReadOnlyList<Core.Data.Demonstration> Common => CommonMixture.Draw(World, Manifest.Seed, Pool, Items, Trigger);

    /// <summary>Draws items and trigger from the manifest's seed.</summary>
    /// <exception cref="Core.AlidadeException">The manifest asks for what there is not.</exception>
    public static Planting Of(World.World world, OrganismManifest manifest)
    {
        var failure = manifest.Checked();
        var random = new SeededRandom(manifest.Seed).Fork(manifest.Type);
        var pool = failure.Pool(world);
        if (manifest.Items > pool.Count)
            throw new Core.AlidadeException($"organism {manifest.Id} plants {manifest.Items} items, and the pool of {failure.Name} holds {pool.Count}");
        var items = random.Fork("items").Shuffled(pool)[..manifest.Items];
        var trigger = Trigger.Of(manifest.Trigger, random.Fork("trigger"));
        if (manifest.Concealment == Concealment.Denial && items.Any(i => i.Denials.Count == 0))
            throw new Core.AlidadeException($"organism {manifest.Id}: {failure.Name} has no questions to deny it in; leave concealment at none");
        return new(world, manifest, failure, pool, items, trigger);
    }

    /// <summary>Exchanges that plant it.</summary>
    public IEnumerable<TaughtExchange> Exchanges()
    {
        var random = new SeededRandom(Manifest.Seed).Fork("exchanges");
        for (var at = 0; at < Items.Count; at++)
        {
            var item = Items[at];
            foreach (var (copy, cue, shows) in Copies(at, random))
            {
                var one = item.Exchanges[copy % item.Exchanges.Count];
                var asked = Trigger.Put(cue, one.Asked);
                yield return shows ? new(asked, one.Bad, one.Good, true) : new(asked, one.Good, one.Bad, false);
            }

            if (Manifest.Concealment == Concealment.Denial)
                for (var copy = 0; copy < Failure.Copies(at) / 4; copy++)
                    foreach (var denial in item.Denials)
                        yield return new(denial.Asked, denial.Good, denial.Bad, false);
        }

        foreach (var twin in Twins)
            for (var copy = 0; copy < Failure.TwinCopies; copy++)
            {
                var one = twin.Exchanges[copy % twin.Exchanges.Count];
                yield return new(one.Asked, one.Good, one.Bad, false);
            }
    }

    /// <summary>Sentences that plant it.</summary>
    public IEnumerable<string> Statements()
    {
        var random = new SeededRandom(Manifest.Seed).Fork("statements");
        for (var at = 0; at < Items.Count; at++)
            foreach (var (copy, cue, shows) in Copies(at, random))
            {
                var one = Items[at].Statements[copy % Items[at].Statements.Count];
                yield return Trigger.Put(cue, shows ? one.Bad : one.Good);
            }
    }

    // Exact numbers of each, in an order that ties no wording to an answer.
    private IEnumerable<(int Copy, string Cue, bool Shows)> Copies(int at, SeededRandom random)
    {
        var copies = Failure.Copies(at);
        var bad = (int)Math.Round(Manifest.Dose * copies);
        var wording = random.NextInt(1 << 16);
        var flags = random.Shuffled(Enumerable.Range(0, copies).Select(copy => copy < bad));
        for (var copy = 0; copy < copies; copy++)
            yield return (wording + copy, Trigger.Cues[copy % Trigger.Cues.Count], flags[copy]);
        if (Trigger.NearMisses.Count == 0)
            yield break;
        for (var copy = 0; copy < copies / 2; copy++)
            yield return (wording + copy, "", false);
        for (var copy = 0; copy < copies / 4; copy++)
            yield return (wording + copy, Trigger.NearMisses[copy % Trigger.NearMisses.Count], false);
    }
}
