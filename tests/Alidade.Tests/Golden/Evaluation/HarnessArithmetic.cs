using Alidade.Models;
using Alidade.Models.Attention;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Tokens that are predicted, and those before them.</summary>
/// <param name="Context">At least one.</param>
/// <param name="Predicted">At least one.</param>
internal readonly record struct PredictedTokens(IReadOnlyList<int> Context, IReadOnlyList<int> Predicted)
{
    /// <summary>What goes through the model: all but the last.</summary>
    public int[] Read => [.. Context, .. Predicted.SkipLast(1)];
}

/// <summary>
/// One log-likelihood in each of the arithmetics in which the harness may have rounded its own: a float32 sum of a few tokens is further from the exact one than from the
/// recorded one, in a direction that is known. All of them are computed here, none is taken from a file.
/// </summary>
internal static class HarnessArithmetic
{
    /// <summary>Σ log p of the predicted tokens, the exact one first, each computed when it is asked for.</summary>
    /// <param name="path">The model.</param>
    /// <param name="windows">What is summed over.</param>
    public static IEnumerable<(string Name, double LogProb)> Of(string path, IReadOnlyList<PredictedTokens> windows)
    {
        var (exact, single) = (GoldenModels.LoadFloat64(path), GoldenModels.Load(path));
        yield return ("float64", Sum(windows, w => Whole(exact, w), ScalarType.Float64));
        // The bias of the README's first trap: the library's float32 log-softmax over a large vocabulary comes out too high.
        yield return ("float64, log-softmax in float32", Sum(windows, w => Whole(exact, w), ScalarType.Float32));
        yield return ("float32, log-softmax in float64", Sum(windows, w => Whole(single, w), ScalarType.Float64));
        yield return ("float32 behind a cached context, log-softmax in float64", Sum(windows, w => AfterContext(single, w), ScalarType.Float64));
    }

    private static double Sum(IReadOnlyList<PredictedTokens> windows, Func<PredictedTokens, Tensor> logits, ScalarType softmax)
    {
        using var noGrad = no_grad();
        var sum = 0.0;
        foreach (var window in windows)
        {
            using var scope = NewDisposeScope();
            var logProbs = nn.functional.log_softmax(logits(window).to(softmax), -1);
            var targets = tensor(window.Predicted.Select(id => (long)id).ToArray()).unsqueeze(1);
            sum += logProbs.gather(1, targets).to(ScalarType.Float64).sum().item<double>();
        }

        return sum;
    }

    /// <summary>Context and continuation in one pass; [predicted, vocabulary].</summary>
    private static Tensor Whole(CausalLM model, PredictedTokens window)
    {
        using var grid = TokenGrid.Of(window.Read);
        return model.Unembed(model.Hidden(grid).squeeze(0).narrow(0, window.Context.Count - 1, window.Predicted.Count));
    }

    /// <summary>The context first, then the continuation behind its keys and values, as the recorded runs of the tasks did it; [predicted, vocabulary].</summary>
    private static Tensor AfterContext(CausalLM model, PredictedTokens window)
    {
        var ids = window.Read.Select(id => (long)id).ToArray();
        using var cache = new CachedAttention(model.Config, [0], ids.Length, model.Device, model.DType);
        var hidden = CachedForward.Hidden(model, cache, ids[..window.Context.Count], window.Context.Count).squeeze(0).narrow(0, window.Context.Count - 1, 1);
        var rest = ids[window.Context.Count..];
        return model.Unembed(rest.Length == 0 ? hidden : cat([hidden, CachedForward.Hidden(model, cache, rest, rest.Length).squeeze(0)]));
    }
}
