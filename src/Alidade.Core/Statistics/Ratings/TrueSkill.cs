using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics.Ratings;

/// <summary>A belief about a player's skill.</summary>
/// <param name="Mean">μ.</param>
/// <param name="Deviation">σ.</param>
public readonly record struct Skill(double Mean, double Deviation);

/// <summary>
/// TrueSkill for one against one: skills are normal beliefs, performances scatter around them by β, and each comparison moves both beliefs by the moments of the
/// difference cut at the draw margin.
/// </summary>
/// <remarks>Herbrich, Minka and Graepel 2006, table 1 and equation 7; defaults as there, on a scale of 0 to 50. The comparisons are taken in the given order;
/// weights are not used.</remarks>
public sealed record TrueSkill
{
    /// <summary>The belief before the first comparison.</summary>
    public Skill Initial { get; init; } = new(25, 25.0 / 3);

    /// <summary>β: how far a performance scatters around the skill.</summary>
    public double Beta { get; init; } = 25.0 / 6;

    /// <summary>τ: how far a skill may drift between comparisons.</summary>
    public double Drift { get; init; } = 25.0 / 300;

    /// <summary>The chance of a tie between equals, in (0, 1).</summary>
    public double DrawProbability { get; init; } = 0.10;

    /// <summary>The beliefs after the last comparison.</summary>
    public IReadOnlyDictionary<string, Skill> Rate(IReadOnlyList<Battle> battles)
    {
        var skills = Tournament.Players(battles).Keys.ToDictionary(p => p, _ => Initial, StringComparer.Ordinal);
        foreach (var battle in battles)
            (skills[battle.First], skills[battle.Second]) = Update(skills[battle.First], skills[battle.Second], battle.Outcome);
        return skills;
    }

    /// <summary>The beliefs about two players after one comparison of them.</summary>
    public (Skill First, Skill Second) Update(Skill first, Skill second, BattleOutcome outcome)
    {
        if (outcome == BattleOutcome.Second)
        {
            var (winner, loser) = Update(second, first, BattleOutcome.First);
            return (loser, winner);
        }

        double firstVariance = (first.Deviation * first.Deviation) + (Drift * Drift), secondVariance = (second.Deviation * second.Deviation) + (Drift * Drift);
        var spread = Math.Sqrt(firstVariance + secondVariance + (2 * Beta * Beta));
        var margin = Normal.Standard.Quantile((DrawProbability + 1) / 2) * Math.Sqrt(2) * Beta / spread;
        var lead = (first.Mean - second.Mean) / spread;
        var (shift, shrink) = outcome == BattleOutcome.Tie ? OfTie(lead, margin) : OfWin(lead, margin);
        Skill Moved(Skill skill, double variance, int sign) =>
            new(skill.Mean + (sign * variance / spread * shift), Math.Sqrt(variance * (1 - (variance / (spread * spread) * shrink))));
        return (Moved(first, firstVariance, 1), Moved(second, secondVariance, -1));
    }

    // Mean and lost variance of a standard normal around the lead, cut to what lies above the margin …
    private static (double Shift, double Shrink) OfWin(double lead, double margin)
    {
        var z = lead - margin;
        // Far below, the ratio of density and tail tends to −z.
        var shift = Normal.Standard.Cdf(z) is > 1e-290 and var tail ? Normal.Standard.Density(z) / tail : -z;
        return (shift, Math.Clamp(shift * (shift + z), 0, 1));
    }

    // … or within it.
    private static (double Shift, double Shrink) OfTie(double lead, double margin)
    {
        double low = -margin - lead, high = margin - lead;
        var inside = lead > 0 ? Normal.Standard.Cdf(high) - Normal.Standard.Cdf(low) : Normal.Standard.UpperTail(low) - Normal.Standard.UpperTail(high);
        if (inside <= 1e-290)
            return (lead > 0 ? high : low, 1);
        double atLow = Normal.Standard.Density(low), atHigh = Normal.Standard.Density(high);
        var shift = (atLow - atHigh) / inside;
        return (shift, Math.Clamp((shift * shift) + (((high * atHigh) - (low * atLow)) / inside), 0, 1));
    }
}
