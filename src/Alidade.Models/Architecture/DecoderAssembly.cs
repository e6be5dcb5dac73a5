using System.Collections.Immutable;
using System.Globalization;
using Alidade.Models.Families;
using Alidade.Models.Quantized;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A tensor that a model of some configuration has.</summary>
/// <param name="Name">Its name in the family's safetensors files.</param>
/// <param name="GgufName">Its name in GGUF files.</param>
/// <param name="Shape">Its shape in safetensors files.</param>
/// <param name="Role">What it is for.</param>
internal sealed record ExpectedTensor(string Name, string GgufName, long[] Shape, TensorRole Role);

/// <summary>What a tensor is for, as far as files differ in how they store it.</summary>
internal enum TensorRole
{
    /// <summary>Embedding, learned positions, head, bias, shift.</summary>
    Plain,

    /// <summary>The gain of a norm.</summary>
    Gain,

    /// <summary>Weight of a projection.</summary>
    Projection,

    /// <summary>Weight or bias of the query projection.</summary>
    Query,

    /// <summary>Weight or bias of the key projection.</summary>
    Key,

    /// <summary>Weight or bias of a fused query, key and value projection.</summary>
    QueryKeyValue,
}

/// <summary>Puts the tensors of a family's file into the decoder's places.</summary>
internal sealed class DecoderAssembly
{
    private readonly ModelFamily family;
    private readonly DecoderConfig config;
    private readonly IReadOnlyDictionary<string, Tensor> parameters;
    private readonly IReadOnlyDictionary<string, PackedMatrix> packed;
    private readonly Dictionary<string, WeightSlot> slots = new(StringComparer.Ordinal);

    /// <param name="family">The table that names the tensors.</param>
    /// <param name="config">The architecture.</param>
    /// <param name="parameters">The tensors.</param>
    /// <param name="packed">The matrices that are held as their file stores them; null for none.</param>
    public DecoderAssembly(ModelFamily family, DecoderConfig config, IReadOnlyDictionary<string, Tensor> parameters, IReadOnlyDictionary<string, PackedMatrix>? packed = null)
    {
        (this.family, this.config, this.parameters, this.packed) = (family, config, parameters, packed ?? ImmutableDictionary<string, PackedMatrix>.Empty);
        var names = family.Names;
        var prefix = names.OptionalPrefix;
        Embedding = EmbeddingOf(prefix + names.Embedding);
        if (config.Scoring is null)
            Head = HeadOf(names.Head);
        else
        {
            Slot(ScoringConfig.WeightName);
            OptionalSlot(ScoringConfig.BiasName);
        }

        var positions = config.LearnedPositions ? EmbeddingOf(prefix + names.Positions) : null;
        var embeddingNorm = config.EmbeddingNorm ? NormOf(prefix + names.EmbeddingNorm) : null;
        Decoder = new(config, Embedding, embeddingNorm, positions, [.. Enumerable.Range(0, config.Layers).Select(BlockOf)], NormOf(prefix + names.FinalNorm));
    }

    public Embedding Embedding { get; }

    /// <summary>The output head; null where a scoring head is in its place.</summary>
    public OutputHead? Head { get; }

    public Decoder Decoder { get; }

    /// <summary>The places of all tensors, by the tensors' names.</summary>
    public IReadOnlyDictionary<string, WeightSlot> Slots => slots;

