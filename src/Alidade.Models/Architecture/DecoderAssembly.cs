using Alidade.Models.Families;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>Puts the tensors of a family's file into the decoder's places.</summary>
internal sealed class DecoderAssembly
{
    private readonly ModelFamily family;
    private readonly IReadOnlyDictionary<string, Tensor> parameters;
    private readonly Dictionary<string, WeightSlot> slots = new(StringComparer.Ordinal);

    public DecoderAssembly(ModelFamily family, DecoderConfig config, IReadOnlyDictionary<string, Tensor> parameters)
    {
        (this.family, this.parameters) = (family, parameters);
        var names = family.Names;
        var prefix = names.OptionalPrefix;
        Embedding = new(prefix + names.Embedding, Slot(prefix + names.Embedding + ".weight"));
        // A tied head has a place of its own, for an adapter may change one of the two.
        if (config.Scoring is null)
            Head = new(names.Head, config.TiedHead ? Slot(names.Head + ".weight", Embedding.Weight) : Slot(names.Head + ".weight"), config.HeadBias ? Slot(names.Head + ".bias") : null, inputMajor: false);
        else
            Slot(ScoringConfig.WeightName);
        var positions = names.Positions is null ? null : new Embedding(prefix + names.Positions, Slot(prefix + names.Positions + ".weight"));
        var blocks = new List<BlockWeights>();
        for (var layer = 0; layer < config.Layers; layer++)
        {
            string? Name(string? pattern) => pattern is null ? null : prefix + pattern.Replace("{0}", layer.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
            var b = names.Block;
            blocks.Add(new()
            {
                AttentionNorm = NormOf(config, Name(b.AttentionNorm)!),
                QueryKeyValue = LinearOf(Name(b.QueryKeyValue)),
                Query = LinearOf(Name(b.Query)),
                Key = LinearOf(Name(b.Key)),
                Value = LinearOf(Name(b.Value)),
                Output = LinearOf(Name(b.Output))!,
                MlpNorm = NormOf(config, Name(b.MlpNorm)!),
                Gate = LinearOf(Name(b.Gate)),
                Up = LinearOf(Name(b.Up))!,
                Down = LinearOf(Name(b.Down))!,
            });
        }

        Decoder = new(config, Embedding, positions, blocks, NormOf(config, prefix + names.FinalNorm));
    }

    public Embedding Embedding { get; }

    /// <summary>The output head; null where a scoring head is in its place.</summary>
    public Linear? Head { get; }

    public Decoder Decoder { get; }

    /// <summary>The places of all tensors, by the tensors' names.</summary>
    public IReadOnlyDictionary<string, WeightSlot> Slots => slots;

    /// <summary>Every tensor that a model of this configuration has, by its name in the family's files, with its shape there.</summary>
    public static IEnumerable<(string Name, string GgufName, long[] Shape)> Expected(ModelFamily family, DecoderConfig c)
    {
        var (n, g) = (family.Names, family.GgufNames);
        var prefix = n.OptionalPrefix;
        yield return (prefix + n.Embedding + ".weight", g.Embedding + ".weight", [c.VocabularySize, c.Width]);
        if (n.Positions is not null)
            yield return (prefix + n.Positions + ".weight", g.Positions + ".weight", [c.ContextLength, c.Width]);
        long query = (long)c.Heads * c.HeadDim, key = (long)c.KeyValueHeads * c.HeadDim;
        for (var layer = 0; layer < c.Layers; layer++)
        {
            var (b, gb) = (n.Block, g.Block);
            (string? Name, string? Gguf, long In, long Out, bool Bias)[] linears =
            [
                (b.QueryKeyValue, gb.QueryKeyValue, c.Width, query + (2 * key), c.AttentionBias), (b.Query, gb.Query, c.Width, query, c.AttentionBias),
                (b.Key, gb.Key, c.Width, key, c.AttentionBias), (b.Value, gb.Value, c.Width, key, c.AttentionBias), (b.Output, gb.Output, query, c.Width, c.AttentionBias),
                (b.Gate, gb.Gate, c.Width, c.MlpWidth, c.MlpBias), (b.Up, gb.Up, c.Width, c.MlpWidth, c.MlpBias), (b.Down, gb.Down, c.MlpWidth, c.Width, c.MlpBias),
            ];
            foreach (var (name, gguf, input, output, bias) in linears.Where(l => l.Name is not null))
            {
                yield return (At(prefix + name, layer, "weight"), At(gguf!, layer, "weight"), family.InputMajor ? [input, output] : [output, input]);
                if (bias)
                    yield return (At(prefix + name, layer, "bias"), At(gguf!, layer, "bias"), [output]);
            }

            foreach (var (name, gguf) in new[] { (b.AttentionNorm, gb.AttentionNorm), (b.MlpNorm, gb.MlpNorm) })
                foreach (var part in NormParts(c))
                    yield return (At(prefix + name, layer, part), At(gguf, layer, part), [c.Width]);
        }

        foreach (var part in NormParts(c))
            yield return ($"{prefix}{n.FinalNorm}.{part}", $"{g.FinalNorm}.{part}", [c.Width]);
        if (c.Scoring is { } scoring)
            yield return (ScoringConfig.WeightName, "cls.output.weight", [scoring.Labels.Count, c.Width]);
        else if (!c.TiedHead)
            yield return (n.Head + ".weight", g.Head + ".weight", [c.VocabularySize, c.Width]);
        if (c.HeadBias && c.Scoring is null)
            yield return (n.Head + ".bias", g.Head + ".bias", [c.VocabularySize]);
    }

    private static string[] NormParts(DecoderConfig config) => config.Norm == NormKind.Layer ? ["weight", "bias"] : ["weight"];

    private static string At(string pattern, int layer, string part) =>
        pattern.Replace("{0}", layer.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal) + "." + part;

    private Norm NormOf(DecoderConfig config, string module) => new(config.Norm, config.NormEpsilon, Slot(module + ".weight"), OptionalSlot(module + ".bias"));

    private Linear? LinearOf(string? module) =>
        module is null ? null : new(module, Slot(module + ".weight"), OptionalSlot(module + ".bias"), family.InputMajor);

    private WeightSlot? OptionalSlot(string name) => parameters.ContainsKey(name) ? Slot(name) : null;

    private WeightSlot Slot(string name) => Slot(name, parameters[name]);

    private WeightSlot Slot(string name, Tensor value) => slots[name] = new(value);
}
