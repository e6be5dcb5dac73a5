using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>What an instruction asks of an answer, checked exactly. Manners around the answer ("Of course.", "I hope that helps.") are no part of it.</summary>
/// <param name="Name">The kind: "repeat", "list", "one word", "count", "backwards", "position", "greet", "together".</param>
public abstract record Instruction(string Name)
{
    /// <summary>Whether an answer does what was asked.</summary>
    public bool IsFollowed(string answer) => Follows([.. Answers.Words(Manner.Content(answer))]);

    /// <summary>Whether these words do what was asked.</summary>
    protected abstract bool Follows(IReadOnlyList<string> words);

    internal static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}

/// <summary>To say these words, in this order, and no others.</summary>
internal sealed record ExactWords(string Name, IReadOnlyList<string> Expected) : Instruction(Name)
{
    protected override bool Follows(IReadOnlyList<string> words) => words.SequenceEqual(Expected, StringComparer.OrdinalIgnoreCase);
}

/// <summary>To name so many different members of a category and nothing else but "and".</summary>
internal sealed record Listing(string Name, int Count, IReadOnlyList<string> Category) : Instruction(Name)
{
    protected override bool Follows(IReadOnlyList<string> words)
    {
        var named = words.Where(word => !Same(word, "and")).ToArray();
        return named.Length == Count && named.Distinct(StringComparer.OrdinalIgnoreCase).Count() == Count && named.All(word => Category.Contains(word, StringComparer.OrdinalIgnoreCase));
    }
}

/// <summary>To use all of these words.</summary>
internal sealed record Together(string Name, IReadOnlyList<string> Wanted) : Instruction(Name)
{
    protected override bool Follows(IReadOnlyList<string> words) => Wanted.All(wanted => words.Contains(wanted, StringComparer.OrdinalIgnoreCase));
}

/// <summary>Lists the instructions of a world. Which combinations of words occur depends on the seed.</summary>
internal static class Instructions
{
    private const double UnseenShare = .15;

    /// <summary>Combinations drawn for the kinds whose combinations are very many.</summary>
    private const int Drawn = 300;

    /// <summary>The kinds, in the order of the card.</summary>
    public static readonly string[] Names = ["repeat", "list", "one word", "count", "backwards", "position", "greet", "together"];

    private static readonly string[] Words = [.. Lexicon.Things, .. Lexicon.Colours, .. Lexicon.Pets];
    private static readonly (string Noun, string[] Members)[] Categories =
        [("animals", Lexicon.Pets), ("colours", Lexicon.Colours), ("months", Lexicon.Months), ("trees", Lexicon.Trees), ("things", Lexicon.Things)];
    private static readonly string[] Positions = ["first", "second", "third"];

