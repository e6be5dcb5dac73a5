using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>c·tanh(x / c): x where it is small, never beyond ±c (Gemma 2).</summary>
internal static class SoftCap
{
    /// <summary>Element by element, into a new tensor.</summary>
    public static Tensor Apply(Tensor x, double cap)
    {
        using var shrunk = x.div(Scalars.Of(cap));
        using var bounded = shrunk.tanh();
        return bounded.mul(Scalars.Of(cap));
    }
}
