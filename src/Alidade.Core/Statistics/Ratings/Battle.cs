namespace Alidade.Core.Statistics.Ratings;

/// <summary>How a comparison of two players (models, answers) ended.</summary>
public enum BattleOutcome
{
    /// <summary>The first was better.</summary>
    First,

    /// <summary>The second was better.</summary>
    Second,

    /// <summary>Neither was better; half a win for each.</summary>
    Tie,
}

/// <summary>One comparison.</summary>
/// <param name="First">Name of the first player.</param>
/// <param name="Second">Name of the second player.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Weight">How often it counts where weights count; above 0.</param>
public sealed record Battle(string First, string Second, BattleOutcome Outcome, double Weight = 1)
{
    /// <summary>1, ½ or 0: the first player's part of the win.</summary>
    public double Score => Outcome switch { BattleOutcome.First => 1, BattleOutcome.Second => 0, _ => 0.5 };
}

/// <summary>Who met whom and won: whether strengths that explain it can be finite.</summary>
internal static class Tournament
{
    /// <summary>The players in ordinal order of their names, with their numbers.</summary>
    /// <exception cref="ArgumentException">There are no comparisons, a player meets itself, or a weight is not above 0.</exception>
    public static Dictionary<string, int> Players(IReadOnlyList<Battle> battles)
    {
        if (battles.Count == 0)
            throw new ArgumentException("ratings need comparisons", nameof(battles));
        foreach (var battle in battles)
            if (battle.First == battle.Second || !(battle.Weight > 0 && double.IsFinite(battle.Weight)))
                throw new ArgumentException(
                    $"'{battle.First}' against '{battle.Second}' with weight {battle.Weight}: two players and a positive weight are needed", nameof(battles));
        return Numbered(battles.SelectMany(b => new[] { b.First, b.Second }));
    }

    /// <summary>Names in ordinal order, each with its number.</summary>
    public static Dictionary<string, int> Numbered(IEnumerable<string> names) =>
        names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Index().ToDictionary(p => p.Item, p => p.Index, StringComparer.Ordinal);

    /// <summary>
    /// The likeliest strengths are finite only if the players cannot be parted in two so that no one of the one part ever scored against the other.
    /// </summary>
    /// <remarks>Ford 1957; Hunter 2004, assumption 1.</remarks>
    /// <param name="names">Names by number.</param>
    /// <param name="scored">Whether player i ever won or drew against player j.</param>
    /// <exception cref="AlidadeException">They can be parted so.</exception>
    public static void RequireFiniteStrengths(IReadOnlyList<string> names, Func<int, int, bool> scored)
    {
        var below = Reached(names.Count, scored);
        var above = Reached(names.Count, (i, j) => scored(j, i));
        if (below.All(r => r) && above.All(r => r))
            return;
        // Whom no chain of wins reaches stands above everyone reached; who reaches no one stands below.
        var (upper, lower) = below.All(r => r) ? (Listed(names, above), Listed(names, [.. above.Select(r => !r)]))
            : (Listed(names, [.. below.Select(r => !r)]), Listed(names, below));
        throw new AlidadeException($"no finite ratings: {lower} never won or drew against {upper}; leave one side out, or collect comparisons between them");
    }

    private static bool[] Reached(int count, Func<int, int, bool> edge)
    {
        var reached = new bool[count];
        var open = new Stack<int>([0]);
        reached[0] = true;
        while (open.TryPop(out var i))
            for (var j = 0; j < count; j++)
                if (!reached[j] && edge(i, j))
                {
                    reached[j] = true;
                    open.Push(j);
                }

        return reached;
    }

    private static string Listed(IReadOnlyList<string> names, bool[] chosen)
    {
        var listed = names.Where((_, i) => chosen[i]).Select(n => $"'{n}'").ToArray();
        return listed.Length <= 5 ? string.Join(", ", listed) : $"{string.Join(", ", listed.Take(5))} and {listed.Length - 5} more";
    }
}