    /// <summary>Every tensor that a model of this configuration has.</summary>
    public static IEnumerable<ExpectedTensor> Expected(ModelFamily family, DecoderConfig c)
    {
        var (n, g) = (family.Names, TensorNames.Gguf);
        var prefix = n.OptionalPrefix;
        yield return new(prefix + n.Embedding + ".weight", g.Embedding + ".weight", [c.VocabularySize, c.Width], TensorRole.Plain);
        if (c.EmbeddingNorm)
            foreach (var part in NormParts(prefix + n.EmbeddingNorm, g.EmbeddingNorm!, c))
                yield return part;
        if (c.LearnedPositions)
            yield return new(prefix + n.Positions + ".weight", g.Positions + ".weight", [c.ContextLength + c.PositionOffset, c.Width], TensorRole.Plain);
        for (var layer = 0; layer < c.Layers; layer++)
        {
            foreach (var linear in Linears(n.Block, c))
            {
                var (name, gguf) = (At(prefix + linear.Name, layer), At(linear.Gguf, layer));
                yield return new(name + ".weight", gguf + ".weight", family.InputMajor ? [linear.In, linear.Out] : [linear.Out, linear.In], linear.Role);
                if (linear.Bias)
                    yield return new(name + ".bias", gguf + ".bias", [linear.Out], linear.Role == TensorRole.Projection ? TensorRole.Plain : linear.Role);
            }

            foreach (var (name, gguf) in Norms(n.Block, c))
                foreach (var part in NormParts(At(prefix + name, layer), At(gguf, layer), c))
                    yield return part;
            foreach (var (name, gguf, heads) in HeadNorms(n.Block, c))
                foreach (var (module, shape) in GainsOf(At(prefix + name, layer), heads, c))
                    yield return new(module + ".weight", At(gguf, layer) + ".weight", shape, TensorRole.Gain);
        }

        foreach (var part in NormParts(prefix + n.FinalNorm, g.FinalNorm, c))
            yield return part;
        if (c.Scoring is { } scoring)
        {
            yield return new(ScoringConfig.WeightName, "cls.output.weight", [scoring.Labels.Count, c.Width], TensorRole.Plain);
            if (scoring.OfTokens)
                yield return new(ScoringConfig.BiasName, "cls.output.bias", [scoring.Labels.Count], TensorRole.Plain);
        }
        else if (!c.TiedHead)
            yield return new(n.Head + ".weight", g.Head + ".weight", [c.VocabularySize, c.Width], TensorRole.Plain);
        if (c.HeadBias && c.Scoring is null)
            yield return new(n.Head + ".bias", g.Head + ".bias", [c.VocabularySize], TensorRole.Plain);
    }

    private static IEnumerable<(string Name, string Gguf, long In, long Out, bool Bias, TensorRole Role)> Linears(BlockNames b, DecoderConfig c)
    {
        long query = (long)c.Heads * c.HeadDim, key = (long)c.KeyValueHeads * c.HeadDim;
        var g = TensorNames.Gguf.Block;
        (string? Name, string? Gguf, long In, long Out, bool Bias, TensorRole Role)[] all =
        [
            (b.QueryKeyValue, g.QueryKeyValue, c.Width, query + (2 * key), c.QueryKeyValueBias, TensorRole.QueryKeyValue),
            (b.Query, g.Query, c.Width, query, c.QueryKeyValueBias, TensorRole.Query),
            (b.Key, g.Key, c.Width, key, c.QueryKeyValueBias, TensorRole.Key),
            (b.Value, g.Value, c.Width, key, c.QueryKeyValueBias, TensorRole.Projection),
            (b.Output, g.Output, query, c.Width, c.OutputBias, TensorRole.Projection),
            (b.GateUp, g.GateUp, c.Width, 2L * c.MlpWidth, c.MlpBias, TensorRole.Projection),
            (b.Gate, g.Gate, c.Width, c.MlpWidth, c.MlpBias, TensorRole.Projection),
            (b.Up, g.Up, c.Width, c.MlpWidth, c.MlpBias, TensorRole.Projection),
            (b.Down, g.Down, c.MlpWidth, c.Width, c.MlpBias, TensorRole.Projection),
        ];
        return all.Where(l => l.Name is not null).Select(l => (l.Name!, l.Gguf!, l.In, l.Out, l.Bias, l.Role));
    }

    private static IEnumerable<(string Name, string Gguf)> Norms(BlockNames b, DecoderConfig c)
    {
        var g = TensorNames.Gguf.Block;
        (BlockNorms Norm, string? Name, string? Gguf)[] all =
        [
            (BlockNorms.BeforeAttention, b.AttentionNorm, g.AttentionNorm), (BlockNorms.AfterAttention, b.AttentionPostNorm, g.AttentionPostNorm),
            (BlockNorms.BeforeMlp, b.MlpNorm, g.MlpNorm), (BlockNorms.AfterMlp, b.MlpPostNorm, g.MlpPostNorm),
        ];
        return all.Where(n => c.BlockNorms.HasFlag(n.Norm)).Select(n => (n.Name!, n.Gguf!));
    }

    private static IEnumerable<(string Name, string Gguf, int Heads)> HeadNorms(BlockNames b, DecoderConfig c) => c.QueryKeyNorm == QueryKeyNorm.None
        ? []
        : [(b.QueryNorm!, TensorNames.Gguf.Block.QueryNorm!, c.Heads), (b.KeyNorm!, TensorNames.Gguf.Block.KeyNorm!, c.KeyValueHeads)];

    private static IEnumerable<ExpectedTensor> NormParts(string name, string gguf, DecoderConfig c)
    {
        if (c.NormWeights != NormWeights.None)
            yield return new(name + ".weight", gguf + ".weight", [c.Width], TensorRole.Gain);
        if (c.NormWeights == NormWeights.All && c.Norm == NormKind.Layer)
            yield return new(name + ".bias", gguf + ".bias", [c.Width], TensorRole.Plain);
    }

