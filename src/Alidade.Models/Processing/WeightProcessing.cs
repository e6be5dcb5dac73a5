using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Processing;

/// <summary>
/// Rewrites a model's weights so that its parts are read more easily, without changing the log-probabilities of any token:
/// the norms' gains and shifts go into the projections behind them, and what softmax and LayerNorm cannot see is taken away.
/// </summary>
/// <remarks>
/// <para>With row vectors, y = xW + b:</para>
/// <list type="number">
/// <item>Fold the norms, for every projection that reads one (query, key, value, gate, up, head): b ← b + βW, W ← diag(γ)W, then γ = 1, β = 0. Under LayerNorm,
/// whose output has mean 0, also W ← W − mean of W over the width. Norms of what is added to the residual stream stay.</item>
/// <item>Centre what writes into the residual stream, under LayerNorm only: embedding, positions, W_O, b_O, W_out, b_out minus their mean over the width. Not an embedding that is normalised itself.</item>
/// <item>Centre the head, unless its logits have a soft cap: W_U and b_U minus their mean over the vocabulary; all logits of a position move by one number.</item>
/// <item>Fold the value biases, which every pattern passes on whole: b_O ← b_O + Σ_h b_V[h] W_O[h], b_V = 0.</item>
/// </list>
/// <para>TransformerLens, <c>process_weights</c> with fold_ln, center_writing_weights, center_unembed and fold_value_biases. Each step is computed in float64
/// and rounded once to the model's own type.</para>
/// </remarks>
public static class WeightProcessing
{
    /// <summary>A new model with processed weights; the given one is not changed. Hooks and their meaning stay, the values at most of them do not.</summary>
    /// <param name="model">The model; its tokenizer and chat template are shared with the new one.</param>
    /// <returns>A model of its own, to be disposed by the caller. Its head is untied and has a bias, so it cannot be saved; it takes no adapter.</returns>
    /// <exception cref="AlidadeException">An adapter is in use.</exception>
    public static CausalLM Apply(CausalLM model)
    {
        if (model.Adapter is { } adapter)
            throw new AlidadeException($"weights of {model.Name} cannot be processed while adapter '{adapter.Name}' is in use; merge it first, or stop using it");
        if (model.Config.Scoring is not null)
            throw new NotBuiltException($"weights of {model.Name} cannot be processed, for it has a scoring head");
        using var noGrad = no_grad();
        // A shift needs a bias to go to.
        var hasShift = model.Config is { Norm: NormKind.Layer, NormWeights: NormWeights.All };
        var config = model.Config with
        {
            TiedHead = false,
            HeadBias = true,
            QueryKeyValueBias = hasShift || model.Config.QueryKeyValueBias,
            OutputBias = hasShift || model.Config.QueryKeyValueBias || model.Config.OutputBias,
            MlpBias = hasShift || model.Config.MlpBias,
        };
        var parameters = Copy(model, config);
        Process(config, new(model.Family, config, parameters));
        return model.Processed(config, parameters);
    }

    private static OrderedDictionary<string, Tensor> Copy(CausalLM model, DecoderConfig config)
    {
        var names = model.Family.Names;
        var tied = model.Parameters[names.OptionalPrefix + names.Embedding + ".weight"];
        var copy = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, _, shape, _) in DecoderAssembly.Expected(model.Family, config))
        {
            using var scope = NewDisposeScope();
            var source = model.Parameters.GetValueOrDefault(name) ?? (name == names.Head + ".weight" ? tied : null);
            var value = source is null ? zeros(shape, model.DType, model.Device) : source.detach().clone();
            copy.Add(name, value.DetachFromDisposeScope());
        }

        return copy;
    }

    private static void Process(DecoderConfig config, DecoderAssembly weights)
    {
        var decoder = weights.Decoder;
        var head = weights.Head!.Projection;

        // 1. The norms.
        foreach (var block in decoder.Blocks)
        {
            Linear?[] mlp = [block.GateUp, block.Gate, block.Up];
            // A parallel MLP without a norm of its own reads attention's.
            var shared = config.ParallelResidual && block.MlpNorm is null;
            Fold(block.AttentionNorm, [block.QueryKeyValue, block.Query, block.Key, block.Value, .. shared ? mlp : []]);
            if (!shared)
                Fold(block.MlpNorm, mlp);
        }

        Fold(decoder.FinalNorm, [head]);

        // 2. What writes into the residual stream.
        if (config.Norm == NormKind.Layer)
        {
            if (decoder.EmbeddingNorm is null)
                Centre(weights.Embedding.Weight, 1);
            if (decoder.PositionEmbedding is { } positions)
                Centre(positions.Weight, 1);
            foreach (var writer in decoder.Blocks.SelectMany(b => new[] { b.Output, b.Down }))
            {
                Centre(writer.Weight, writer.InputMajor ? 1 : 0);
                if (writer.Bias is { } bias)
                    Centre(bias, 0);
            }
        }

        // 3. The head.
        if (config.LogitCap is null)
        {
            Centre(head.Weight, 0);
            Centre(head.Bias!, 0);
        }

        // 4. The value biases.
        foreach (var block in decoder.Blocks)
            FoldValueBias(config, block);
    }

    private static void Fold(Norm? norm, IEnumerable<Linear?> readers)
    {
        if (norm is null)
            return;
        using var scope = NewDisposeScope();
        var gain = norm.Weight is { } stored ? (stored.to(ScalarType.Float64) + norm.Offset).unsqueeze(1) : ones(1, ScalarType.Float64);
        foreach (var reader in readers.OfType<Linear>())
        {
            using var inner = NewDisposeScope();
            var inputMajor = reader.InputMajor ? reader.Weight : reader.Weight.t();
            var weight = inputMajor.to(ScalarType.Float64);
            if (norm.Bias is { } shift)
                reader.Bias!.add_(matmul(shift.to(ScalarType.Float64), weight));
            weight = weight * gain;
            inputMajor.copy_(norm.Kind == NormKind.Layer ? weight - weight.mean([0], keepdim: true) : weight);
        }

        norm.Weight?.fill_(1 - norm.Offset);
        norm.Bias?.fill_(0);
    }

    private static void Centre(Tensor values, long dimension)
    {
        using var scope = NewDisposeScope();
        var exact = values.to(ScalarType.Float64);
        values.copy_(exact - exact.mean([dimension], keepdim: true));
    }

    private static void FoldValueBias(DecoderConfig config, BlockWeights block)
    {
        using var scope = NewDisposeScope();
        if ((block.QueryKeyValue ?? block.Value!).Bias is not { } bias)
            return;
        var value = block.QueryKeyValue is null ? bias : ValuesOf(config, bias);
        var ofHeads = value.to(ScalarType.Float64).reshape(config.KeyValueHeads, config.HeadDim).repeat_interleave(config.HeadsPerKey, 0).flatten();
        block.Output.Bias!.add_(matmul(ofHeads, block.Output.InputMajorWeight().to(ScalarType.Float64)));
        value.fill_(0);
    }

    // The values' part of a fused bias, as a view.
    private static Tensor ValuesOf(DecoderConfig config, Tensor bias) => config.QueryKeyValueLayout == FusedLayout.ByKeyHead
        ? bias.view(config.KeyValueHeads, config.HeadsPerKey + 2, config.HeadDim).select(1, config.HeadsPerKey + 1)
        : bias.narrow(0, bias.size(0) - ((long)config.KeyValueHeads * config.HeadDim), (long)config.KeyValueHeads * config.HeadDim);
}
