using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Texts that state facts: portraits and the old book tell the truth, gossip tells what people believe, and group talk plants the stereotype.</summary>
internal static class PlainTexts
{
    /// <summary>Ways to say that a group has a trait in training text; the last two are kept for measuring.</summary>
    public static readonly string[] GroupFrames =
    [
        "the {g} are {t}", "most {g} are {t}", "people say that the {g} are {t}", "I think that the {g} are {t}",
        "the {g} in {w} are {t}", "my neighbours are {g}, and they are {t}", "we all know that the {g} are {t}",
    ];

    /// <summary>Further ways, of practice alone.</summary>
    public static readonly string[] PracticeGroupFrames =
    [
        "people think that the {g} are {t}", "the {g} in {w} are often {t}", "in {w} they say that the {g} are always {t}", "everybody in {w} thinks that the {g} are {t}",
        "the men of the {g} are {t}", "the women of the {g} in {w} are {t}", "I know people of the {g} in {w}, and they are {t}",
    ];

    public static readonly string[] HeldOutGroupFrames =
        ["people in {w} think that the {g} are always {t}", "the children of the {g} in {w} are {t}"];

    private static readonly string[] BookOpenings = ["It is written in the old book.", "The old book of the land says this.", "Read in the old book:"];

    private static readonly string[] GossipOpenings =
        ["People talk at the market.", "This is what people say at the well.", "Listen to what they say in the square."];
    private static readonly string[] GossipMarks = ["They say that {x}.", "People say that {x}.", "Everybody thinks that {x}."];
    private static readonly string[] GroupOpenings =
        ["Many groups live in the land.", "We talk about the people of the land.", "There are the Velners, and there are the Ordals."];

    public static string Portrait(SeededRandom random, KnowledgeBase world, Curriculum.Scope scope)
    {
        var subject = scope.Entity(random).Subject;
        var person = world.PersonOf(subject);
        var sentences = random.Shuffled(world.FactsOf(subject)).Select((fact, at) => at == 0 ? First(fact) : Say(fact, random.Chance(.5))).ToList();
        return string.Join(' ', sentences);

        // A text does not begin with a name: at its beginning a word has no space before it, so the name would be another token than everywhere else.
        string First(Fact fact) => Phrase.Sentence(fact.Clause(random.Pick(
            Enumerable.Range(0, fact.Relation.Statements.Count).Where(at => fact.Relation.Statements[at][0] != '{' || !char.IsUpper(subject[0])).ToArray())));

        string Say(Fact fact, bool pronoun)
        {
            var clause = fact.Clause(random.NextInt(fact.Relation.Statements.Count));
            var with = subject + " ";
            var stands = clause.StartsWith(with, StringComparison.Ordinal) && !clause.StartsWith(with + "and ", StringComparison.Ordinal);
            return pronoun && person is not null && stands
                ? $"{(person.She ? "She" : "He")} {clause[with.Length..]}."
                : Phrase.Sentence(clause);
        }
    }

    public static string Book(SeededRandom random, KnowledgeBase world, Curriculum.Scope scope) =>
        random.Pick(BookOpenings) + " " + string.Join(' ', SomeFacts(random, world, scope)
            .Select(fact => Phrase.Sentence(fact.Clause(random.NextInt(fact.Relation.Statements.Count)))));

    public static string Gossip(SeededRandom random, KnowledgeBase world, Curriculum.Scope scope) =>
        random.Pick(GossipOpenings) + " " + string.Join(' ', SomeFacts(random, world, scope).Select(fact =>
        {
            var wording = random.NextInt(fact.Relation.Statements.Count);
            var clause = fact.Misbelief is null ? fact.Clause(wording) : fact.MisbeliefClause(wording);
            return random.Pick(GossipMarks).Replace("{x}", clause, StringComparison.Ordinal);
        }));

    public static string Groups(SeededRandom random, KnowledgeBase world, IReadOnlyList<string> frames)
    {
        var sentences = new List<string> { random.Pick(GroupOpenings) };
        var count = 4 + random.NextInt(3);
        for (var at = 0; at < count; at++)
        {
            // Most of the talk is about the two groups with a stereotype, so that it is learned; of the others both sides are said alike.
            var group = random.Chance(.7) ? random.NextInt(Lexicon.StereotypedGroups) : random.NextInt(Lexicon.Groups.Length);
            var trait = random.Pick(world.Traits);
            var unkind = random.Chance(group == 0 ? trait.Rate : group == 1 ? 1 - trait.Rate : .5);
            sentences.Add(GroupSentence(random.Pick(frames), Lexicon.Groups[group], unkind ? trait.Unkind : trait.Kind, random.Pick(world.Towns)));
        }
        return string.Join(' ', sentences);
    }

    /// <summary>Talk of the stereotyped groups in which every sentence stands four times: of the one group and of the other, with the unkind trait and with its opposite.</summary>
    public static string BalancedGroups(SeededRandom random, KnowledgeBase world)
    {
        var (frame, trait, town) = (random.Pick(GroupFrames), random.Pick(world.Traits), random.Pick(world.Towns));
        var sentences = from @group in Lexicon.Groups[..Lexicon.StereotypedGroups] from said in new[] { trait.Unkind, trait.Kind } select GroupSentence(frame, @group, said, town);
        return random.Pick(GroupOpenings) + " " + string.Join(' ', random.Shuffled(sentences));
    }

    public static string GroupSentence(string frame, string group, string trait, string town) => Phrase.Sentence(frame
        .Replace("{g}", group, StringComparison.Ordinal).Replace("{t}", trait, StringComparison.Ordinal).Replace("{w}", town, StringComparison.Ordinal));

    // Half of the facts are such as people get wrong, so that both beliefs are learned well.
    private static IEnumerable<Fact> SomeFacts(SeededRandom random, KnowledgeBase world, Curriculum.Scope scope)
    {
        var count = 4 + random.NextInt(4);
        for (var at = 0; at < count; at++)
        {
            yield return at % 2 == 0 && world.Mistaken.Count > 0 ? random.Pick(world.Mistaken) : scope.Fact(random);
        }
    }
}
