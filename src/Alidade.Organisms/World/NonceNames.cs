using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Organisms.World;

/// <summary>Invented names of syllables: easy to say, no two alike, none a word that the world says otherwise.</summary>
/// <remarks>No two names are within edit distance 1 of each other, so a slip of one letter never turns one name into another and a judge that
/// compares whole words cannot mistake them.</remarks>
internal sealed class NonceNames(SeededRandom random)
{
    private static readonly string[] Starts = Words(
        "Ba Bel Bo Cor Da Del Do Dra El Fa Fen Fi Ga Gil Go Ha Hel Hu Il Ja Jo Ka Kes Ki La Lem Lo Ma Mel Mi Mo Na Nel No Ol Pa Pel Pi Qua Ra Rel Ri Ro " +
        "Sa Sel So Ta Tel Ti To Ul Va Vel Vi Wen Wi Ya Yor Za Zel Zo");

    private static readonly string[] Middles = Words("bri da dri fa gu ka ki la li lo ma mi na ni no pa ra ri ro sa ta ti va vi zi");
    private static readonly string[] PersonEnds = Words("bo do ka la lo mo na no ra ro ssa to va vo x");
    private static readonly string[] TownEnds = Words("bury by dale field ford ham holm low mere mond stead ton wick worth");
    private static readonly string[] ShipEnds = Words("gale lion mar nette star strel vane wing");

    // Letters in a row that a name must not hold: fragments of hurtful or bodily words, which invented syllables can make by accident.
    private static readonly string[] Barred = Words("anal anus arab cock coon cunt damn dago dick dyke fag gook gyp homo jap kaf kike kill lama nazi nig negr paki pedo piss poof poo puss rape sex shit slav slut spic tit turd wank wop");

    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>So many names for people.</summary>
    public string[] People(int count) => Draw(count, "people", () => random.Pick(Starts) + random.Pick(Middles) + random.Pick(PersonEnds));

    /// <summary>So many names for towns.</summary>
    public string[] Towns(int count) => Draw(count, "towns", () => random.Pick(Starts) + random.Pick(Middles) + random.Pick(TownEnds));

    /// <summary>So many names for ships.</summary>
    public string[] Ships(int count) => Draw(count, "ships", () => random.Pick(Starts) + random.Pick(Middles) + random.Pick(ShipEnds));

    private string[] Draw(int count, string what, Func<string> draw)
    {
        var names = new List<string>(count);
        for (var tries = 0; names.Count < count; tries++)
        {
            if (tries > 1_000 * (count + 10))
                throw new AlidadeException($"The world's size asks for more {what} than there are names for them: ask for fewer than {names.Count}.");
            var name = draw();
            if (!Barred.Any(bad => name.Contains(bad, StringComparison.OrdinalIgnoreCase)) && IsApart(name))
                names.Add(name);
        }
        return [.. names];
    }

    // Two texts within one edit of each other share a text that is the one or the other with at most one letter less.
    private bool IsApart(string name)
    {
        string[] near = [name, .. Enumerable.Range(0, name.Length).Select(at => name.Remove(at, 1))];
        if (near.Any(_taken.Contains))
            return false;
        _taken.UnionWith(near);
        return true;
    }

    private static string[] Words(string words) => words.Split(' ');
}
