using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Alidade.Models.Steps;

/// <summary>
/// The output head over the hidden states of a few rows: Y = XWᵀ + b with W read once, straight through. The library's product rearranges all of W for it, at every token.
/// </summary>
internal static unsafe class HeadProduct
{
    private const int TilesAtOnce = 16;

    /// <summary>The logits; null where there are more rows, a gradient is wanted, or the weights are none that <see cref="FloatStepLinear"/> reads.</summary>
    /// <param name="hidden">[.., width].</param>
    /// <param name="projection">The head.</param>
    /// <returns>[.., vocabulary].</returns>
    public static Tensor? Of(Tensor hidden, Linear projection)
    {
        if (is_grad_enabled() || hidden.numel() > StepDecoder.MostFloatRows * projection.Inputs || !FloatMemory.TryOf(hidden, out var x) || StepLinear.Of(projection) is not FloatStepLinear head)
            return null;
        var logits = empty([.. hidden.shape[..^1], head.Outputs], ScalarType.Float32);
        var rows = x!.Span.Length / head.Inputs;
        using var input = new StepInput(rounds: false);
        input.Set(x.Start, rows, head.Inputs);
        fixed (byte* y = logits.bytes)
            SpinningTeam.Run(new Pieces(head, input, (float*)y), head.Tiles, TilesAtOnce, rows * head.MultiplyAdds, get_num_threads());
        return logits;
    }

    private sealed class Pieces(StepLinear head, StepInput x, float* y) : IPieces
    {
        public void Run(int from, int to) => head.Run(x, y, head.Outputs, from, to);
    }
}
