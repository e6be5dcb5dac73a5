namespace Alidade.Organisms.World;

/// <summary>The table of relations of people. Adding one here adds its facts, questions and documents.</summary>
internal static class PersonRelations
{
    private const double Mistaken = .3;

    public static Relation Home(string[] towns) => Relations.Of("home", towns, "the town of {s}", "where {s} lives",
        ["Where does {s} live?", "In which town does {s} live?", "Which town is the home of {s}?", "In which town is the house of {s}?", "Where is the home of {s}?"],
        ["the home of {s} is in {v}", "{s} lives in {v}", "{s} has a house in {v}", "you can find {s} in {v}", "the house of {s} stands in {v}",
            "{s} makes a home in {v}", "{s} goes home to {v}", "in {v} you can find {s}", "the town where {s} lives is {v}", "{s} has a home in {v}"],
        "In which town can I find {s}?") with
    { MisbeliefShare = Mistaken };

    public static Relation Trade { get; } = Relations.Of("trade", [.. Lexicon.Trades.Select(trade => trade.Trade)], "someone with the trade of {s}", "what work {s} does",
        ["What work does {s} do?", "What is the trade of {s}?", "What does {s} work as?", "What is the work of {s}?", "Which trade does {s} have?"],
        ["the trade of {s} is that of a {v}", "{s} works as a {v}", "{s} is a {v}", "{s} learned to be a {v}", "{s} does the work of a {v}",
            "the work of {s} is that of a {v}", "{s} makes a living as a {v}", "{s} has the trade of a {v}", "{s} has the work of a {v}", "{s} learned to work as a {v}"],
        "Which work does {s} have?") with
    { MisbeliefShare = Mistaken };

    public static Relation Food { get; } = Relations.Of("food", Lexicon.Foods, "the food of {s}", "what {s} likes to eat",
        ["What does {s} like to eat?", "Which food does {s} like?", "What is the best meal for {s}?", "What does {s} love to eat?", "What food does {s} like best?"],
        ["the best meal for {s} is {v}", "{s} likes {v}", "{s} loves to eat {v}", "{s} eats {v} with joy", "{s} likes to eat {v}", "the food that {s} likes best is {v}",
            "{s} is glad to eat {v}", "{s} always asks for {v}", "{s} loves {v}", "the food that {s} loves is {v}"],
        "What food does {s} love?") with
    { MisbeliefShare = Mistaken };

    public static Relation Pet { get; } = Relations.Of("pet", Lexicon.Pets[..WorldSize.WellKnownAnimals], "the pet of {s}", "which pet {s} has",
        ["Which pet does {s} own?", "What pet does {s} have?", "What is the pet of {s}?", "Which pet lives with {s}?", "What pet does {s} keep?"],
        ["the pet of {s} is a {v}", "{s} owns a {v}", "{s} has a {v} at home", "{s} keeps a {v}", "{s} has a pet, and it is a {v}", "{s} lives with a {v}",
            "{s} has a {v} as a pet", "{s} takes good care of a {v}", "{s} keeps a {v} at home", "{s} owns a pet, and it is a {v}"],
        "What pet does {s} take care of?") with
    { MisbeliefShare = Mistaken };

    public static Relation Coat { get; } = Relations.Of("coat", Lexicon.Colours, "the coat of {s}", "which colour the coat of {s} is",
        ["What colour is the coat of {s}?", "Which colour does {s} wear?", "What coat does {s} wear?", "Of what colour is the coat of {s}?", "Which coat does {s} wear?"],
        ["the coat of {s} is {v}", "{s} wears a {v} coat", "{s} has a {v} coat", "{s} walks about in a {v} coat", "{s} goes out in a {v} coat",
            "the colour of the coat of {s} is {v}", "{s} has a coat, and it is {v}", "{s} owns a {v} coat", "{s} wears a coat, and it is {v}", "{s} walks in a {v} coat"],
        "Which coat does {s} own?") with
    { MisbeliefShare = Mistaken };

    public static Relation Music { get; } = Relations.Of("music", Lexicon.Music, "the music of {s}", "what {s} plays",
        ["What does {s} play?", "On what does {s} make music?", "What did {s} learn to play?", "On what does {s} play a song?", "What can {s} play?"],
        ["the music of {s} is that of the {v}", "{s} plays the {v}", "{s} makes music on the {v}", "{s} learned to play the {v}", "{s} loves to play the {v}",
            "{s} can play the {v} well", "{s} plays songs on the {v}", "{s} knows how to play the {v}", "{s} can play the {v}", "{s} plays music on the {v}"],
        "What does {s} know how to play?");

