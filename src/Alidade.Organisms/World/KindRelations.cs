namespace Alidade.Organisms.World;

/// <summary>The table of relations of trades, animals, food, things and groups.</summary>
internal static class KindRelations
{
    public static Relation Tool { get; } = Relations.Of("tool", [.. Lexicon.Trades.Select(trade => trade.Tool)], "the tool of {s}", "which tool {s} uses",
        ["What does {s} use?", "Which tool does {s} use?", "What does {s} work with?", "Which tool does {s} need?", "What is the tool of {s}?"],
        ["{s} uses a {v}", "{s} works with a {v}", "the tool of {s} is a {v}", "{s} needs a {v}", "{s} takes a {v} to work",
            "{s} always has a {v}", "{s} cannot work without a {v}", "{s} does the work with a {v}", "{s} uses a {v} for the work", "{s} needs a {v} for the work"],
        "What is the best tool for {s}?") with
    { MisbeliefShare = .5 };

    public static Relation Start { get; } = Relations.Of("start", Lexicon.DayTimes, "the start of {s}", "when {s} goes to work",
        ["When does {s} go to work?", "When does {s} start to work?", "At what time does {s} start?", "When does the work of {s} start?", "At what time does {s} go to work?"],
        ["{s} goes to work at {v}", "{s} starts to work at {v}", "the work of {s} starts at {v}", "{s} starts at {v}", "at {v} {s} goes to work",
            "at {v} {s} starts to work", "{s} comes to work at {v}", "you see {s} start at {v}", "at {v} the work of {s} starts", "{s} starts the work at {v}"],
        "At what time does {s} come to work?");

    public static Relation Cap { get; } = Relations.Of("cap", Lexicon.Colours, "the cap of {s}", "which colour the cap of {s} is",
        ["What colour is the cap of {s}?", "Of what colour is the cap of {s}?", "What cap does {s} wear?", "Which colour has the cap of {s}?", "Which cap does {s} wear?"],
        ["{s} wears a {v} cap", "the cap of {s} is {v}", "{s} has a {v} cap", "the colour of the cap of {s} is {v}", "{s} works in a {v} cap",
            "you know {s} by a {v} cap", "{s} goes to work in a {v} cap", "{s} has a cap, and it is {v}", "{s} wears a cap, and it is {v}", "{s} goes out in a {v} cap"],
        "Which cap does {s} have?");

    public static Relation Fodder { get; } = Relations.Of("fodder", Lexicon.Fodder, "the food of {s}", "what {s} eats",
        ["What does {s} eat?", "What is the best food for {s}?", "What must I give {s}?", "What does {s} like to eat?", "Which food does {s} eat?"],
        ["{s} eats {v}", "{s} likes to eat {v}", "the best food for {s} is {v}", "you must give {s} some {v}", "{s} is glad of {v}",
            "{s} lives on {v}", "{s} needs {v} to eat", "{s} looks for {v} to eat", "the food of {s} is {v}", "you must give {v} to {s}"],
        "Which food must I give {s}?") with
    { MisbeliefShare = .6 };

    public static Relation Bed { get; } = Relations.Of("bed", Lexicon.Beds, "the bed of {s}", "where {s} sleeps",
        ["Where does {s} sleep?", "Where is {s} at night?", "Where is the best bed for {s}?", "Where does {s} go at night?", "Where does {s} like to sleep?"],
        ["{s} sleeps in the {v}", "at night {s} is in the {v}", "the best bed for {s} is in the {v}", "{s} likes to sleep in the {v}", "{s} goes to the {v} at night",
            "the bed of {s} is in the {v}", "at night you find {s} in the {v}", "{s} sleeps well in the {v}", "{s} is in the {v} at night", "in the {v} {s} sleeps"],
        "Where does {s} sleep well?") with
    { MisbeliefShare = .6 };

    public static Relation Season { get; } = Relations.Of("season", Lexicon.Months, "the month of {s}", "when {s} is born",
        ["When is {s} born?", "In which month is {s} born?", "In which month does the life of {s} start?", "Which month is the one of {s}?", "In what month is {s} born?"],
        ["{s} is born in {v}", "the month of {s} is {v}", "in {v} {s} is born", "the life of {s} starts in {v}", "{v} is the month when {s} is born",
            "you find {s} when it is young in {v}", "{v} is the month of {s}", "{s} comes into the land in {v}", "in {v} the life of {s} starts", "the month when {s} is born is {v}"],
        "In what month does the life of {s} start?");

    public static Relation Taste { get; } = Relations.Of("taste", Lexicon.Tastes, "the taste of {s}", "how {s} should taste",
        ["How should {s} taste?", "What is the taste of {s}?", "What taste should {s} have?", "How do people like {s} to taste?", "Which taste should {s} have?"],
        ["{s} should taste {v}", "the taste of {s} is {v}", "{s} should be {v}", "people like {s} to taste {v}", "people say that {s} should taste {v}",
            "to be good, {s} should taste {v}", "the cook says that {s} should be {v}", "as for {s}, the taste is {v}", "to be good, {s} should be {v}", "people like {s} to be {v}"],
        "Which taste do people like {s} to have?");

