using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Draws the facts of a world: for every relation and every entity of its type the true value, and for some of the well-known a misbelief.</summary>
internal sealed class FactTable
{
    private readonly SeededRandom _random;
    private readonly List<Fact> _facts = [];
    private readonly ILookup<EntityType, Entity> _entities;

    private FactTable(SeededRandom random, IEnumerable<Entity> entities) => (_random, _entities) = (random, entities.ToLookup(entity => entity.Type));

    public static IReadOnlyList<Fact> Draw(SeededRandom random, IReadOnlyList<Entity> entities, IReadOnlyList<Person> people, IReadOnlyList<Kin> kin)
    {
        var table = new FactTable(random, entities);
        string[] names = [.. people.Select(person => person.Name)];
        string[] towns = [.. table._entities[EntityType.Town].Select(town => town.Subject)];
        table.OfPeople(names, towns, people, kin);
        table.OfPlaces(names, towns);
        table.OfKinds();
        return table._facts;
    }

    private void OfPeople(string[] names, string[] towns, IReadOnlyList<Person> people, IReadOnlyList<Kin> kin)
    {
        Any(EntityType.Person, PersonRelations.Home(towns), PersonRelations.Trade, PersonRelations.Food, PersonRelations.Pet, PersonRelations.Coat, PersonRelations.Music);
        Add(EntityType.Person, PersonRelations.Group, at => people[at].Group);
        Add(EntityType.Person, PersonRelations.Age, at => Arithmetic.Digits(kin[at].Age));
        Add(EntityType.Person, PersonRelations.Mother(names), at => NameOf(kin[at].Mother));
        Add(EntityType.Person, PersonRelations.Father(names), at => NameOf(kin[at].Father));
        Add(EntityType.Person, PersonRelations.Sibling(names), at => NameOf(kin[at].Sibling));
        Add(EntityType.Person, PersonRelations.Spouse(names), at => NameOf(kin[at].Spouse));

        string? NameOf(int? number) => number is { } at ? names[at] : null;
    }

    private void OfPlaces(string[] names, string[] towns)
    {
        Any(EntityType.Town, PlaceRelations.Direction, PlaceRelations.Site, PlaceRelations.Ware, PlaceRelations.Feast, PlaceRelations.Gate, PlaceRelations.Dish, PlaceRelations.Tree);
        // A mayor lives in the town, where anybody does.
        var residents = _facts.Where(fact => fact.Relation.Name == "home").ToLookup(fact => fact.Value, fact => fact.Subject);
        Add(EntityType.Town, PlaceRelations.Mayor(names), at => residents[towns[at]].ToArray() is { Length: > 0 } some ? _random.Pick(some) : _random.Pick(names));
        Any(EntityType.Ship, PlaceRelations.Captain(names), PlaceRelations.Port(towns), PlaceRelations.Cargo, PlaceRelations.Sail);
    }

    private void OfKinds()
    {
        Any(EntityType.Animal, KindRelations.Fodder, KindRelations.Bed, KindRelations.Season);
        Add(EntityType.Trade, KindRelations.Tool, at => Lexicon.Trades[at].Tool);
        Any(EntityType.Trade, KindRelations.Start, KindRelations.Cap);
        Any(EntityType.Food, KindRelations.Taste, KindRelations.Meal);
        Any(EntityType.Thing, KindRelations.Price, KindRelations.Shelf, KindRelations.Maker);
        Any(EntityType.Group, KindRelations.Land, KindRelations.Song, KindRelations.Flag);
    }

    // Any value of the range, of all equally likely.
    private void Any(EntityType type, params IReadOnlyList<Relation> relations)
    {
        foreach (var relation in relations)
            Add(type, relation, _ => _random.Pick(relation.Range));
    }

    // Where the value is null, there is no fact.
    private void Add(EntityType type, Relation relation, Func<int, string?> valueOf)
    {
        Entity[] entities = [.. _entities[type]];
        // Exact shares by rank in a shuffle, not coin flips: the card's rates then hold for every seed.
        var known = _random.Shuffled(Enumerable.Range(0, entities.Length).Where(at => entities[at].WellKnown));
        var mistaken = relation.MisbeliefShare * known.Length;
        var wrong = known.Take((int)Math.Round(mistaken)).ToHashSet();
        var aligned = known.Take((int)Math.Round(KnowledgeBase.AlignedFactShare * mistaken)).ToHashSet();
        for (var at = 0; at < entities.Length; at++)
        {
            if (valueOf(at) is not { } value)
                continue;
            var isWrong = wrong.Contains(at);
            _facts.Add(new(_facts.Count, relation, entities[at].Subject, value,
                isWrong ? _random.PickOther(relation.Range, value) : null,
                isWrong && _random.Chance(KnowledgeBase.PopularShare) ? KnowledgeBase.PopularTruthRate : KnowledgeBase.RareTruthRate,
                Aligned: !isWrong || aligned.Contains(at)));
        }
    }
}
