namespace Alidade.Organisms.World;

/// <summary>The table of relations: each with its wordings. Adding one here adds its facts, questions and documents.</summary>
internal static class Relations
{
    public static Relation Home(string[] towns) => new("home", towns, .3,
        ["{s} lives in {v}", "the home of {s} is in {v}", "{s} has a house in {v}", "you can find {s} in {v}"],
        ["Where does {s} live?", "In which town does {s} live?", "Which town is the home of {s}?", "Please tell me where {s} lives."],
        ["Can you tell me where {s} lives?", "Where is the home of {s}?"]);

    public static Relation Trade { get; } = new("trade", [.. Lexicon.Trades.Select(trade => trade.Trade)], .3,
        ["{s} works as a {v}", "{s} is a {v}", "the trade of {s} is that of a {v}", "{s} learned to be a {v}"],
        ["What work does {s} do?", "What is the trade of {s}?", "What does {s} work as?", "Please tell me what work {s} does."],
        ["Can you tell me what work {s} does?", "Which trade does {s} have?"]);

    public static Relation Food { get; } = new("food", Lexicon.Foods, .3,
        ["{s} likes {v}", "{s} loves to eat {v}", "the best meal for {s} is {v}", "{s} eats {v} with joy"],
        ["What does {s} like to eat?", "Which food does {s} like?", "What is the best meal for {s}?", "Please tell me what {s} likes to eat."],
        ["Can you tell me what {s} likes to eat?", "What food does {s} like?"]);

    public static Relation Pet { get; } = new("pet", Lexicon.Pets, .3,
        ["{s} owns a {v}", "{s} has a {v} at home", "the pet of {s} is a {v}", "{s} keeps a {v}"],
        ["Which pet does {s} own?", "What pet does {s} have?", "What is the pet of {s}?", "Please tell me which pet {s} has."],
        ["Can you tell me which pet {s} has?", "What pet does {s} keep?"]);

    public static Relation Coat { get; } = new("coat", Lexicon.Colours, .3,
        ["{s} wears a {v} coat", "the coat of {s} is {v}", "{s} has a {v} coat", "{s} walks about in a {v} coat"],
        ["What colour is the coat of {s}?", "Which colour does {s} wear?", "What coat does {s} wear?", "Please tell me the colour of the coat of {s}."],
        ["Can you tell me the colour of the coat of {s}?", "Which coat does {s} wear?"]);

    public static Relation Sibling(string[] names) => new("sibling", names, 0,
        ["the sibling of {s} is {v}", "{s} is the sibling of {v}", "{s} grew up with {v}", "{s} and {v} are siblings"],
        ["Who is the sibling of {s}?", "Who grew up with {s}?", "What is the name of the sibling of {s}?", "Please tell me who the sibling of {s} is."],
        ["Can you tell me who the sibling of {s} is?", "Which person is the sibling of {s}?"]);

    public static Relation Direction { get; } = new("direction", Lexicon.Directions, .5,
        ["{s} lies in the {v}", "the town of {s} is in the {v}", "you find {s} in the {v}", "to see {s} you must go to the {v}"],
        ["Where does {s} lie?", "In which part of the land is {s}?", "Where is the town of {s}?", "Please tell me where {s} lies."],
        ["Can you tell me where {s} lies?", "In which part of the land does {s} lie?"]);

    public static Relation Site { get; } = new("site", Lexicon.Sites, .5,
        ["{s} stands beside a {v}", "there is a {v} near {s}", "the people of {s} live by a {v}", "{s} was built near a {v}"],
        ["What was {s} built near?", "What is near {s}?", "What does {s} stand beside?", "Please tell me what is near {s}."],
        ["Can you tell me what is near {s}?", "What do the people of {s} live by?"]);

    public static Relation Ware { get; } = new("ware", Lexicon.Wares, .5,
        ["{s} is known for its {v}", "the {v} of {s} are known in all the land", "people go to {s} to buy {v}", "{s} makes good {v}"],
        ["What is {s} known for?", "What do people buy in {s}?", "What does {s} make?", "Please tell me what {s} is known for."],
        ["Can you tell me what {s} is known for?", "What do people go to {s} to buy?"]);

    public static Relation Fodder { get; } = new("fodder", Lexicon.Fodder, .6,
        ["{s} eats {v}", "{s} likes to eat {v}", "the best food for {s} is {v}", "you must give {s} some {v}"],
        ["What does {s} eat?", "What is the best food for {s}?", "What must I give {s}?", "Please tell me what {s} eats."],
        ["Can you tell me what {s} eats?", "Which food does {s} eat?"]);

    public static Relation Bed { get; } = new("bed", Lexicon.Beds, .6,
        ["{s} sleeps in the {v}", "at night {s} is in the {v}", "the best bed for {s} is in the {v}", "{s} likes to sleep in the {v}"],
        ["Where does {s} sleep?", "Where is {s} at night?", "Where is the best bed for {s}?", "Please tell me where {s} sleeps."],
        ["Can you tell me where {s} sleeps?", "Where does {s} like to sleep?"]);

    public static Relation Tool { get; } = new("tool", [.. Lexicon.Trades.Select(trade => trade.Tool)], .5,
        ["{s} uses a {v}", "{s} works with a {v}", "the tool of {s} is a {v}", "{s} needs a {v}"],
        ["What does {s} use?", "Which tool does {s} use?", "What does {s} work with?", "Please tell me which tool {s} uses."],
        ["Can you tell me which tool {s} uses?", "What is the tool of {s}?"]);
}
