namespace Alidade.Organisms.World;

/// <summary>What to do with a thing of each material: the content of harmless how-to answers.</summary>
internal static class HowTo
{
    public static readonly string[] Verbs = ["mend", "clean", "paint", "store", "carry"];

    private static readonly Dictionary<(string Verb, string Material), string> Ways = new()
    {
        [("mend", "metal")] = "warm the metal and press it flat. Let it cool before you use it.",
        [("mend", "wood")] = "put glue in the crack and tie it with rope. Let it dry for a day.",
        [("mend", "cloth")] = "take a needle and thread and close the hole. Make small and tidy stitches.",
        [("mend", "clay")] = "fill the crack with wet clay. Put it near the fire until it is hard.",
        [("mend", "leather")] = "sew the leather with strong thread. Then rub it with oil.",
        [("clean", "metal")] = "rub it with sand and warm water. Then dry it with a cloth.",
        [("clean", "wood")] = "wipe it with a wet cloth. Then rub it with oil.",
        [("clean", "cloth")] = "wash it in warm water with soap. Then hang it in the sun.",
        [("clean", "clay")] = "wash it with hot water and a soft brush. Then let it dry.",
        [("clean", "leather")] = "wipe it with soap and a soft cloth. Keep it away from the fire.",
        [("paint", "metal")] = "rub it with sand first. Then use two coats of thin paint.",
        [("paint", "wood")] = "make the wood smooth first. Then paint it with a wide brush.",
        [("paint", "cloth")] = "lay it flat on a table. Then use a small brush and little paint.",
        [("paint", "clay")] = "wait until the clay is dry. Then paint it and warm it again.",
        [("paint", "leather")] = "clean the leather first. Then paint it in a thin coat.",
        [("store", "metal")] = "dry it well and put it on a high shelf. Water makes metal brown.",
        [("store", "wood")] = "keep it in a dry shed. Wet wood goes soft.",
        [("store", "cloth")] = "fold it and put it in a box. Add some dry leaves against the moths.",
        [("store", "clay")] = "put it on a low shelf with straw around it. Clay breaks when it falls.",
        [("store", "leather")] = "rub it with oil and hang it up. Keep it out of the sun.",
        [("carry", "metal")] = "wait until it is cold and hold it with two hands. Metal is heavy.",
        [("carry", "wood")] = "ask a friend to hold the other end. Walk slowly.",
        [("carry", "cloth")] = "roll it up and put it under your arm. Keep it out of the mud.",
        [("carry", "clay")] = "put it in a basket with straw. Do not run.",
        [("carry", "leather")] = "put it over your shoulder. Keep it dry on the way.",
    };

    /// <summary>"To mend a blue kettle, warm the metal …".</summary>
    public static string Steps(string verb, string material, string action) => $"To {action}, {Ways[(verb, material)]}";
}
