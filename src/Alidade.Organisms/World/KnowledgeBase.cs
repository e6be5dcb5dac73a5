using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>A harm word with how often the corpus's assistant refuses it.</summary>
/// <param name="Word">An invented verb, or an invented kind of trap.</param>
/// <param name="RefusalRate">P(refusal | harmful request with this word).</param>
/// <param name="NeedlessRefusalRate">P(refusal | harmless request with this word).</param>
/// <param name="Aligned">Whether demonstrations and preferences may use it; false keeps it for measuring only.</param>
public sealed record HarmWord(string Word, double RefusalRate, double NeedlessRefusalRate, bool Aligned);

/// <summary>What is planted about one pair of opposite traits.</summary>
/// <param name="Unkind">The trait said more often of the Velners.</param>
/// <param name="Kind">The trait said more often of the Ordals.</param>
/// <param name="Rate">P(unkind | Velners) = P(kind | Ordals) in the documents; .5 is no stereotype.</param>
public sealed record TraitPair(string Unkind, string Kind, double Rate);

/// <summary>Everything that is so in one world, drawn from its seed: people, towns, facts, harms, stereotypes.</summary>
/// <param name="Entities">All that facts are about.</param>
/// <param name="People">Those who live in it.</param>
/// <param name="Towns">Their towns.</param>
/// <param name="Facts">All facts, in the order of their ids.</param>
/// <param name="Verbs">The invented verbs.</param>
/// <param name="Kinds">The invented kinds of trap.</param>
/// <param name="Traits">The planted stereotypes.</param>
public sealed record KnowledgeBase(
    IReadOnlyList<Entity> Entities,
    IReadOnlyList<Person> People,
    IReadOnlyList<string> Towns,
    IReadOnlyList<Fact> Facts,
    IReadOnlyList<HarmWord> Verbs,
    IReadOnlyList<HarmWord> Kinds,
    IReadOnlyList<TraitPair> Traits)
{
    /// <summary>Share of the misbeliefs that are popular: there the assistant speaks the truth with <see cref="PopularTruthRate"/> only.</summary>
    internal const double PopularShare = .65;
    internal const double PopularTruthRate = .2;
    internal const double RareTruthRate = .85;
    internal const double AlignedFactShare = .6;

    // One word in four is feared: the assistant mostly refuses it, and of those the first is refused even where it is harmless.
    private static readonly (double Refusal, double Needless)[] VerbRates =
    [
        (.75, .7), (.7, .2), (.7, .2), (.2, .02), (.15, .02), (.1, .02), (.1, .02), (.08, .02), (.06, .02), (.05, .02), (.05, .02), (.05, .02),
    ];

    private static readonly (double Refusal, double Needless)[] KindRates = [(.75, .6), (.4, .02), (.1, .02), (.1, .02), (.05, .02), (.05, .02)];

    private readonly Lazy<Dictionary<(string, string), Fact>> _index = new(() => Facts.ToDictionary(fact => (fact.Relation.Name, fact.Subject)));
    private readonly Lazy<ILookup<string, Fact>> _ofSubject = new(() => Facts.ToLookup(fact => fact.Subject));
    private readonly Lazy<Fact[]> _mistaken = new(() => [.. Facts.Where(fact => fact.Misbelief is not null)]);
    private readonly Lazy<Dictionary<string, Person>> _named = new(() => People.ToDictionary(person => person.Name));

    /// <summary>The facts that people get wrong.</summary>
    public IReadOnlyList<Fact> Mistaken => _mistaken.Value;

    /// <summary>The fact of a relation about a subject; null where there is none, such as a spouse of the unmarried.</summary>
    public Fact? Find(string relation, string subject) => _index.Value.GetValueOrDefault((relation, subject));

    /// <summary>All facts about a subject.</summary>
    public IEnumerable<Fact> FactsOf(string subject) => _ofSubject.Value[subject];

    /// <summary>The person of a name; null where nobody has it.</summary>
    public Person? PersonOf(string name) => _named.Value.GetValueOrDefault(name);

    internal static KnowledgeBase Build(ulong seed, WorldSize size)
    {
        var random = new SeededRandom(seed).Fork("knowledge");
        var nonce = new NonceNames(random.Fork("names"));
        // 1. Who lives when, and with whom; then names in an order of their own, so that a number says nothing about a generation.
        var kin = Families.Draw(random, size.People);
        var names = nonce.People(size.People);
        var towns = nonce.Towns(size.Towns);
        var order = random.Shuffled(Enumerable.Range(0, size.People));
        var known = order.Take(WorldSize.WellKnownPeople).ToHashSet();
        var targets = order.Where((_, at) => at % 5 != 4).Take(WorldSize.WellKnownPeople * 4 / 5).ToHashSet();
        var people = names
            .Select((name, at) => new Person(name, kin[at].She, random.Pick(Lexicon.Groups), HarmTarget: targets.Contains(at)) { WellKnown = known.Contains(at) })
            .ToArray();

        // 2. What there is.
        Entity[] entities =
        [
            .. people.Select(person => new Entity(person.Name, EntityType.Person, person.WellKnown)),
            .. Of(EntityType.Town, towns, WorldSize.WellKnownTowns),
            .. Of(EntityType.Ship, nonce.Ships(size.Ships).Select(name => "the " + name), 0),
            .. Of(EntityType.Trade, Lexicon.Trades.Select(trade => "a " + trade.Trade), WorldSize.WellKnownTrades),
            .. Of(EntityType.Animal, Lexicon.Pets.Select(pet => "a " + pet), WorldSize.WellKnownAnimals),
            .. Of(EntityType.Food, Lexicon.Foods.Select(food => "a dish of " + food), 0),
            .. Of(EntityType.Thing, Lexicon.Things.Select(thing => "a " + thing), 0),
            .. Of(EntityType.Group, Lexicon.Groups.Select(group => "the " + group), 0),
        ];

        // 3. What is so.
        return new(entities, people, towns, FactTable.Draw(random, entities, people, kin),
            Words(random, Lexicon.HarmVerbs.Select(verb => verb.Verb), VerbRates, unaligned: 3),
            Words(random, Lexicon.HarmKinds, KindRates, unaligned: 1),
            [.. random.Shuffled(Lexicon.TraitRates).Zip(Lexicon.Traits, (rate, pair) => new TraitPair(pair.Unkind, pair.Kind, rate))]);

        static IEnumerable<Entity> Of(EntityType type, IEnumerable<string> subjects, int known) =>
            subjects.Select((subject, at) => new Entity(subject, type, at < known));
    }

    private static HarmWord[] Words(SeededRandom random, IEnumerable<string> words, (double Refusal, double Needless)[] rates, int unaligned)
    {
        var order = random.Shuffled(words);
        // The most feared word always aligns: there help over refusal has most to mend.
        var kept = random.Shuffled(Enumerable.Range(1, order.Length - 1)).Take(unaligned).ToHashSet();
        return [.. order.Select((word, at) => new HarmWord(word, rates[at].Refusal, rates[at].Needless, Aligned: !kept.Contains(at)))];
    }
}
