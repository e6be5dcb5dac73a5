namespace Alidade.Organisms.World;

/// <summary>The table of relations of towns and of ships.</summary>
internal static class PlaceRelations
{
    private const double Mistaken = .5;

    public static Relation Direction { get; } = Relations.Of("direction", Lexicon.Directions, "the land of {s}", "where {s} lies",
        ["Where does {s} lie?", "In which part of the land is {s}?", "Where is the town of {s}?", "To which side of the land does {s} lie?", "In which part of the land does {s} lie?"],
        ["the town of {s} is in the {v}", "{s} lies in the {v}", "you find {s} in the {v}", "to see {s} you must go to the {v}", "{s} is a town in the {v}",
            "the way to {s} goes to the {v}", "{s} is in the {v} of the land", "in the {v} you find {s}", "the town of {s} lies in the {v}",
            "to find {s} you must go to the {v}"],
        "In which part of the land do you find {s}?") with
    { MisbeliefShare = Mistaken };

    public static Relation Site { get; } = Relations.Of("site", Lexicon.Sites, "what is near {s}", "what is near {s}",
        ["What was {s} built near?", "What is near {s}?", "What does {s} stand beside?", "Near what was {s} built?", "What do the people of {s} live by?"],
        ["there is a {v} near {s}", "{s} stands beside a {v}", "the people of {s} live by a {v}", "{s} was built near a {v}", "beside {s} there is a {v}",
            "near {s} you find a {v}", "{s} is a town by a {v}", "the houses of {s} stand by a {v}", "{s} was built beside a {v}", "the people of {s} live near a {v}"],
        "What do the people of {s} live near?") with
    { MisbeliefShare = Mistaken };

    public static Relation Ware { get; } = Relations.Of("ware", Lexicon.Wares, "the wares of {s}", "what {s} is known for",
        ["What is {s} known for?", "What do people buy in {s}?", "What does {s} make?", "What is made in {s}?", "What do people go to {s} to buy?"],
        ["people go to {s} to buy {v}", "{s} is known for its {v}", "the {v} of {s} are known in all the land", "{s} makes good {v}", "people buy {v} in {s}",
            "good {v} are made in {s}", "{s} sells {v}", "the people of {s} make {v}", "the people of {s} sell {v}", "in {s} people buy {v}"],
        "What do people come to {s} to buy?") with
    { MisbeliefShare = Mistaken };

    public static Relation Mayor(string[] names) => Relations.Of("mayor", names, "the mayor of {s}", "who the mayor of {s} is",
        ["Who is the mayor of {s}?", "What is the name of the mayor of {s}?", "Who speaks for the town of {s}?", "Who is mayor in {s}?", "Which person is the mayor of {s}?"],
        ["the mayor of {s} is {v}", "{s} has {v} as its mayor", "{v} is the mayor of {s}", "the name of the mayor of {s} is {v}", "the people of {s} made {v} their mayor",
            "in {s} the mayor is {v}", "{v} speaks for the town of {s}", "{s} has a mayor by the name of {v}", "as a mayor {s} has {v}", "the town of {s} has {v} as its mayor"],
        "Which person do people call the mayor of {s}?");

    public static Relation Feast { get; } = Relations.Of("feast", Lexicon.Months, "the feast of {s}", "when the feast of {s} is",
        ["When is the feast of {s}?", "In which month is the feast of {s}?", "When do the people of {s} dance?", "Which month has the feast of {s}?", "In which month do the people of {s} dance?"],
        ["the feast of {s} is in {v}", "{s} has its feast in {v}", "the people of {s} dance in {v}", "in {v} the people of {s} have a feast", "{s} holds a feast in {v}",
            "the month of the feast of {s} is {v}", "in {v} there is a feast in {s}", "come to {s} in {v} for the feast", "the people of {s} have a feast in {v}", "in {v} the people of {s} dance"],
        "In which month do people dance in {s}?");

    public static Relation Gate { get; } = Relations.Of("gate", Lexicon.Colours, "the gate of {s}", "which colour the gate of {s} is",
        ["What colour is the gate of {s}?", "Of what colour is the gate of {s}?", "What gate does {s} have?", "Which colour has the gate of {s}?", "Which gate does {s} have?"],
        ["the gate of {s} is {v}", "{s} has a {v} gate", "the colour of the gate of {s} is {v}", "you come to {s} by a {v} gate", "the town of {s} has a {v} gate",
            "a {v} gate leads to {s}", "the people of {s} paint the gate {v}", "{s} has a gate, and it is {v}", "you come to the town of {s} by a {v} gate", "the town of {s} has a gate, and it is {v}"],
        "Which gate leads to {s}?");

