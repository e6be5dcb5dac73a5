namespace Alidade.Core.Reports;

/// <summary>A token and its probability.</summary>
/// <param name="Text">The token as text.</param>
/// <param name="Probability">Its probability, in [0, 1].</param>
public sealed record LensToken(string Text, double Probability);

/// <summary>What one layer would say next, before and after.</summary>
/// <param name="Layer">Name of the layer, such as "12" or "output".</param>
/// <param name="Before">Most probable tokens of the base model, most probable first.</param>
/// <param name="After">Most probable tokens of the aligned model, most probable first.</param>
public sealed record LensLayer(string Layer, IReadOnlyList<LensToken> Before, IReadOnlyList<LensToken> After);

/// <summary>
/// The logit lens at one position, before and after: the residual stream after each layer, read as if it were the last (nostalgebraist 2020).
/// </summary>
/// <param name="Prompt">The text up to the position.</param>
/// <param name="Layers">The layers from the input upwards.</param>
public sealed record LensComparison(string Prompt, IReadOnlyList<LensLayer> Layers);
