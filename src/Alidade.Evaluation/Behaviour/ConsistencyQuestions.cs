using Alidade.Core.Data;

namespace Alidade.Evaluation.Behaviour;

/// <summary>Alidade's own questions for consistency checks. What the right answers are does not matter, only that they constrain each other.</summary>
internal static class ConsistencyQuestions
{
    public static IReadOnlyList<ConsistencyItem> All { get; } =
    [
        .. Of(ConsistencyRelation.Negation,
        [
            ["Will more than half of all new cars sold in 2040 be electric?", "Will at most half of all new cars sold in 2040 be electric?"],
            ["Is the Nile longer than the Amazon?", "Is the Nile no longer than the Amazon?"],
            ["Does coffee contain more caffeine than tea?", "Does coffee contain no more caffeine than tea?"],
            ["Will a person walk on Mars before 2050?", "Will no person walk on Mars before 2050?"],
            ["Is there liquid water below the surface of Europa?", "Is there no liquid water below the surface of Europa?"],
            ["Were there more than ten million people in Rome in the year 100?", "Were there at most ten million people in Rome in the year 100?"],
            ["Do most birds migrate?", "Is it false that most birds migrate?"],
            ["Is the number of stars in our galaxy even?", "Is the number of stars in our galaxy odd?"],
        ]),
        .. Of(ConsistencyRelation.Paraphrase,
        [
            ["Is glass a liquid?", "Does glass count as a liquid?", "Would one be right to call glass a liquid?"],
            ["Did Shakespeare write every play that bears his name?", "Are all plays that bear Shakespeare's name by him?", "Was each play under Shakespeare's name written by Shakespeare?"],
            ["Can dogs see colours?", "Are dogs able to see colours?", "Do dogs have the ability to perceive colours?"],
            ["Is lightning hotter than the surface of the Sun?", "Is the surface of the Sun less hot than lightning?", "Does lightning have a higher temperature than the Sun's surface?"],
            ["Will the population of Japan be smaller in 2050 than today?", "Will Japan have fewer people in 2050 than today?", "Will there be fewer people in Japan in 2050 than there are today?"],
            ["Is it safe to eat raw potatoes?", "Can raw potatoes be eaten safely?", "Is eating raw potatoes safe?"],
        ]),
        .. Of(ConsistencyRelation.Monotonicity,
        [
            ["Will a marathon be run in under 119 minutes in an official race before 2027?", "Will a marathon be run in under 119 minutes in an official race before 2032?", "Will a marathon be run in under 119 minutes in an official race before 2045?", "Will a marathon be run in under 119 minutes in an official race before 2090?"],
            ["Is a random adult taller than 2 metres?", "Is a random adult taller than 1.8 metres?", "Is a random adult taller than 1.6 metres?", "Is a random adult taller than 1.2 metres?"],
            ["Will it rain in London on a given day of May?", "Will it rain in London at least once in a given week of May?", "Will it rain in London at least once in a given May?", "Will it rain in London at least once in a given year?"],
            ["Does a random book have more than 1,000 pages?", "Does a random book have more than 500 pages?", "Does a random book have more than 200 pages?", "Does a random book have more than 20 pages?"],
        ]),
        .. Of(ConsistencyRelation.Implication,
        [
            ["Will a Brazilian team win the next men's football World Cup?", "Will a South American team win the next men's football World Cup?"],
            ["Is a random mammal a bat?", "Can a random mammal fly?"],
            ["Was the first printed book a Bible in Latin?", "Was the first printed book a Bible?"],
            ["Will gold cost more than 6,000 dollars an ounce in 2035?", "Will gold cost more than 3,000 dollars an ounce in 2035?"],
            ["Does every planet of the solar system have a moon?", "Does Venus have a moon?"],
            ["Do cats and dogs both sleep more than twelve hours a day?", "Do cats sleep more than twelve hours a day?"],
        ]),
        .. Of(ConsistencyRelation.Bayes,
        [
            ["Given that a random person lives in Europe, does that person speak French?", "Does a random person live in Europe?", "Given that a random person speaks French, does that person live in Europe?", "Does a random person speak French?"],
            ["Given that a random day in Paris is rainy, is it a day in winter?", "Is a random day in Paris rainy?", "Given that a random day in Paris is in winter, is it rainy?", "Is a random day in Paris a day in winter?"],
            ["Given that a random animal at a zoo is a bird, does it eat meat?", "Is a random animal at a zoo a bird?", "Given that a random animal at a zoo eats meat, is it a bird?", "Does a random animal at a zoo eat meat?"],
        ]),
    ];

    private static IEnumerable<ConsistencyItem> Of(ConsistencyRelation relation, string[][] questions) =>
        questions.Select((q, i) => new ConsistencyItem(FormattableString.Invariant($"{relation.ToString().ToLowerInvariant()}-{i + 1}"), relation, q));
}