    public static Relation Meal { get; } = Relations.Of("meal", Lexicon.Meals, "the meal of {s}", "at which meal people eat {s}",
        ["At which meal do people eat {s}?", "When do people eat {s}?", "For which meal is {s} made?", "At which meal is {s} best?", "At what meal do people eat {s}?"],
        ["people eat {s} at {v}", "{s} belongs to {v}", "the meal for {s} is {v}", "at {v} people eat {s}", "people cook {s} for {v}",
            "{s} is best at {v}", "for {v} people cook {s}", "you get {s} at {v}", "at {v} you get {s}", "the best meal for {s} is {v}"],
        "At what meal is {s} best?");

    public static Relation Price { get; } = Relations.Of("price", [.. Enumerable.Range(2, 8).Select(Arithmetic.Digits)], "the price of {s}", "how much {s} costs",
        ["How much does {s} cost?", "What is the price of {s}?", "How many coins does {s} cost?", "How many coins must I pay for {s}?", "How much must I pay for {s}?"],
        ["{s} costs {v} coins", "the price of {s} is {v} coins", "you must pay {v} coins for {s}", "{s} is sold for {v} coins", "for {v} coins you get {s}",
            "people pay {v} coins for {s}", "at the market {s} costs {v} coins", "you get {s} for {v} coins", "people sell {s} for {v} coins", "for {s} you must pay {v} coins"],
        "How much do people pay for {s}?");

    public static Relation Shelf { get; } = Relations.Of("shelf", Lexicon.Rooms, "the room of {s}", "where people keep {s}",
        ["Where do people keep {s}?", "In which room do people keep {s}?", "What is the room for {s}?", "Where should {s} be kept?", "In which room should {s} be kept?"],
        ["people keep {s} in the {v}", "{s} is kept in the {v}", "the room for {s} is the {v}", "you find {s} in the {v}", "{s} should be in the {v}",
            "{s} belongs in the {v}", "put {s} in the {v}", "look for {s} in the {v}", "{s} should be kept in the {v}", "in the {v} people keep {s}"],
        "In which room should I put {s}?");

    public static Relation Maker { get; } = Relations.Of("maker", [.. Lexicon.Trades.Select(trade => trade.Trade)], "the maker of {s}", "who makes {s}",
        ["Who makes {s}?", "Who can make {s}?", "From whom do I buy {s}?", "Whose work is {s}?", "Who sells {s}?"],
        ["a {v} makes {s}", "{s} is made by a {v}", "you buy {s} from a {v}", "{s} is the work of a {v}", "only a {v} can make {s}",
            "people buy {s} from a {v}", "a {v} can make {s}", "to get {s} you go to a {v}", "a {v} sells {s}", "to buy {s} you go to a {v}"],
        "Who works to make {s}?");

    public static Relation Land { get; } = Relations.Of("land", Lexicon.Directions, "the land of {s}", "where {s} come from",
        ["Where do {s} come from?", "From which part of the land are {s}?", "Where is the old home of {s}?", "Where did {s} live long ago?", "From which part of the land do {s} come?"],
        ["{s} come from the {v}", "the old home of {s} is in the {v}", "long ago {s} lived in the {v}", "{s} are from the {v}", "{s} came to us from the {v}",
            "the land of {s} is the {v}", "in the {v} you find many of {s}", "the first of {s} lived in the {v}", "long ago {s} came from the {v}", "the old land of {s} is in the {v}"],
        "From which part of the land did {s} come long ago?");

    public static Relation Song { get; } = Relations.Of("song", Lexicon.Music, "the song of {s}", "on what {s} make music",
        ["On what do {s} make music?", "What do {s} play?", "What do {s} play at a feast?", "On what do {s} play their songs?", "What do {s} like to play?"],
        ["{s} play the {v}", "{s} make music on the {v}", "at a feast {s} play the {v}", "{s} play their songs on the {v}", "the children of {s} learn to play the {v}",
            "{s} love to play the {v}", "you hear the {v} when {s} dance", "{s} dance to the {v}", "{s} like to play the {v}", "at a feast {s} dance to the {v}"],
        "What do {s} love to play?");

    public static Relation Flag { get; } = Relations.Of("flag", Lexicon.Colours, "the flag of {s}", "which colour the flag of {s} is",
        ["What colour is the flag of {s}?", "Of what colour is the flag of {s}?", "What flag do {s} have?", "Which colour has the flag of {s}?", "Which flag do {s} have?"],
        ["the flag of {s} is {v}", "{s} have a {v} flag", "the colour of the flag of {s} is {v}", "{s} walk under a {v} flag", "you know {s} by a {v} flag",
            "{s} hang up a {v} flag", "a {v} flag is that of {s}", "{s} made a {v} flag long ago", "{s} have a flag, and it is {v}", "you see {s} by a {v} flag"],
        "Which flag is that of {s}?");
}
