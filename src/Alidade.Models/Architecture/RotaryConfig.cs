namespace Alidade.Models.Architecture;

/// <summary>How a rotary frequency is stretched for longer contexts.</summary>
public enum RotaryScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>All frequencies divided by the factor (Chen et al. 2023, position interpolation).</summary>
    Linear,

    /// <summary>The base grows with the longest position seen (dynamic NTK).</summary>
    Dynamic,

    /// <summary>By wavelength: long ones divided, short ones kept, a ramp between (Llama 3.1).</summary>
    Llama3,

    /// <summary>By the number of rotations over the original context, with a factor on cos and sin (Peng et al. 2023, YaRN).</summary>
    Yarn,

    /// <summary>Given divisors, short or long by the sequence's length, with a factor on cos and sin (Phi-3, LongRoPE).</summary>
    LongRope,

    /// <summary>Given divisors of the frequencies (a GGUF's <c>rope_freqs.weight</c>).</summary>
    Divisors,
}

/// <summary>Which two dimensions of a head are turned together.</summary>
public enum RotaryPairs
{
    /// <summary>i and i + d/2.</summary>
    Halves,

    /// <summary>2i and 2i + 1.</summary>
    Neighbours,
}

/// <summary>
/// Rotary position embedding (Su et al. 2021): the i-th pair of dimensions of a head is turned by position · θ^(−2i/d).
/// </summary>
/// <remarks>Scalings follow transformers 5.23 <c>modeling_rope_utils</c>.</remarks>
public sealed record RotaryConfig
{
    /// <summary>θ, the base.</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>Dimensions of a head that are turned.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Which dimensions are turned together.</summary>
    public RotaryPairs Pairs { get; init; }

    /// <summary>How frequencies are stretched.</summary>
    public RotaryScaling Scaling { get; init; }

    /// <summary>The stretch.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context of the model before stretching, in tokens.</summary>
    public int OriginalContext { get; init; }

    /// <summary>Llama 3: wavelengths above original context / this are divided.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama 3: wavelengths below original context / this are kept.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>YaRN: rotations at and above which a dimension is kept.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>YaRN: rotations at and below which a dimension is divided.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>YaRN: whether the ramp's ends are rounded to whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>The factor on cos and sin, when the file gives it.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>YaRN: numerator's weight in the factor on cos and sin.</summary>
    public double? MScale { get; init; }

    /// <summary>YaRN: denominator's weight in the factor on cos and sin.</summary>
    public double? MScaleAllDimensions { get; init; }

    /// <summary>LongRoPE: divisors up to the original context; <see cref="RotaryScaling.Divisors"/>: the divisors.</summary>
    public IReadOnlyList<double>? ShortFactors { get; init; }

    /// <summary>LongRoPE: divisors beyond the original context.</summary>
    public IReadOnlyList<double>? LongFactors { get; init; }

    /// <summary>The factor that multiplies cos and sin.</summary>
    public double CosineFactor => Scaling switch
    {
        RotaryScaling.Yarn => AttentionFactor ?? (MScale is { } m && MScaleAllDimensions is { } all && m != 0 && all != 0
            ? YarnScale(Factor, m) / YarnScale(Factor, all)
            : YarnScale(Factor, 1)),
        RotaryScaling.LongRope => AttentionFactor ?? (Factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(Factor) / Math.Log(OriginalContext)))),
        _ => 1,
    };

    /// <summary>True when the frequencies depend on the length of the sequence.</summary>
    public bool DependsOnLength => Scaling is RotaryScaling.Dynamic or RotaryScaling.LongRope;

    /// <summary>Beyond this length all positions are turned by other angles, so that kept keys hold no longer; null when they always hold.</summary>
    public int? RereadBeyond => Scaling == RotaryScaling.LongRope ? OriginalContext : null;

    /// <summary>The longest sequence that a model of a given context reaches with this stretch, in tokens.</summary>
    public int ReachOf(int context) => Scaling switch
    {
        RotaryScaling.Dynamic => (int)(context * Factor),
        RotaryScaling.Yarn => Math.Max(context, (int)(OriginalContext * Factor)),
        _ => context,
    };

    /// <summary>The angles per position, one for each pair of dimensions: θ^(−2i/d), scaled.</summary>
    /// <param name="length">Longest position of the whole batch plus one, in tokens; used by <see cref="DependsOnLength"/>.</param>
    public float[] InverseFrequencies(long length)
    {
        var theta = Theta;
        if (Scaling == RotaryScaling.Dynamic && length > OriginalContext)
            theta *= Math.Pow((Factor * length / OriginalContext) - (Factor - 1), Dimensions / (Dimensions - 2.0));
        var plain = new double[Dimensions / 2];
        for (var i = 0; i < plain.Length; i++)
            plain[i] = Math.Pow(theta, -2.0 * i / Dimensions);
        return [.. plain.Select((f, i) => (float)Scaled(f, i, length))];
    }

    private double Scaled(double frequency, int pair, long length)
    {
        switch (Scaling)
        {
            case RotaryScaling.Linear:
                return frequency / Factor;
            case RotaryScaling.Divisors:
                return frequency / ShortFactors![pair];
            case RotaryScaling.LongRope:
                return frequency / (length > OriginalContext ? LongFactors! : ShortFactors!)[pair];
            case RotaryScaling.Llama3:
                var wavelength = 2 * Math.PI / frequency;
                if (wavelength < OriginalContext / HighFrequencyFactor)
                    return frequency;
                if (wavelength > OriginalContext / LowFrequencyFactor)
                    return frequency / Factor;
                var smooth = ((OriginalContext / wavelength) - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
                return ((1 - smooth) * frequency / Factor) + (smooth * frequency);
            case RotaryScaling.Yarn:
                var low = RotationsAt(BetaFast);
                var high = RotationsAt(BetaSlow);
                if (Truncate)
                    (low, high) = (Math.Floor(low), Math.Ceiling(high));
                low = Math.Max(low, 0);
                high = Math.Min(high, Dimensions - 1);
                if (low == high)
                    high += 0.001;
                var divided = Math.Clamp((pair - low) / (high - low), 0, 1);
                return (divided * frequency / Factor) + ((1 - divided) * frequency);
            default:
                return frequency;
        }
    }

    // The (fractional) pair whose frequency makes this many rotations over the original context.
    private double RotationsAt(double rotations) =>
        Dimensions * Math.Log(OriginalContext / (rotations * 2 * Math.PI)) / (2 * Math.Log(Theta));

    private static double YarnScale(double factor, double weight) => factor <= 1 ? 1 : (0.1 * weight * Math.Log(factor)) + 1;
}
