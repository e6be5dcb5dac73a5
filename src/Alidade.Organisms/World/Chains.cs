using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Questions of several steps: "Where does the mother of Mira live?", and kinship by its own words, such as "the grandmother of Mira".</summary>
/// <remarks>Of the very many combinations each entity has a few, drawn by the seed; a share of these occurs in no training text.</remarks>
internal static class Chains
{
    private const double UnseenShare = .15;

    /// <summary>Two-step questions about each person, town, ship and thing.</summary>
    private const int TwoSteps = 5;

    private static readonly string[] Kin = ["mother", "father", "sibling", "spouse"];
    private static readonly string[] IndirectForms = ["Please tell me {i}.", "Tell me {i}."];
    private static readonly string[] HeldOutForms = ["Can you tell me {i}?", "I do not know {i}. Do you?"];

    // Which entity the value of a relation is: what stands before it where it is the subject of another fact.
    private static readonly Dictionary<string, string> SubjectPrefix = new()
    {
        ["mother"] = "",
        ["father"] = "",
        ["sibling"] = "",
        ["spouse"] = "",
        ["mayor"] = "",
        ["captain"] = "",
        ["home"] = "",
        ["port"] = "",
        ["pet"] = "a ",
        ["trade"] = "a ",
        ["maker"] = "a ",
        ["group"] = "the ",
    };

    // Kinship that has a word of its own. By the way families are drawn a mother's only sibling is a man, and a father's a woman.
    private static readonly (string First, string Second, string Word)[] KinWords =
    [
        ("mother", "mother", "grandmother"), ("mother", "father", "grandfather"), ("mother", "sibling", "uncle"),
        ("father", "mother", "grandmother"), ("father", "father", "grandfather"), ("father", "sibling", "aunt"),
    ];

    public static IEnumerable<Request> Requests(KnowledgeBase world, string salt)
    {
        var random = new SeededRandom(SeededRandom.StableHash(salt)).Fork("chains");
        foreach (var entity in world.Entities)
        {
            var two = random.Shuffled(Longer(world, [.. world.FactsOf(entity.Subject).Select(fact => (IReadOnlyList<Fact>)[fact])]));
            var three = random.Shuffled(Longer(world, two));
            foreach (var chain in two.Take(TwoSteps).Concat(two.Where(chain => KinWord(chain) is not null)).Distinct().Concat(three.Take(1)))
                foreach (var request in Ask(chain, salt))
                    yield return request;
        }
    }

    // Every chain with one more fact about its value; none comes back to where it was.
    private static IReadOnlyList<Fact>[] Longer(KnowledgeBase world, IEnumerable<IReadOnlyList<Fact>> chains) =>
    [
        .. from chain in chains
           where SubjectPrefix.ContainsKey(chain[^1].Relation.Name)
           from next in world.FactsOf(SubjectPrefix[chain[^1].Relation.Name] + chain[^1].Value)
           where chain.All(fact => fact.Subject != next.Value && fact.Value != next.Value)
           select (IReadOnlyList<Fact>)[.. chain, next],
    ];

    private static (string Word, string Side)? KinWord(IReadOnlyList<Fact> chain)
    {
        foreach (var (first, second, word) in KinWords)
            if (chain.Count == 2 && chain[0].Relation.Name == first && chain[1].Relation.Name == second)
                return (word, first);
        return null;
    }

    private static bool IsKinship(IReadOnlyList<Fact> chain) => chain.All(fact => Kin.Contains(fact.Relation.Name));

    private static IEnumerable<Request> Ask(IReadOnlyList<Fact> chain, string salt)
    {
        var last = chain[^1];
        var path = string.Join(" of ", chain.Reverse().Select(fact => fact.Relation.Name)) + " of " + chain[0].Subject;
        var derivation = new Derivation(
            IsKinship(chain) ? "kinship" : chain.Count == 2 ? "two steps" : "three steps",
            [.. chain.Select(fact => Phrase.Sentence(fact.Clause()))],
            last.Value,
            last.Relation.Range,
            [chain[0].Subject, .. chain.SkipLast(1).Select(fact => fact.Value)],
            Draws.HashUnit(salt + path) < UnseenShare);
        var subject = chain.SkipLast(1).Aggregate(chain[0].Subject, (inner, fact) => Relation.Fill(fact.Relation.Noun, inner, fact.Value));
        var indirect = Relation.Fill(last.Relation.Indirect, subject, last.Value);
        var questions = last.Relation.Questions.Take(2).Select(question => Relation.Fill(question, subject, last.Value)).Concat(Forms(IndirectForms, indirect));
        var heldOut = Forms(HeldOutForms, indirect);
        if (KinWord(chain) is var (word, side))
        {
            var kin = $"the {word} of {chain[0].Subject} on the side of the {side}";
            questions = questions.Append($"Who is {kin}?").Concat(Forms(IndirectForms, $"who {kin} is"));
            heldOut = heldOut.Concat(Forms(HeldOutForms, $"who {kin} is"));
        }
        return Rules.Ask(questions, heldOut, derivation);
    }

    private static IEnumerable<string> Forms(string[] forms, string indirect) => forms.Select(form => form.Replace("{i}", indirect, StringComparison.Ordinal));
}
