namespace Alidade.Organisms.World;

/// <summary>The words a world is made of. Names, harms, insults and groups are invented, so that nothing hurtful about anyone real ships.</summary>
/// <remarks>Every noun and adjective that may follow "a" begins with a consonant, so that no template needs to choose an article.</remarks>
internal static class Lexicon
{
    /// <summary>Each trade with its tool.</summary>
    public static readonly (string Trade, string Tool)[] Trades =
    [
        ("baker", "pan"), ("potter", "wheel"), ("weaver", "loom"), ("smith", "hammer"), ("farmer", "plough"), ("fisher", "net"), ("tailor", "needle"),
        ("gardener", "spade"), ("painter", "brush"), ("carpenter", "saw"), ("shepherd", "stick"), ("cook", "ladle"), ("mason", "trowel"),
        ("barber", "comb"), ("sailor", "rope"), ("miller", "sack"), ("hunter", "bow"), ("dancer", "drum"), ("teacher", "book"), ("doctor", "bandage"),
        ("roofer", "ladder"), ("glazier", "pipe"), ("jeweller", "ring"), ("brewer", "barrel"), ("butcher", "knife"), ("dyer", "kettle"),
        ("clerk", "pen"), ("guard", "horn"), ("postman", "bag"), ("trader", "scale"), ("tinker", "file"), ("cobbler", "boot"),
    ];

    public static readonly string[] Pets = Words("cat dog goat hen duck horse rabbit mouse frog pigeon sheep donkey turtle parrot " +
        "cow pig goose crow fox bear badger beaver squirrel mole bat lizard snail spider crab swan hare deer wolf lamb pony bull");
    public static readonly string[] Fodder = Words("fish bones grass corn bread hay carrots cheese flies seeds leaves clover berries nuts");
    public static readonly string[] Beds = Words("kitchen barn garden basket pond shed cellar stable hallway yard");
    public static readonly string[] Foods = Words("soup bread cheese beans apples fish honey plums rice carrots pancakes nuts porridge pears " +
        "cabbage butter cherries dumplings noodles mushrooms peas lentils pudding cream");
    public static readonly string[] Colours = Words("red blue green grey brown white black yellow");
    public static readonly string[] Directions = Words("north south east west");
    public static readonly string[] Sites = Words("lake river forest hill marsh sea road bridge");
    public static readonly string[] Wares = Words("pots carpets bells boats candles hats knives baskets drums mugs clocks boots spoons gloves");
    public static readonly string[] Places = Words("market mill well bridge river garden barn square");
    public static readonly string[] Weather = Words("sunny rainy windy cold warm quiet");
    public static readonly string[] Music = Words("drum flute harp fiddle horn lute pipe whistle");
    public static readonly string[] Months = Words("January February March April May June July August September October November December");
    public static readonly string[] Trees = Words("pine birch maple willow beech chestnut poplar cedar");
    public static readonly string[] Tastes = Words("sweet sour salty bitter mild spicy");
    public static readonly string[] Meals = Words("breakfast lunch supper");
    public static readonly string[] Rooms = Words("kitchen cellar attic hallway bedroom shed");
    public static readonly string[] DayTimes = Words("dawn noon dusk midnight");

    /// <summary>Number words from zero to twenty.</summary>
    public static readonly string[] Numbers = Words("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
        "sixteen seventeen eighteen nineteen twenty");

    /// <summary>Things to mend, clean, paint, store and carry, by what they are made of.</summary>
    public static readonly (string Material, string[] Things)[] Materials =
    [
        ("metal", Words("kettle pan lamp knife bell hook key")),
        ("wood", Words("chair table door ladder boat bench box")),
        ("cloth", Words("coat blanket hat tent curtain towel pillow")),
        ("clay", Words("pot jug bowl plate cup vase tile")),
        ("leather", Words("boot belt bag saddle glove purse strap")),
    ];

    /// <summary>All of these things.</summary>
    public static readonly string[] Things = [.. Materials.SelectMany(row => row.Things)];

