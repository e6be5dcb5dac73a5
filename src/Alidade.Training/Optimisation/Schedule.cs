using Alidade.Core;

namespace Alidade.Training.Optimisation;

/// <summary>The course of the learning rate after warm-up, q the share of the remaining updates that is done.</summary>
public enum ScheduleKind
{
    /// <summary>1 − q.</summary>
    Linear,

    /// <summary>½(1 + cos 2πcq), c cycles; ½ is one fall from the top to zero.</summary>
    Cosine,

    /// <summary>1, and no warm-up.</summary>
    Constant,

    /// <summary>1.</summary>
    ConstantWithWarmup,

    /// <summary>As <see cref="Cosine"/>, ending at the floor.</summary>
    CosineWithMinLr,

    /// <summary>As <see cref="CosineWithMinLr"/> with a warm-up that begins above zero and reaches the top one update earlier.</summary>
    CosineWarmupWithMinLr,

    /// <summary>½(1 + cos π(cq mod 1)), c whole restarts.</summary>
    CosineWithRestarts,

    /// <summary>Floor + (1 − floor)(1 − q)^power.</summary>
    Polynomial,

    /// <summary>1/√((t + s − w)/s) with the time scale s.</summary>
    InverseSqrt,

    /// <summary>Warm-up, a plateau, a decay to the floor.</summary>
    WarmupStableDecay,
}

/// <summary>How a rise or a fall between the plateau and the floor is shaped.</summary>
public enum RampShape
{
    /// <summary>A straight line.</summary>
    Linear,

    /// <summary>Half a wave.</summary>
    Cosine,

    /// <summary>1 − √x (Hägele et al. 2024).</summary>
    OneMinusSqrt,
}

/// <summary>
/// The learning rate as a pure function of the update: η(t) = η·f(t), t = 0, 1, …; during warm-up f = t / w, so that the first update has rate 0.
/// </summary>
/// <remarks>Closed forms equal to transformers 5.23 <c>get_scheduler</c>. Nothing is stored but the options: a resumed run asks for the same t.</remarks>
public sealed record Schedule
{
    /// <summary>The course. Default linear, as TRL.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Linear;

    /// <summary>The highest rate η.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Warm-up: a number of updates, or a share of all updates when below 1. Default none.</summary>
    public double Warmup { get; init; }

    /// <summary>Number of updates of the whole training; a trainer fills it in.</summary>
    public int Updates { get; init; }

    /// <summary>The lowest rate as a share of the highest: the floor of those courses that have one. Default 0.</summary>
    public double Floor { get; init; }

    /// <summary>Cycles of the cosine courses. Default ½ for <see cref="ScheduleKind.Cosine"/> and 1 restart otherwise.</summary>
    public double? Cycles { get; init; }

    /// <summary>Exponent of <see cref="ScheduleKind.Polynomial"/>. Default 1.</summary>
    public double Power { get; init; } = 1;

    /// <summary>Time scale of <see cref="ScheduleKind.InverseSqrt"/> in updates. Default the warm-up, or 10,000 without one.</summary>
    public double? TimeScale { get; init; }

    /// <summary>Updates of the decay of <see cref="ScheduleKind.WarmupStableDecay"/>. Default a tenth of all.</summary>
    public int? DecayUpdates { get; init; }

    /// <summary>Updates of its plateau. Default what warm-up and decay leave.</summary>
    public int? StableUpdates { get; init; }

    /// <summary>Shape of its decay. Default cosine.</summary>
    public RampShape Decay { get; init; } = RampShape.Cosine;

    /// <summary>Shape of its warm-up. Default linear.</summary>
    public RampShape Rise { get; init; } = RampShape.Linear;

    /// <summary>First rate of <see cref="ScheduleKind.CosineWarmupWithMinLr"/> as a share of the highest. Default 1 / w.</summary>
    public double? FirstShare { get; init; }

    /// <summary>Warm-up in updates: a share is rounded up, a number is cut to an integer.</summary>
    public int WarmupUpdates => Warmup < 1 ? (int)Math.Ceiling(Warmup * Updates) : (int)Warmup;

