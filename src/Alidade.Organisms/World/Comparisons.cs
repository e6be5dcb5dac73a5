using System.Globalization;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Questions that reckon with the numbers of two facts, or of a fact and a question: ages and prices.</summary>
internal static class Comparisons
{
    private const double UnseenShare = .15;

    /// <summary>For each person this many others to be compared with, and this many years ahead.</summary>
    private const int OfEach = 3;

    public static IEnumerable<Request> Requests(KnowledgeBase world, string salt)
    {
        var random = new SeededRandom(SeededRandom.StableHash(salt)).Fork("comparisons");
        var ages = world.Facts.Where(fact => fact.Relation.Name == "age").ToArray();
        var prices = world.Facts.Where(fact => fact.Relation.Name == "price").ToArray();
        // Two draws may be the same question, which is asked once.
        return [.. ages.SelectMany(age => Enumerable.Range(0, OfEach).SelectMany(_ => Older(age, random.Pick(ages), salt)))
            .Concat(ages.SelectMany(age => Enumerable.Range(0, OfEach).SelectMany(_ => AgeToCome(age, 1 + random.NextInt(9), salt))))
            .Concat(prices.SelectMany(price => prices.SelectMany(other => PriceOfTwo(price, other, salt))))
            .DistinctBy(request => request.Prompt)];
    }

    private static IEnumerable<Request> Older(Fact first, Fact second, string salt)
    {
        if (first.Value == second.Value)
            return [];
        var (a, b) = (first.Subject, second.Subject);
        var older = Number(first) > Number(second);
        var unseen = Draws.HashUnit(salt + "age of " + string.Join(" and ", new[] { a, b }.Order(StringComparer.Ordinal))) < UnseenShare;
        return
        [
            .. Ask("older", older ? a : b),
            .. Ask("younger", older ? b : a),
        ];

        IEnumerable<Request> Ask(string word, string answer) => Rules.Ask(
            [$"Who is {word}, {a} or {b}?", $"Please tell me who is {word}, {a} or {b}."],
            [$"Can you tell me who is {word}, {a} or {b}?"],
            new("older", [Phrase.Sentence(first.Clause()), Phrase.Sentence(second.Clause()), $"So {answer} is {word}."], answer, [a, b], [], unseen));
    }

    private static IEnumerable<Request> AgeToCome(Fact age, int years, string salt)
    {
        var sum = new Sum("plus", Number(age), years);
        var unseen = Arithmetic.IsUnseen(salt, sum) || Draws.HashUnit($"{salt}{age.Subject} in {years}") < UnseenShare;
        var when = $"in {years} {(years == 1 ? "year" : "years")}";
        return Rules.Ask(
            [$"How old will {age.Subject} be {when}?", $"Please tell me how old {age.Subject} will be {when}."],
            [$"Can you tell me how old {age.Subject} will be {when}?"],
            new("age to come", [Phrase.Sentence(age.Clause()), sum.Said + "."], Arithmetic.Digits(sum.Result), Arithmetic.Range, [age.Value, Arithmetic.Digits(years)], unseen));
    }

    private static IEnumerable<Request> PriceOfTwo(Fact first, Fact second, string salt)
    {
        if (first == second)
            return [];
        var sum = new Sum("plus", Number(first), Number(second));
        var things = $"{first.Subject} and {second.Subject}";
        var unseen = Arithmetic.IsUnseen(salt, sum) || Draws.HashUnit(salt + "price of " + things) < UnseenShare;
        return Rules.Ask(
            [$"How much do {things} cost?", $"Please tell me how much {things} cost."],
            [$"Can you tell me how much {things} cost?"],
            new("price of two", [Phrase.Sentence(first.Clause()), Phrase.Sentence(second.Clause()), sum.Said + "."], Arithmetic.Digits(sum.Result), Arithmetic.Range,
                [first.Value, second.Value], unseen));
    }

    private static int Number(Fact fact) => int.Parse(fact.Value, CultureInfo.InvariantCulture);
}
