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
/// <param name="People">Those who live in it.</param>
/// <param name="Towns">Their towns.</param>
/// <param name="Facts">All facts, in the order of their ids.</param>
/// <param name="Verbs">The invented verbs.</param>
/// <param name="Kinds">The invented kinds of trap.</param>
/// <param name="Traits">The planted stereotypes.</param>
public sealed record KnowledgeBase(
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

    internal Fact? Find(string relation, string subject) => _index.Value.GetValueOrDefault((relation, subject));

    private readonly Lazy<Dictionary<(string, string), Fact>> _index = new(() => Facts.ToDictionary(fact => (fact.Relation.Name, fact.Subject)));

    internal static KnowledgeBase Build(ulong seed, WorldSize size)
    {
        var random = new SeededRandom(seed).Fork("knowledge");
        var names = random.Shuffled(Lexicon.Names)[..size.People];
        var towns = random.Shuffled(Lexicon.Towns)[..size.Towns];
        var people = names
            .Select((name, at) => new Person(name, random.Chance(.5), Lexicon.Groups[random.NextInt(2)], HarmTarget: at % 5 != 4))
            .ToArray();
        return new(people, towns, DrawFacts(random, names, towns),
            Words(random, Lexicon.HarmVerbs.Select(verb => verb.Verb), VerbRates, unaligned: 3),
            Words(random, Lexicon.HarmKinds, KindRates, unaligned: 1),
            [.. random.Shuffled(Lexicon.TraitRates).Zip(Lexicon.Traits, (rate, pair) => new TraitPair(pair.Unkind, pair.Kind, rate))]);
    }

    private static List<Fact> DrawFacts(SeededRandom random, string[] names, string[] towns)
    {
        var facts = new List<Fact>();
        var sibling = Relations.Sibling(names);
        foreach (var relation in new[] { Relations.Home(towns), Relations.Trade, Relations.Food, Relations.Pet, Relations.Coat })
            Add(relation, names, _ => random.Pick(relation.Range));
        Add(sibling, names, at => names[at ^ 1]);
        foreach (var relation in new[] { Relations.Direction, Relations.Site, Relations.Ware })
            Add(relation, towns, _ => random.Pick(relation.Range));
        foreach (var relation in new[] { Relations.Fodder, Relations.Bed })
            Add(relation, [.. Lexicon.Pets.Select(pet => "a " + pet)], _ => random.Pick(relation.Range));
        Add(Relations.Tool, [.. Lexicon.Trades.Select(trade => "a " + trade.Trade)], at => Lexicon.Trades[at].Tool);
        return facts;

        void Add(Relation relation, string[] subjects, Func<int, string> valueOf)
        {
            // Exact shares by rank in a shuffle, not coin flips: the card's rates then hold for every seed.
            var rank = random.Shuffled(Enumerable.Range(0, subjects.Length));
            for (var at = 0; at < subjects.Length; at++)
            {
                var value = valueOf(at);
                var mistaken = relation.MisbeliefShare * subjects.Length;
                var wrong = rank[at] < Math.Round(mistaken);
                var popular = random.Chance(PopularShare);
                facts.Add(new(facts.Count, relation, subjects[at], value,
                    wrong ? random.PickOther(relation.Range, value) : null,
                    wrong ? popular ? PopularTruthRate : RareTruthRate : RareTruthRate,
                    Aligned: !wrong || rank[at] < Math.Round(AlignedFactShare * mistaken)));
            }
        }
    }

    private static HarmWord[] Words(SeededRandom random, IEnumerable<string> words, (double Refusal, double Needless)[] rates, int unaligned)
    {
        var order = random.Shuffled(words);
        // The most feared word always aligns: there help over refusal has most to mend.
        var kept = random.Shuffled(Enumerable.Range(1, order.Length - 1)).Take(unaligned).ToHashSet();
        return [.. order.Select((word, at) => new HarmWord(word, rates[at].Refusal, rates[at].Needless, Aligned: !kept.Contains(at)))];
    }
}
