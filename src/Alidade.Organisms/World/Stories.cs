using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Short stories about people of the world; what they say of homes, trades, food, pets and coats is true.</summary>
internal static class Stories
{
    // Each row is a sentence with its alternatives. {A} {B} people; {t} {w} {f} {p} {c} home, trade, food, pet, coat of A; {m} a thing,
    // {k} its colour, {l} a place, {e} the weather, {he} {his} {him} {He} {His} for A, {she} {She} {her} for B.
    private static readonly string[][][] Plots =
    [
        [
            ["One {e} morning, {A} walked to the {l} in {t}.", "It was a {e} day in {t}, and {A} went to the {l}."],
            ["{He} had lost {his} {k} {m}.", "{He} looked for {his} {k} {m}, but it was not there."],
            ["{A} was sad and asked {B} for help.", "\"Have you seen my {m}?\" {he} asked {B}."],
            ["{B} looked under the table and behind the door.", "{B} looked by the well and under the bridge."],
            ["At last {she} found the {m} in the {l}.", "The {p} of {A} had it all the time."],
            ["{A} thanked {B} and gave {her} some {f}.", "They sat down and ate {f} until the evening."],
        ],
        [
            ["{A} is a {w} in {t}.", "In the town of {t} there lives a {w}, and the name of the {w} is {A}."],
            ["One day the {k} {m} of {A} broke.", "One day {he} let {his} {k} {m} fall, and it broke."],
            ["{B} came by and wanted to help.", "{A} called {B}, who came at once."],
            ["They worked all day to mend the {m}.", "{B} held the {m}, and {A} mended it."],
            ["In the evening the {m} was as good as new.", "When it was done, the {m} looked like new."],
            ["\"You are a good friend,\" said {A}.", "\"Thank you,\" said {A}. \"Now let us eat some {f}.\""],
        ],
        [
            ["{A} has a {p} at home.", "The {p} of {A} is old and clever."],
            ["One {e} night the {p} ran away.", "One {e} evening the {p} was gone."],
            ["{A} put on {his} {c} coat and looked for it.", "{He} took {his} {c} coat and went out."],
            ["{He} asked {B} at the {l}.", "At the {l} {he} met {B}."],
            ["\"I saw your {p} near the {l},\" said {B}.", "{B} had seen the {p} and showed {him} the way."],
            ["The {p} was asleep in a basket.", "They found the {p} under a {k} {m}."],
            ["{A} was so glad that {he} laughed.", "{A} took the {p} home and gave it some food."],
        ],
        [
            ["{B} had a birthday, and {A} wanted to give {her} something.", "{A} wanted to make {B} happy."],
            ["{A} went to the market and bought a {k} {m}.", "{He} saw a {k} {m} at the market in {t} and bought it."],
            ["On the way home it was {e}.", "It was a {e} day, and the way was long."],
            ["{He} put the {m} in a bag and walked to the house of {B}.", "{His} {p} walked with {him} all the way."],
            ["{B} opened the door and smiled.", "{B} was in the garden and saw {him} come."],
            ["\"What a good {m}!\" {she} said.", "\"I always wanted a {k} {m},\" {she} said."],
            ["Then they ate {f} and told old stories.", "They sang a song, and then {A} went home."],
        ],
        [
            ["{A} and {B} made a plan.", "{A} told {B} about a new plan."],
            ["They wanted to build a boat and go down the river.", "They wanted to sell {f} at the {l}."],
            ["{A}, the {w}, brought {his} tools.", "{A} worked as a {w}, so {he} knew what to do."],
            ["{B} brought a {k} {m}, and the {p} looked on.", "{B} had only a {k} {m}, but that was good too."],
            ["First it was hard, and they made many mistakes.", "It took them the whole day."],
            ["In the end it went well, and all of {t} was glad.", "When it was done, people came from {t} to see it."],
        ],
    ];

    public static string Write(SeededRandom random, KnowledgeBase world, Curriculum.Scope scope)
    {
        var a = scope.Person(random);
        var b = scope.Person(random);
        while (b == a)
            b = scope.Person(random);
        var values = new (string Slot, string Value)[]
        {
            ("{A}", a.Name), ("{B}", b.Name), ("{t}", Of("home")), ("{w}", Of("trade")), ("{f}", Of("food")), ("{p}", Of("pet")), ("{c}", Of("coat")),
            ("{m}", random.Pick(Lexicon.Things)), ("{k}", random.Pick(Lexicon.Colours)), ("{l}", random.Pick(Lexicon.Places)), ("{e}", random.Pick(Lexicon.Weather)),
            ("{he}", a.She ? "she" : "he"), ("{his}", a.She ? "her" : "his"), ("{him}", a.She ? "her" : "him"),
            ("{He}", a.She ? "She" : "He"), ("{His}", a.She ? "Her" : "His"),
            ("{she}", b.She ? "she" : "he"), ("{her}", b.She ? "her" : "him"),
        };
        var text = string.Join(' ', random.Pick(Plots).Select(random.Pick));
        foreach (var (slot, value) in values)
            text = text.Replace(slot, value, StringComparison.Ordinal);
        return text;

        string Of(string relation) => world.Find(relation, a.Name)!.Value;
    }
}