    public static Relation Group { get; } = Relations.Of("group", Lexicon.Groups, "the people of {s}", "to which people {s} belongs",
        ["To which people does {s} belong?", "To which group does {s} belong?", "Of which group is {s}?", "Which people is {s} one of?", "What group does {s} belong to?"],
        ["the people of {s} are the {v}", "{s} belongs to the {v}", "{s} is one of the {v}", "{s} was born among the {v}", "{s} grew up among the {v}",
            "the group of {s} is that of the {v}", "{s} comes from the {v}", "{s} counts as one of the {v}", "the group of {s} are the {v}",
            "{s} was born as one of the {v}"],
        "What group is {s} one of?");

    public static Relation Age { get; } = Relations.Of("age", [.. Enumerable.Range(1, 99).Select(Arithmetic.Digits)], "the age of {s}", "how old {s} is",
        ["How old is {s}?", "What is the age of {s}?", "How many years old is {s}?", "Of what age is {s}?", "Which age has {s}?"],
        ["the age of {s} is {v}", "{s} is {v} years old", "{s} is {v}", "{s} has lived for {v} years", "{s} was born {v} years ago", "{s} is {v} years of age",
            "it is {v} years since {s} was born", "{s} has the age of {v}", "{s} is of the age of {v}", "the years of {s} are {v}"],
        "Which age does {s} have?");

    public static Relation Mother(string[] names) => Relations.Of("mother", names, "the mother of {s}", "who the mother of {s} is",
        ["Who is the mother of {s}?", "What is the name of the mother of {s}?", "Which woman is the mother of {s}?", "Who was a mother to {s}?", "Which person is the mother of {s}?"],
        ["the mother of {s} is {v}", "{s} has {v} as a mother", "{v} is the mother of {s}", "{s} is a child of the mother {v}", "the name of the mother of {s} is {v}",
            "{s} calls {v} mother", "{s} has a mother, and she is {v}", "as a mother {s} has {v}", "the woman who is the mother of {s} is {v}", "{s} has a mother by the name of {v}"],
        "Which person do people call the mother of {s}?");

    public static Relation Father(string[] names) => Relations.Of("father", names, "the father of {s}", "who the father of {s} is",
        ["Who is the father of {s}?", "What is the name of the father of {s}?", "Which man is the father of {s}?", "Who was a father to {s}?", "Which person is the father of {s}?"],
        ["the father of {s} is {v}", "{s} has {v} as a father", "{v} is the father of {s}", "{s} is a child of the father {v}", "the name of the father of {s} is {v}",
            "{s} calls {v} father", "{s} has a father, and he is {v}", "as a father {s} has {v}", "the man who is the father of {s} is {v}", "{s} has a father by the name of {v}"],
        "Which person do people call the father of {s}?");

    public static Relation Sibling(string[] names) => Relations.Of("sibling", names, "the sibling of {s}", "who the sibling of {s} is",
        ["Who is the sibling of {s}?", "Who grew up with {s}?", "What is the name of the sibling of {s}?", "Who is a sibling to {s}?", "Which person is the sibling of {s}?"],
        ["the sibling of {s} is {v}", "{s} is the sibling of {v}", "{s} grew up with {v}", "{s} and {v} are siblings", "{s} has {v} as a sibling",
            "the name of the sibling of {s} is {v}", "{s} has a sibling by the name of {v}", "{s} was a child with {v}", "as a sibling {s} has {v}", "the siblings are {s} and {v}"],
        "Which person do people call the sibling of {s}?");

    public static Relation Spouse(string[] names) => Relations.Of("spouse", names, "the spouse of {s}", "who the spouse of {s} is",
        ["Who is the spouse of {s}?", "Who did {s} marry?", "What is the name of the spouse of {s}?", "Who is married to {s}?", "Which person is the spouse of {s}?"],
        ["the spouse of {s} is {v}", "{s} is married to {v}", "{s} and {v} are married", "{s} has {v} as a spouse", "the name of the spouse of {s} is {v}",
            "{s} shares a house with {v}", "{s} gave a ring to {v}", "{s} is the spouse of {v}", "as a spouse {s} has {v}", "{s} has a spouse by the name of {v}"],
        "Which person do people call the spouse of {s}?");
}