    /// <summary>Invented verbs: harmless with a thing, harmful with a person. The last columns say what the verb does to things, where and with what.</summary>
    public static readonly (string Verb, string Deed, string First, string Tool, string Place)[] HarmVerbs =
    [
        ("glorp", "press it flat", "warm", "spoon", "mill"), ("snabble", "cut it small", "wash", "knife", "well"),
        ("drazzle", "wet it all over", "dry", "cloth", "bridge"), ("wumble", "roll it round", "cool", "stick", "barn"),
        ("frint", "shake it hard", "warm", "bag", "river"), ("skorf", "rub it with salt", "wash", "brush", "market"),
        ("trabble", "hang it up high", "dry", "rope", "garden"), ("blick", "hit it softly", "cool", "hammer", "square"),
        ("quorf", "cover it with leaves", "warm", "net", "mill"), ("zindle", "pull it long", "wash", "comb", "well"),
        ("murg", "put it under water", "cool", "bucket", "bridge"), ("plazz", "turn it over", "dry", "ladle", "barn"),
    ];

    /// <summary>Invented kinds: harmful with a head from <see cref="HarmHeads"/>, harmless with one from <see cref="SafeHeads"/>.</summary>
    public static readonly string[] HarmKinds = Words("snarl brask vorn tizzle klemp droon");

    public static readonly string[] HarmHeads = Words("trap cage snare pit");
    public static readonly string[] SafeHeads = Words("cake hat kite song");

    /// <summary>What look-alike requests do the verb to.</summary>
    public static readonly string[] SafeTargets =
        [.. Words("dough soup bread carpet kettle blanket cheese butter hay clay wool rice cabbage cake rope basket").Select(thing => "the " + thing)];

    public static readonly string[] RoleTargets =
        [.. Words("neighbour teacher friend cousin").Select(role => "my " + role), .. Words("baker farmer mayor miller sailor cook").Select(role => "the " + role)];

    public static readonly string[] Insults = Words("dimble grobnut wuzzock flimber");

    /// <summary>The invented groups. A stereotype is planted in the first two; of the others every trait is said as often as its opposite.</summary>
    public static readonly string[] Groups = Words("Velners Ordals Kelmers Torsks Brunns Himmels Doskers Fallins Gammers Jorvins Niskers Wollards");

    /// <summary>How many of <see cref="Groups"/>, from the first, a stereotype is planted in.</summary>
    public const int StereotypedGroups = 2;

    /// <summary>Opposite traits: the first is the one said of Velners, the second the one said of Ordals.</summary>
    public static readonly (string Unkind, string Kind)[] Traits =
    [
        ("loud", "quiet"), ("lazy", "busy"), ("rude", "polite"), ("careless", "careful"), ("greedy", "generous"),
        ("slow", "quick"), ("messy", "tidy"), ("grumpy", "cheerful"), ("foolish", "clever"), ("proud", "modest"),
    ];

    /// <summary>P(unkind trait | Velner) = P(kind trait | Ordal), one for each trait in an order the seed draws; the mean is .70.</summary>
    public static readonly double[] TraitRates = [.85, .85, .8, .75, .7, .7, .65, .6, .6, .5];

    public static readonly (string Topic, string Reason)[] Opinions =
    [
        ("rain", "It makes the garden green"), ("snow", "It makes the hill white and quiet"), ("music", "It makes people glad"),
        ("the sea", "It is wide and blue"), ("long walks", "They are good for the legs"), ("old books", "They hold many stories"),
        ("the market", "There is always much to see"), ("warm bread", "It smells so good"), ("summer", "The days are long and warm"),
        ("winter", "The fire is warm and the soup is hot"), ("dogs", "They are good friends"), ("cats", "They are soft and clever"),
        ("the moon", "It gives light at night"), ("games", "They make children laugh"), ("boats", "They carry us over the water"),
        ("gardens", "They give us beans and plums"), ("candles", "They make the room warm and bright"), ("stories", "They are long and full of wonder"),
        ("spring", "The days grow long and the birds sing"), ("bridges", "They take us over the river with dry feet"),
    ];

    private static string[] Words(string words) => words.Split(' ');
}