    public static Relation Dish { get; } = Relations.Of("dish", Lexicon.Foods, "the dish of {s}", "what people cook in {s}",
        ["What do people cook in {s}?", "What is the dish of {s}?", "What do people eat in {s}?", "What is cooked in {s}?", "Which dish do people cook in {s}?"],
        ["the dish of {s} is {v}", "people cook {v} in {s}", "in {s} people eat {v}", "{s} is a good town for {v}", "the people of {s} cook {v}",
            "the people of {s} eat {v}", "{v} is what people cook in {s}", "in {s} you get {v}", "in {s} people cook {v}", "people eat {v} in {s}"],
        "Which dish do people eat in {s}?");

    public static Relation Tree { get; } = Relations.Of("tree", Lexicon.Trees, "the tree of {s}", "which tree grows in {s}",
        ["Which tree grows in {s}?", "What tree stands in {s}?", "What is the tree of {s}?", "Which tree is old in {s}?", "What tree grows in {s}?"],
        ["the tree of {s} is a {v}", "a {v} grows in {s}", "an old {v} stands in {s}", "in {s} there is a tall {v}", "{s} has a tall {v}",
            "in the square of {s} grows a {v}", "{s} is proud of its old {v}", "the old tree of {s} is a {v}", "in {s} grows a tall {v}", "{s} has an old {v}"],
        "What tree is old in {s}?");

    public static Relation Captain(string[] names) => Relations.Of("captain", names, "the captain of {s}", "who the captain of {s} is",
        ["Who is the captain of {s}?", "What is the name of the captain of {s}?", "Who sails {s}?", "Who is captain on {s}?", "Which person is the captain of {s}?"],
        ["the captain of {s} is {v}", "{s} has {v} as its captain", "{v} is the captain of {s}", "the name of the captain of {s} is {v}", "{v} sails {s}",
            "on {s} the captain is {v}", "{s} has a captain by the name of {v}", "{s} sails under {v}", "as a captain {s} has {v}", "the captain who sails {s} is {v}"],
        "Which person do people call the captain of {s}?");

    public static Relation Port(string[] towns) => Relations.Of("port", towns, "the port of {s}", "from which port {s} sails",
        ["From which port does {s} sail?", "What is the port of {s}?", "From which town does {s} come?", "Where was {s} built?", "From which town does {s} sail?"],
        ["{s} sails from {v}", "the port of {s} is {v}", "{s} comes from {v}", "{s} was built in {v}", "{s} goes home to {v}",
            "you can see {s} in the port of {v}", "in {v} you can see {s}", "{s} has its port in {v}", "the port from which {s} sails is {v}", "{s} sails home to {v}"],
        "From which town does {s} go to sea?");

    public static Relation Cargo { get; } = Relations.Of("cargo", Lexicon.Wares, "the cargo of {s}", "what {s} carries",
        ["What does {s} carry?", "What is the cargo of {s}?", "What does {s} bring?", "What is on {s}?", "What cargo does {s} carry?"],
        ["{s} carries {v}", "the cargo of {s} is {v}", "{s} brings {v}", "{s} is full of {v}", "there are {v} on {s}",
            "{s} sails with {v}", "{s} brings us {v}", "on {s} there are many {v}", "{s} has a cargo of {v}", "{s} carries a cargo of {v}"],
        "What cargo does {s} bring?");

    public static Relation Sail { get; } = Relations.Of("sail", Lexicon.Colours, "the sail of {s}", "which colour the sail of {s} is",
        ["What colour is the sail of {s}?", "Of what colour is the sail of {s}?", "What sail does {s} have?", "Which colour has the sail of {s}?", "Which sail does {s} have?"],
        ["the sail of {s} is {v}", "{s} has a {v} sail", "the colour of the sail of {s} is {v}", "{s} goes under a {v} sail", "you know {s} by its {v} sail",
            "{s} has a sail, and it is {v}", "a {v} sail is on {s}", "the people of {s} made the sail {v}", "{s} sails under a {v} sail", "you see {s} by its {v} sail"],
        "Which sail is on {s}?");
}
