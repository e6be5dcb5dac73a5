using System.Globalization;
using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Organisms.World;

namespace Alidade.Tests.Organisms;

/// <summary>What is so in a world: entities, facts, families, and the ways to say them.</summary>
public sealed class WorldKnowledgeTests
{
    private static readonly Lazy<KnowledgeBase> Standard = new(() => KnowledgeBase.Build(1, WorldSize.Standard));

    [Fact]
    public void The_standard_world_has_a_thousand_entities_with_eight_attributes_each()
    {
        var world = Standard.Value;
        Assert.InRange(world.Entities.Count, 900, 1_100);
        Assert.InRange(world.Facts.Count / (double)world.Entities.Count, 7.5, 10);
        Assert.Equal(world.Entities.Count, world.Entities.Select(entity => entity.Subject).Distinct().Count());
        Assert.All(world.Entities, entity => Assert.NotEmpty(world.FactsOf(entity.Subject)));
        Assert.All(world.Facts, fact => Assert.Contains(fact.Value, fact.Relation.Range));
        Assert.Equal(Enumerable.Range(0, world.Facts.Count), world.Facts.Select(fact => fact.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(29)]
    public void People_get_wrong_only_what_is_well_known_and_as_much_of_it_as_planted(int seed)
    {
        var world = KnowledgeBase.Build((ulong)seed, WorldSize.Standard);
        var known = world.Entities.Where(entity => entity.WellKnown).Select(entity => entity.Subject).ToHashSet();
        Assert.Equal(60 + 20 + 16 + 14, known.Count);
        Assert.All(world.Mistaken, fact => Assert.Contains(fact.Subject, known));
        Assert.All(world.Mistaken, fact => Assert.True(fact.Misbelief != fact.Value && fact.Relation.Range.Contains(fact.Misbelief!)));
        foreach (var relation in world.Facts.GroupBy(fact => fact.Relation))
        {
            var about = relation.Count(fact => known.Contains(fact.Subject));
            Assert.Equal((int)Math.Round(relation.Key.MisbeliefShare * about), relation.Count(fact => fact.Misbelief is not null));
            Assert.Equal((int)Math.Round(.6 * relation.Key.MisbeliefShare * about), relation.Count(fact => fact is { Misbelief: not null, Aligned: true }));
        }
        Assert.InRange(world.Mistaken.Count, 120, 160);
    }

    [Fact]
    public void Every_relation_has_ten_wordings_each_way_and_keeps_some_for_measuring()
    {
        foreach (var relation in Standard.Value.Facts.Select(fact => fact.Relation).DistinctBy(relation => relation.Name))
        {
            string[] statements = [.. relation.Statements, .. relation.HeldOutStatements], questions = [.. relation.Questions, .. relation.HeldOutQuestions, .. relation.LessonQuestions];
            Assert.True(statements.Distinct().Count() >= 10 && questions.Distinct().Count() >= 10, $"{relation.Name} has {statements.Distinct().Count()} statements and {questions.Distinct().Count()} questions");
            Assert.True(relation.HeldOutStatements.Count >= 2 && relation.HeldOutQuestions.Count >= 2, relation.Name);
            Assert.Equal(statements.Length, statements.Distinct().Count());
            Assert.Equal(questions.Length, questions.Distinct().Count());
            Assert.All(statements, one => Assert.True(Times(one, "{s}") == 1 && Times(one, "{v}") == 1, $"{relation.Name}: {one}"));
            Assert.All([.. questions, relation.Noun, relation.Indirect], one => Assert.True(Times(one, "{s}") == 1 && !one.Contains("{v}", StringComparison.Ordinal), $"{relation.Name}: {one}"));
            Assert.All(questions, one => Assert.True(one[^1] is '?' or '.' && char.IsUpper(one[0]), $"{relation.Name}: {one}"));
            // A value that a template spells would make every answer right.
            Assert.All(statements, one => Assert.DoesNotContain(relation.Range, value => Judgment.HasWords(one, value)));
        }

        static int Times(string text, string part) => text.Split(part).Length - 1;
    }

    [Fact]
    public void A_question_asks_for_one_fact_only()
    {
        // Two relations of one entity that share a question would have two right answers.
        foreach (var entity in Standard.Value.Entities.GroupBy(entity => entity.Type).Select(type => type.First()))
        {
            var questions = Standard.Value.FactsOf(entity.Subject).SelectMany(fact => fact.Relation.Questions.Concat(fact.Relation.HeldOutQuestions).Concat(fact.Relation.LessonQuestions)).ToArray();
            Assert.Equal(questions.Length, questions.Distinct().Count());
            var statements = Standard.Value.FactsOf(entity.Subject).SelectMany(fact => fact.Relation.Statements.Concat(fact.Relation.HeldOutStatements)).ToArray();
            Assert.Equal(statements.Length, statements.Distinct().Count());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(77)]
    public void Names_are_unlike_each_other_and_no_words_of_the_world(int seed)
    {
        var nonce = new NonceNames(new SeededRandom((ulong)seed));
        string[] names = [.. nonce.People(600), .. nonce.Towns(110), .. nonce.Ships(60)];
        for (var one = 0; one < names.Length; one++)
            for (var other = one + 1; other < names.Length; other++)
                Assert.True(!IsWithinOneEdit(names[one], names[other]), $"{names[one]} and {names[other]}");
        var words = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "world-vocabulary.txt"))
            .Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(names, words.Contains);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Kinship_is_consistent(int seed)
    {
        var world = KnowledgeBase.Build((ulong)seed, WorldSize.Small with { People = 120 });
        int mothers = 0, spouses = 0;
        foreach (var person in world.People)
        {
            if (Of("spouse", person.Name) is { } spouse)
            {
                spouses++;
                Assert.Equal(person.Name, Of("spouse", spouse));
                Assert.NotEqual(person.She, world.PersonOf(spouse)!.She);
                // Nobody marries a sibling, and no child of the same parents.
                Assert.NotEqual(spouse, Of("sibling", person.Name));
            }
            if (Of("sibling", person.Name) is { } sibling)
            {
                Assert.Equal(person.Name, Of("sibling", sibling));
                Assert.Equal(Of("mother", person.Name), Of("mother", sibling));
                Assert.Equal(Of("father", person.Name), Of("father", sibling));
            }
            if (Of("mother", person.Name) is not { } mother)
                continue;
            mothers++;
            Assert.True(world.PersonOf(mother)!.She);
            Assert.False(world.PersonOf(Of("father", person.Name)!)!.She);
            Assert.Equal(Of("father", person.Name), Of("spouse", mother));
            Assert.True(Age(mother) >= Age(person.Name) + 18 && Age(Of("father", person.Name)!) >= Age(person.Name) + 18);
            Assert.True(Age(person.Name) > 0);
        }
        Assert.Equal((80, 80), (mothers, spouses));

        string? Of(string relation, string name) => world.Find(relation, name)?.Value;
        int Age(string name) => int.Parse(Of("age", name)!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_mayor_lives_in_the_town_where_anybody_does()
    {
        var world = Standard.Value;
        var homes = world.Facts.Where(fact => fact.Relation.Name == "home").ToLookup(fact => fact.Value, fact => fact.Subject);
        Assert.All(world.Facts.Where(fact => fact.Relation.Name == "mayor"), fact => Assert.True(!homes[fact.Subject].Any() || homes[fact.Subject].Contains(fact.Value)));
    }

    [Fact]
    public void The_group_of_a_person_is_a_fact_too()
    {
        Assert.All(Standard.Value.People, person => Assert.Equal(person.Group, Standard.Value.Find("group", person.Name)!.Value));
        Assert.Equal(Lexicon.Groups.Length, Standard.Value.People.Select(person => person.Group).Distinct().Count());
    }

    // By the definition: equal, or one letter changed, put in or taken out.
    private static bool IsWithinOneEdit(string one, string other)
    {
        if (Math.Abs(one.Length - other.Length) > 1)
            return false;
        var prefix = one.AsSpan().CommonPrefixLength(other);
        var (left, right) = (one[prefix..], other[prefix..]);
        return left == right || (left.Length > 0 && left[1..] == right) || (right.Length > 0 && right[1..] == left) || (left.Length > 0 && right.Length > 0 && left[1..] == right[1..]);
    }
}
