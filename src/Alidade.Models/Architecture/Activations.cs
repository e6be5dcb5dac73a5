using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The MLP's non-linearities and the names configurations give them.</summary>
internal static class Activations
{
    private static readonly (string Name, Activation Kind)[] Names =
    [
        ("silu", Activation.Silu), ("swish", Activation.Silu), ("gelu_new", Activation.GeluTanh), ("gelu_pytorch_tanh", Activation.GeluTanh),
        ("gelu_fast", Activation.GeluTanh), ("gelu", Activation.Gelu), ("relu", Activation.Relu), ("tanh", Activation.Tanh),
    ];

    /// <summary>The kind of a name.</summary>
    public static Activation Parse(string name, string where) =>
        Array.Find(Names, n => n.Name == name) is (not null, var kind) ? kind
            : throw new NotBuiltException($"{where}: activation '{name}' is not known; known are {string.Join(", ", Names.Select(n => n.Name))}");

    /// <summary>The first name of a kind.</summary>
    public static string Name(Activation kind) => Array.Find(Names, n => n.Kind == kind).Name;

    /// <summary>f(x), element by element.</summary>
    public static Tensor Apply(this Activation kind, Tensor x) => kind switch
    {
        Activation.Silu => nn.functional.silu(x),
        Activation.GeluTanh => nn.functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
        Activation.Gelu => nn.functional.gelu(x),
        Activation.Relu => nn.functional.relu(x),
        Activation.Tanh => x.tanh(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such activation"),
    };
}
