using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Interpretability.Lenses;

/// <summary>One token that a layer would predict.</summary>
/// <param name="Token">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="Probability">Its probability at this layer.</param>
public sealed record LensToken(string Token, int Id, double Probability);

/// <summary>What one layer would predict at one position.</summary>
/// <param name="Layer">0 = input of the first block, n = output of block n − 1.</param>
/// <param name="Top">The likeliest tokens, likeliest first.</param>
/// <param name="Entropy">Entropy of the layer's distribution, in nats.</param>
/// <param name="KlToFinal">KL(final ‖ layer), in nats.</param>
public sealed record LensRow(int Layer, IReadOnlyList<LensToken> Top, double Entropy, double KlToFinal);

/// <summary>
/// Logit lens: logits of layer ℓ = LN_f(residual_ℓ)·W_U, the statistics of the final norm recomputed for each layer.
/// </summary>
/// <remarks>nostalgebraist 2020; the conventions of TransformerLens' <c>accumulated_resid(apply_ln=True)</c>.</remarks>
public static class LogitLens
{
    /// <summary>The hook points that the lens reads.</summary>
    public static IReadOnlyList<string> HookPatterns { get; } = ["blocks.*.hook_resid_pre", "blocks.*.hook_resid_post"];

    /// <summary>Logits of every layer and position.</summary>
    /// <param name="model">The model that the cache was recorded from.</param>
    /// <param name="cache">Holds <see cref="HookPatterns"/>.</param>
    /// <returns>[layers + 1, rows, positions, vocabulary].</returns>
    public static Tensor Logits(CausalLM model, ActivationCache cache)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return stack(Residuals(model, cache).Select(r => model.Unembed(model.FinalNorm(r)))).MoveToOuterDisposeScope();
    }

    /// <summary>Reads the last position of a prompt, layer by layer.</summary>
    /// <param name="model">The model, with the adapter in use.</param>
    /// <param name="ids">The prompt's tokens.</param>
    /// <param name="top">How many tokens to list for each layer.</param>
    public static IReadOnlyList<LensRow> Read(CausalLM model, IReadOnlyList<int> ids, int top)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(ids);
        using var cache = ActivationCache.Record(model.Hooks, HookPatterns, () => model.Hidden(grid).Dispose());
        var last = stack(Residuals(model, cache).Select(r => r.narrow(1, ids.Count - 1, 1).reshape(-1)));
        var logits = model.Unembed(model.FinalNorm(last));
        var statistics = LensStatistics.Of(logits);
        var (values, indices) = nn.functional.softmax(logits, -1).topk(top, -1);
        var probabilities = values.cpu().data<float>().ToArray();
        var tokens = indices.cpu().data<long>().ToArray();
        return [.. Enumerable.Range(0, (int)logits.size(0)).Select(layer => new LensRow(
            layer,
            [.. Enumerable.Range(layer * top, top).Select(i => new LensToken(model.Tokenizer.TokenText((int)tokens[i]), (int)tokens[i], probabilities[i]))],
            statistics.Entropy[layer],
            statistics.KlToFinal[layer]))];
    }

    private static IEnumerable<Tensor> Residuals(CausalLM model, ActivationCache cache) =>
        Enumerable.Range(0, model.Config.Layers).Select(layer => cache[$"blocks.{layer}.hook_resid_pre"])
            .Append(cache[$"blocks.{model.Config.Layers - 1}.hook_resid_post"]);
}
