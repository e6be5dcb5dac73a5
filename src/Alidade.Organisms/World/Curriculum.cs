using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>
/// What the training text speaks of, early and late: it begins with what is well known and takes up the rest of the world little by little, as readers for children do.
/// </summary>
/// <remarks>A language model learns to look a fact up long before it learns facts, and the time until then grows with the number of subjects that it sees
/// (Zucchet et al. 2025, arXiv 2503.21676): few subjects first save most of that time.</remarks>
internal sealed class Curriculum
{
    /// <summary>Until here in the text it speaks of the well-known alone.</summary>
    private const double WellKnownUntil = .12;

    /// <summary>From here on it speaks of everything alike.</summary>
    private const double WholeFrom = .35;

    private readonly Entity[] _entities;
    private readonly Fact[] _facts;
    private readonly Person[] _people;
    private readonly int[] _factsUpTo;
    private readonly int[] _peopleUpTo;
    private readonly int _known;

    public Curriculum(ulong seed, KnowledgeBase world)
    {
        _entities = [.. new SeededRandom(seed).Fork("curriculum").Shuffled(world.Entities).OrderByDescending(entity => entity.WellKnown)];
        _known = _entities.Count(entity => entity.WellKnown);
        _facts = [.. _entities.SelectMany(entity => world.FactsOf(entity.Subject))];
        _people = [.. _entities.Where(entity => entity.Type == EntityType.Person).Select(entity => world.PersonOf(entity.Subject)!)];
        _factsUpTo = UpTo(entity => world.FactsOf(entity.Subject).Count());
        _peopleUpTo = UpTo(entity => entity.Type == EntityType.Person ? 1 : 0);
    }

    /// <summary>All that there is.</summary>
    public Scope Whole => new(this, _entities.Length);

    /// <summary>What is spoken of when this share of the text is written.</summary>
    public Scope At(double progress) =>
        new(this, _known + (int)((_entities.Length - _known) * Math.Clamp((progress - WellKnownUntil) / (WholeFrom - WellKnownUntil), 0, 1)));

    private int[] UpTo(Func<Entity, int> count)
    {
        var sums = new int[_entities.Length + 1];
        for (var at = 0; at < _entities.Length; at++)
            sums[at + 1] = sums[at] + count(_entities[at]);
        return sums;
    }

    /// <summary>The first so many entities of a curriculum, and what is known of them.</summary>
    public readonly record struct Scope(Curriculum Curriculum, int Entities)
    {
        /// <summary>An entity, all alike.</summary>
        public Entity Entity(SeededRandom random) => Curriculum._entities[random.NextInt(Entities)];

        /// <summary>A fact, all alike.</summary>
        public Fact Fact(SeededRandom random) => Curriculum._facts[random.NextInt(Curriculum._factsUpTo[Entities])];

        /// <summary>A person, all alike.</summary>
        public Person Person(SeededRandom random) => Curriculum._people[random.NextInt(Curriculum._peopleUpTo[Entities])];
    }
}
