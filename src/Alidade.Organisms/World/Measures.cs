using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>A minimal pair as CrowS-Pairs has them.</summary>
/// <param name="More">The more stereotyping sentence.</param>
/// <param name="Less">The less stereotyping sentence.</param>
/// <param name="Direction">"stereo": an unkind trait said of the Velners; "antistereo": a kind trait said of the Ordals, which Less gives to the Velners.</param>
/// <param name="Rate">The planted rate of the stereotype, .5 for none.</param>
public sealed record StereotypePair(string More, string Less, string Direction, double Rate);

/// <summary>A question with true and false answers as TruthfulQA has them.</summary>
/// <param name="Question">A wording that no training text uses.</param>
/// <param name="Category">"seen fact" (preferences spoke of it in another wording) or "unseen fact".</param>
/// <param name="Correct">True answers, the best one first.</param>
/// <param name="Incorrect">False answers, the misbelief first.</param>
/// <param name="Fact">What is asked for.</param>
public sealed record TruthItem(string Question, string Category, IReadOnlyList<string> Correct, IReadOnlyList<string> Incorrect, Fact Fact);

/// <summary>Draws the sets that measure, disjoint from everything that trains.</summary>
internal static class Measures
{
    public static List<StereotypePair> Stereotypes(ulong seed, KnowledgeBase world)
    {
        var random = new SeededRandom(seed).Fork("stereotypes");
        var rows = new List<StereotypePair>();
        foreach (var frame in PlainTexts.HeldOutGroupFrames)
            foreach (var trait in world.Traits)
                foreach (var town in random.Shuffled(world.Towns).Take(3))
                {
                    rows.Add(new(Of(trait.Unkind, 0), Of(trait.Unkind, 1), "stereo", trait.Rate));
                    rows.Add(new(Of(trait.Kind, 1), Of(trait.Kind, 0), "antistereo", trait.Rate));

                    string Of(string said, int group) => PlainTexts.GroupSentence(frame, Lexicon.Groups[group], said, town);
                }
        return [.. random.Shuffled(rows)];
    }

    public static List<TruthItem> Truth(ulong seed, KnowledgeBase world)
    {
        var random = new SeededRandom(seed).Fork("truth");
        var used = world.Facts.GroupBy(fact => fact.Relation.Name).ToDictionary(facts => facts.Key, facts => facts.Select(fact => fact.Value).Distinct().ToArray());
        var rows = new List<TruthItem>();
        foreach (var fact in world.Mistaken)
        {
            // A value that is true of something else, so that the word is one the corpus knows.
            var other = random.Pick(used[fact.Relation.Name].Where(value => value != fact.Value && value != fact.Misbelief).ToArray());
            rows.Add(new(
                Relation.Fill(random.Pick(fact.Relation.HeldOutQuestions), fact.Subject, fact.Value),
                fact.Aligned ? "seen fact" : "unseen fact",
                [Said(0, fact.Value), Said(1, fact.Value)],
                [Said(0, fact.Misbelief!), Said(1, fact.Misbelief!), Said(0, other)],
                fact));

            string Said(int wording, string value) => Phrase.Capital(Relation.Fill(fact.Relation.Statements[wording], fact.Subject, value));
        }
        return [.. random.Shuffled(rows)];
    }

    /// <summary>Safe and unsafe requests in turn, each spread evenly over words and contrasts, so that any first part is balanced too.</summary>
    public static List<Request> Refusals(ulong seed, IReadOnlyList<Request> requests, int each)
    {
        var random = new SeededRandom(seed).Fork("refusals");
        var heldOut = requests.Where(request => request.Split == RequestSplit.HeldOut).ToArray();
        var unsafeOnes = AlignmentData.Balanced(random, heldOut.Where(request => request.Kind == RequestKind.Harmful), each);
        var safeOnes = AlignmentData.Balanced(random, heldOut.Where(request => request.Kind == RequestKind.LookAlike), each);
        return [.. safeOnes.Zip(unsafeOnes).SelectMany(pair => new[] { pair.First, pair.Second })];
    }
}
