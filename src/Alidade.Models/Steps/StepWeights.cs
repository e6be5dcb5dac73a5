using Alidade.Models.Architecture;


namespace Alidade.Models.Steps;

/// <summary>
/// The weights of a decoder as <see cref="StepDecoder"/> reads them: where they lie now. They are found anew when the decoder has others (<see cref="AreCurrent"/>):
/// an adapter was merged or taken off, a weight replaced. Numbers that are changed in place are simply seen.
/// </summary>
internal sealed unsafe class StepWeights : IDisposable
{
    private readonly AdaptableModule[] modules;
    private readonly Norm[] norms;
    private readonly object?[] found;
    private readonly Embedding embedding;
    private readonly FloatMemory? table;
    private readonly StepInput? input;
    private readonly SpanNorm? finalNorm;

    public StepWeights(DecoderConfig config, Embedding embedding, Decoder decoder)
    {
        this.embedding = embedding;
        modules = [embedding, .. decoder.Blocks.SelectMany(b => b.Linears)];
        norms = [.. decoder.Blocks.SelectMany(Norms), decoder.FinalNorm];
        found = [.. Current()];
        var tableKnown = embedding.Update is null && (embedding.Packed is not null || FloatMemory.TryOf(embedding.Weight, out table));
        var blocks = decoder.Blocks.Select(b => StepBlock.Of(config, b)).ToArray();
        finalNorm = SpanNorm.Of(decoder.FinalNorm, config.NormEpsilon);
        Known = tableKnown && finalNorm is not null && blocks.All(b => b is not null);
        Packed = modules.All(m => m.Packed is not null);
        Blocks = [.. blocks.OfType<StepBlock>()];
        input = Known ? new(rounds: modules.Any(m => m.Packed is not null)) : null;
    }

    /// <summary>Whether all are of a kind that the step computes with.</summary>
    public bool Known { get; }

    /// <summary>Whether all matrices are packed.</summary>
    public bool Packed { get; }

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<StepBlock> Blocks { get; }

    /// <summary>Norm after the last block.</summary>
    public SpanNorm FinalNorm => finalNorm!;

    /// <summary>Where projections find their input.</summary>
    public StepInput Input => input!;

    /// <summary>False when the decoder computes with other weights than these.</summary>
    public bool AreCurrent
    {
        get
        {
            var at = 0;
            foreach (var one in Current())
                if (!ReferenceEquals(one, found[at++]))
                    return false;
            return true;
        }
    }

    /// <summary>The vector of a token.</summary>
    public void Embed(int token, Span<float> vector)
    {
        if (embedding.Packed is { } packed)
            packed.Decode(token, vector);
        else
            table!.Span.Slice(token * vector.Length, vector.Length).CopyTo(vector);
    }

    /// <inheritdoc/>
    public void Dispose() => input?.Dispose();

    private IEnumerable<object?> Current()
    {
        foreach (var module in modules)
        {
            yield return (object?)module.Packed ?? module.Weight;
            yield return module.Update;
            yield return (module as Linear)?.Bias;
        }

        foreach (var norm in norms)
        {
            yield return norm.Weight;
            yield return norm.Bias;
        }
    }

    private static IEnumerable<Norm> Norms(BlockWeights block) =>
        new[] { block.AttentionNorm, block.AttentionPostNorm, block.QueryNorm?.Shared, block.KeyNorm?.Shared, block.MlpNorm, block.MlpPostNorm }.OfType<Norm>();
}

/// <summary>The weights of one block; what the architecture does not have is null.</summary>
internal sealed record StepBlock(
    SpanNorm? AttentionNorm, SpanNorm? AttentionPostNorm, IReadOnlyList<StepLinear> QueryKeyValue, SpanNorm? QueryNorm, SpanNorm? KeyNorm, StepLinear Output,
    SpanNorm? MlpNorm, SpanNorm? MlpPostNorm, StepLinear? Gate, StepLinear? Up, StepLinear? GateUp, StepLinear Down)
{
    /// <summary>The block; null where a weight is of a kind that is not computed here.</summary>
    public static StepBlock? Of(DecoderConfig config, BlockWeights block)
    {
        var known = true;
        SpanNorm? Norm(Norm? norm)
        {
            var found = norm is null ? null : SpanNorm.Of(norm, config.NormEpsilon);
            known &= norm is null || found is not null;
            return found;
        }

        StepLinear? Linear(Linear? linear)
        {
            var found = linear is null ? null : StepLinear.Of(linear);
            known &= linear is null || found is not null;
            return found;
        }

        Linear?[] inputs = block.QueryKeyValue is null ? [block.Query, block.Key, block.Value] : [block.QueryKeyValue];
        var made = new StepBlock(
            Norm(block.AttentionNorm), Norm(block.AttentionPostNorm), [.. inputs.Select(i => Linear(i)!)], Norm(block.QueryNorm?.Shared), Norm(block.KeyNorm?.Shared), Linear(block.Output)!,
            Norm(block.MlpNorm), Norm(block.MlpPostNorm), Linear(block.Gate), Linear(block.Up), Linear(block.GateUp), Linear(block.Down)!);
        return known ? made : null;
    }
}