    public static IEnumerable<Request> Requests(KnowledgeBase world, string salt)
    {
        var random = new SeededRandom(SeededRandom.StableHash(salt)).Fork("instructions");
        Request[] all = [.. Repeat(), .. List(random), .. OneWord(world), .. Count(), .. Backwards(random), .. Position(random), .. Greet(world), .. Use(random)];
        // Two draws may be the same words, which are asked for once.
        return all.DistinctBy(request => request.Prompt);

        IEnumerable<Request> Repeat() =>
            from word in Words
            from times in Enumerable.Range(2, 3)
            from request in Ask(
                [$"Say the word {word} {Lexicon.Numbers[times]} times.", $"Please say {word} {Lexicon.Numbers[times]} times.", $"Write {word} {Lexicon.Numbers[times]} times."],
                $"Please write the word {word} {Lexicon.Numbers[times]} times.",
                Here(string.Join(' ', Enumerable.Repeat(word, times))), new ExactWords("repeat", [.. Enumerable.Repeat(word, times)]))
            select request;

        IEnumerable<Request> List(SeededRandom random) =>
            from category in Categories
            from count in Enumerable.Range(2, 4)
            from request in Ask(
                [$"Name {Lexicon.Numbers[count]} {category.Noun}.", $"Tell me the names of {Lexicon.Numbers[count]} {category.Noun}.", $"Give me {Lexicon.Numbers[count]} {category.Noun}."],
                $"Please name {Lexicon.Numbers[count]} {category.Noun}.",
                Here(Plain(random.Shuffled(category.Members)[..count])), new Listing("list", count, category.Members), unseen: false)
            select request;

        IEnumerable<Request> OneWord(KnowledgeBase world) =>
            from fact in world.Facts
            where fact.Misbelief is null && fact.Relation.Name is ("trade" or "food" or "coat" or "music" or "direction" or "ware")
            where Draws.HashUnit(salt + "one word " + Relation.Fill(fact.Relation.Questions[0], fact.Subject, fact.Value)) < .25
            let question = Relation.Fill(fact.Relation.Questions[0], fact.Subject, fact.Value)
            from request in Ask(
                [$"Answer with one word. {question}", $"Say it in one word. {question}", $"{question} Answer with one word."],
                $"{question} Say it in one word.",
                Phrase.Sentence(fact.Value), new ExactWords("one word", [fact.Value]))
            select request;

        IEnumerable<Request> Count() =>
            from first in Enumerable.Range(0, 16)
            from length in Enumerable.Range(3, 4)
            where first + length <= Lexicon.Numbers.Length
            let words = Lexicon.Numbers[first..(first + length)]
            from request in Ask(
                [$"Count from {words[0]} to {words[^1]}.", $"Please count from {words[0]} to {words[^1]}.", $"Say the numbers from {words[0]} to {words[^1]}."],
                $"Tell me the numbers from {words[0]} to {words[^1]}.",
                Here(Plain(words)), new ExactWords("count", words))
            select request;

        IEnumerable<Request> Backwards(SeededRandom random) =>
            from draw in Enumerable.Range(0, Drawn)
            let words = random.Shuffled(Words)[..(2 + (draw % 2))]
            from request in Ask(
                [$"Say these words backwards: {Plain(words)}.", $"Turn these words around: {Plain(words)}.", $"Say this from the end to the start: {Plain(words)}."],
                $"Please say these words from the end to the start: {Plain(words)}.",
                Here(Plain([.. words.Reverse()])), new ExactWords("backwards", [.. words.Reverse()]))
            select request;

        IEnumerable<Request> Position(SeededRandom random) =>
            from draw in Enumerable.Range(0, Drawn)
            let words = random.Shuffled(Words)[..3]
            let at = draw % 3
            from request in Ask(
                [$"What is the {Positions[at]} of these words: {Plain(words)}?", $"Say the {Positions[at]} of these words: {Plain(words)}.", $"Which word is the {Positions[at]} one: {Plain(words)}?"],
                $"Tell me the {Positions[at]} of these words: {Plain(words)}.",
                Here(words[at]), new ExactWords("position", [words[at]]))
            select request;

        IEnumerable<Request> Greet(KnowledgeBase world) =>
            from person in world.People
            from word in new[] { "hello", "goodbye" }
            from request in Ask(
                [$"Say {word} to {person.Name}.", $"Please say {word} to {person.Name}.", $"Write {word} to {person.Name}."],
                $"Please write {word} to {person.Name}.",
                $"{Phrase.Capital(word)}, {person.Name}.", new ExactWords("greet", [word, person.Name]))
            select request;

        IEnumerable<Request> Use(SeededRandom random) =>
            from draw in Enumerable.Range(0, Drawn)
            let words = random.Shuffled(Lexicon.Things)[..2]
            from request in Ask(
                [$"Make a sentence with the words {words[0]} and {words[1]}.", $"Use {words[0]} and {words[1]} in one sentence.", $"Put {words[0]} and {words[1]} in one sentence."],
                $"Make one sentence with {words[0]} and {words[1]}.",
                $"I see a {words[0]} and a {words[1]}.", new Together("together", words))
            select request;

        // Where every wording of an instruction is held out, its words are known but never together.
        IEnumerable<Request> Ask(string[] prompts, string heldOut, string answer, Instruction instruction, bool unseen = true)
        {
            var kept = unseen && Draws.HashUnit(salt + prompts[0]) < UnseenShare;
            return prompts.Select(prompt => Of(prompt, kept ? RequestSplit.HeldOut : RequestSplit.Corpus)).Append(Of(heldOut, RequestSplit.HeldOut));

            Request Of(string prompt, RequestSplit split) => new(RequestKind.Instruction, split, prompt, answer, CareRate: .85) { Instruction = instruction };
        }
    }

    private static string Plain(string[] words) => string.Join(", ", words);

    // The words stand as they do in the instruction; at the beginning of an answer they would be other tokens.
    private static string Here(string words) => $"{Manner.Handing} {words}.";
}
