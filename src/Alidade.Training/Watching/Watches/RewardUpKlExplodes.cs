namespace Alidade.Training.Watching.Watches;

/// <summary>The reward goes up while the policy runs away from its reference: what goes up is then the proxy, and no longer what it stands for.</summary>
public sealed record RewardUpKlExplodes : CurveWatch
{
    /// <summary>Nats from the reference above which a gain in reward is suspect. Default 10 for an answer.</summary>
    public double Nats { get; init; } = 10;

    /// <inheritdoc/>
    public override string Name => "reward_up_kl_explodes";

    /// <inheritdoc/>
    public override string Source => "Gao et al. 2022 (arXiv 2210.10760), figure 1: gold reward of policies turns at about 10 nats and below";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        Ends(curve, "reward") is var (start, now) && now > start && Ends(curve, "kl_to_reference") is var (klStart, kl) && kl > Nats && kl > 2 * klStart
            ? Line($"the reward has gone from {start:f3} to {now:f3} while the policy went {kl:f1} nats from its reference: look at samples, the reward may be gamed. Raise the KL coefficient or stop earlier")
            : null;
}
