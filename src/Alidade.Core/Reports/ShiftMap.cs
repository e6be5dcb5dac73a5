namespace Alidade.Core.Reports;

/// <summary>What a position of a text belongs to.</summary>
public enum TextPart
{
    /// <summary>Marks of the chat template.</summary>
    Template,

    /// <summary>What the user wrote.</summary>
    Prompt,

    /// <summary>What the assistant wrote.</summary>
    Answer,
}

/// <summary>A position of a map.</summary>
/// <param name="Token">Its token as text, or a name such as "last of prompt" when pairs are averaged.</param>
/// <param name="Part">What it belongs to.</param>
public sealed record MapPosition(string Token, TextPart Part);

/// <summary>
/// Where alignment sits: the share of the shift in log-odds (chosen over rejected answer, aligned minus base) that returns when the aligned model's
/// residual stream is put into the base model at one layer and one position.
/// </summary>
/// <remarks>1 is all of the shift, 0 none, below 0 a move the other way. Activation patching as in Meng et al. 2022 (arXiv 2202.05262), between two adapters over one base.</remarks>
public sealed record ShiftMap
{
    /// <summary>What calibration calls this way to look.</summary>
    public const string Measure = "interpretability.alignment_shift";

    /// <summary>Title, such as "Average of 24 held-out pairs".</summary>
    public required string Title { get; init; }

    /// <summary>How to read it, in one or two sentences.</summary>
    public required string Meaning { get; init; }

    /// <summary>Pairs behind each value.</summary>
    public required int Pairs { get; init; }

    /// <summary>Names of the layers from the input upwards, such as "0".</summary>
    public required IReadOnlyList<string> Layers { get; init; }

    /// <summary>The positions in order of the text.</summary>
    public required IReadOnlyList<MapPosition> Positions { get; init; }

    /// <summary>Shares, [layers][positions]; NaN where there is none.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Values { get; init; }

    /// <summary>Log-odds of the base model in nats, averaged over the pairs; null when not told.</summary>
    public double? BaseLogOdds { get; init; }

    /// <summary>Log-odds of the aligned model in nats, averaged over the pairs; null when not told.</summary>
    public double? AlignedLogOdds { get; init; }

    /// <summary>The cell with the largest share, or null when no cell has a value.</summary>
    internal (int Layer, int Position, double Share)? Peak()
    {
        (int Layer, int Position, double Share)? peak = null;
        for (var layer = 0; layer < Values.Count; layer++)
            for (var position = 0; position < Values[layer].Count; position++)
                if (double.IsFinite(Values[layer][position]) && !(Values[layer][position] <= peak?.Share))
                    peak = (layer, position, Values[layer][position]);
        return peak;
    }

    /// <exception cref="AlidadeException">The values do not fit the layers and positions.</exception>
    internal void Check()
    {
        if (Values.Count != Layers.Count)
            throw new AlidadeException($"map \"{Title}\": {Values.Count} rows of values for {Layers.Count} layers; each layer needs one row");
        for (var layer = 0; layer < Values.Count; layer++)
            if (Values[layer].Count != Positions.Count)
                throw new AlidadeException($"map \"{Title}\", layer {Layers[layer]}: {Values[layer].Count} values for {Positions.Count} positions; each position needs one value");
    }
}