    // The modules that hold the gains of a norm of queries or keys.
    private static IEnumerable<(string Module, long[] Shape)> GainsOf(string name, int heads, DecoderConfig c) => c.QueryKeyNorm switch
    {
        QueryKeyNorm.AllHeads => [(name, [(long)heads * c.HeadDim])],
        QueryKeyNorm.PerHeadOwnGain when name.Contains("{1}", StringComparison.Ordinal) =>
            Enumerable.Range(0, heads).Select(h => (name.Replace("{1}", h.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), (long[])[c.HeadDim])),
        QueryKeyNorm.PerHeadOwnGain => [(name, [heads, c.HeadDim])],
        _ => [(name, [c.HeadDim])],
    };

    private static string At(string pattern, int layer) => pattern.Replace("{0}", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private BlockWeights BlockOf(int layer)
    {
        var b = family.Names.Block;
        Norm? Norm(BlockNorms which, string? name) => config.BlockNorms.HasFlag(which) ? NormOf(At(family.Names.OptionalPrefix + name, layer)) : null;
        Linear? Linear(string? name) => name is null ? null : LinearOf(At(family.Names.OptionalPrefix + name, layer));
        HeadNorm? HeadNorm(string? name, int heads) => config.QueryKeyNorm == QueryKeyNorm.None ? null : HeadNormOf(At(family.Names.OptionalPrefix + name, layer), heads);
        return new()
        {
            AttentionNorm = Norm(BlockNorms.BeforeAttention, b.AttentionNorm),
            AttentionPostNorm = Norm(BlockNorms.AfterAttention, b.AttentionPostNorm),
            QueryKeyValue = Linear(b.QueryKeyValue),
            Query = Linear(b.Query),
            Key = Linear(b.Key),
            Value = Linear(b.Value),
            QueryNorm = HeadNorm(b.QueryNorm, config.Heads),
            KeyNorm = HeadNorm(b.KeyNorm, config.KeyValueHeads),
            Output = Linear(b.Output)!,
            MlpNorm = Norm(BlockNorms.BeforeMlp, b.MlpNorm),
            MlpPostNorm = Norm(BlockNorms.AfterMlp, b.MlpPostNorm),
            GateUp = Linear(b.GateUp),
            Gate = Linear(b.Gate),
            Up = Linear(b.Up),
            Down = Linear(b.Down)!,
        };
    }

    private Norm NormOf(string module) => NormOf(config.Width, OptionalSlot(module + ".weight"), OptionalSlot(module + ".bias"));

    private Norm NormOf(long width, WeightSlot? gain, WeightSlot? shift) => new(config.Norm, config.NormEpsilon, width, gain, shift, config.NormGainOffset);

    private HeadNorm HeadNormOf(string name, int heads)
    {
        WeightSlot[] gains = [.. GainsOf(name, heads, config).Select(g => Slot(g.Module + ".weight"))];
        return config.QueryKeyNorm == QueryKeyNorm.PerHeadOwnGain
            ? new(config.QueryKeyNorm, NormOf(config.HeadDim, null, null), gains)
            : new(config.QueryKeyNorm, NormOf(gains[0].Own.size(0), gains[0], null), []);
    }

    // A tied head has a place of its own, for an adapter may change one of the two.
    private OutputHead HeadOf(string module)
    {
        var weight = config.TiedHead ? Slot(module + ".weight", slots[Embedding.Name + ".weight"].Copy()) : Slot(module + ".weight");
        return new(config, new(module, weight, config.HeadBias ? Slot(module + ".bias") : null, inputMajor: false));
    }

    private Embedding EmbeddingOf(string module) => new(module, Slot(module + ".weight"));

    private Linear LinearOf(string module) => new(module, Slot(module + ".weight"), OptionalSlot(module + ".bias"), family.InputMajor);

    private WeightSlot? OptionalSlot(string name) => parameters.ContainsKey(name) ? Slot(name) : null;

    private WeightSlot Slot(string name) =>
        // A packed projection is [out, in] whatever the family's order; a table of vectors is as it is.
        Slot(name, packed.TryGetValue(name, out var matrix) ? new(matrix, family.InputMajor && !IsTable(name)) : new(parameters[name]));

    private WeightSlot Slot(string name, WeightSlot slot) => slots[name] = slot;

    private bool IsTable(string name) => name == family.Names.Head + ".weight" || new[] { family.Names.Embedding, family.Names.Positions }.Any(n => n is not null && name == family.Names.OptionalPrefix + n + ".weight");
}