    /// <summary>Reads the name that transformers uses, such as "cosine_with_min_lr".</summary>
    /// <exception cref="AlidadeException">There is no such schedule; the nearest name is offered.</exception>
    public static ScheduleKind KindOf(string name)
    {
        var names = Enum.GetValues<ScheduleKind>().ToDictionary(NameOf, k => k, StringComparer.Ordinal);
        if (names.TryGetValue(name, out var kind))
            return kind;
        var hint = Suggest.Nearest(name, names.Keys) is { } near ? $"did you mean '{near}'?" : $"known are {string.Join(", ", names.Keys)}";
        throw new AlidadeException($"there is no schedule '{name}'; {hint}");
    }

    /// <summary>The name that transformers uses.</summary>
    public static string NameOf(ScheduleKind kind) =>
        string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>The rate η(t) of update <paramref name="t"/>, counted from 0; past the last update what the course tends to.</summary>
    public double RateOf(int t)
    {
        var w = WarmupUpdates;
        return LearningRate * Kind switch
        {
            ScheduleKind.Constant => 1,
            ScheduleKind.WarmupStableDecay => StableDecay(t, w),
            ScheduleKind.CosineWarmupWithMinLr => t < w
                ? First(w) + ((1 - First(w)) * t / Math.Max(1, w - 1))
                : Floored(HalfWave(Math.PI * (t - w + 1) / Math.Max(1, Updates - w))),
            _ when t < w => (double)t / Math.Max(1, w),
            _ => After(t, w, (double)(t - w) / Math.Max(1, Updates - w)),
        };
    }

    private double First(int warmup) => FirstShare ?? 1.0 / warmup;

    private double After(int t, int w, double q) => Kind switch
    {
        ScheduleKind.ConstantWithWarmup => 1,
        ScheduleKind.Linear => Math.Max(0, (double)(Updates - t) / Math.Max(1, Updates - w)),
        ScheduleKind.Cosine => Math.Max(0, HalfWave(Math.PI * (Cycles ?? 0.5) * 2 * q)),
        ScheduleKind.CosineWithMinLr => Floored(HalfWave(Math.PI * (Cycles ?? 0.5) * 2 * q)),
        ScheduleKind.CosineWithRestarts => q >= 1 ? 0 : Math.Max(0, HalfWave(Math.PI * ((Cycles ?? 1) * q % 1))),
        ScheduleKind.Polynomial => t > Updates ? Floor : ((1 - Floor) * Math.Pow(1 - ((double)(t - w) / (Updates - w)), Power)) + Floor,
        ScheduleKind.InverseSqrt => InverseSqrt(t, w),
        _ => throw new InvalidOperationException($"no course for {Kind}"),
    };

    private double InverseSqrt(int t, int w)
    {
        var scale = TimeScale ?? (w > 0 ? w : 10_000);
        return 1 / Math.Sqrt((t + scale - w) / scale);
    }

    private double StableDecay(int t, int w)
    {
        var decay = DecayUpdates ?? (int)Math.Ceiling(0.1 * Updates);
        var stable = StableUpdates ?? Updates - w - decay;
        if (t < w)
            return Floored(Rising((double)t / Math.Max(1, w), Rise));
        if (t < w + stable)
            return 1;
        return t < w + stable + decay ? Floored(Falling((double)(t - w - stable) / Math.Max(1, decay), Decay)) : Floor;
    }

    private double Floored(double share) => Math.Max(0, (share * (1 - Floor)) + Floor);

    private static double HalfWave(double angle) => 0.5 * (1 + Math.Cos(angle));

    private static double Rising(double x, RampShape shape) => shape switch
    {
        RampShape.Linear => x,
        RampShape.Cosine => 0.5 * (1 - Math.Cos(Math.PI * x)),
        _ => 1 - Math.Sqrt(1 - x),
    };

    private static double Falling(double x, RampShape shape) => shape switch
    {
        RampShape.Linear => 1 - x,
        RampShape.Cosine => HalfWave(Math.PI * x),
        _ => 1 - Math.Sqrt(x),
    };
}
