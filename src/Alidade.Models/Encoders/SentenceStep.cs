using System.Globalization;
using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders;

/// <summary>A module after pooling, as its folder describes it: vectors to vectors. Needs no tensor library.</summary>
/// <param name="Kind">Dense, LayerNorm or Normalize.</param>
/// <param name="Folder">Where it lies.</param>
/// <param name="Outputs">Size of the vectors that leave it.</param>
/// <param name="Activation">The non-linearity of a Dense; null for none.</param>
/// <param name="Tensors">Its weights.</param>
internal sealed record SentenceStep(string Kind, string Folder, int Outputs, Activation? Activation, IReadOnlyList<EncoderTensor> Tensors)
{
    public const string Dense = "Dense";
    public const string LayerNorm = "LayerNorm";
    public const string Normalize = "Normalize";

    // Names of the reference's classes; none is the identity.
    private static readonly (string Name, Activation? Kind)[] Functions =
    [
        ("Identity", null), ("Tanh", Architecture.Activation.Tanh), ("ReLU", Architecture.Activation.Relu), ("GELU", Architecture.Activation.Gelu), ("SiLU", Architecture.Activation.Silu),
    ];

    /// <summary>What it does, for people.</summary>
    public string Words => Kind == Dense ? string.Create(CultureInfo.InvariantCulture, $"dense to {Outputs}{(Activation is { } f ? $" ({Activations.Name(f)})" : "")}")
        : Kind == LayerNorm ? "layer norm" : "length 1";

    /// <summary>Reads what a module is.</summary>
    /// <param name="kind">As modules.json calls it.</param>
    /// <param name="folder">Where it lies.</param>
    /// <param name="inputs">Size of the vectors that enter it.</param>
    /// <param name="where">The model, for messages.</param>
    public static SentenceStep Read(string kind, string folder, int inputs, string where) => kind switch
    {
        Normalize => new(kind, folder, inputs, null, []),
        Dense => ReadDense(folder, Settings(folder), inputs),
        LayerNorm => new(kind, folder, inputs, null, [.. EncoderTensors.Norm("norm", inputs)]),
        _ => throw new NotBuiltException($"{where}: the module {kind} is not supported; known are Pooling, Dense, LayerNorm, Normalize, Dropout"),
    };

    /// <summary>The config.json of a module.</summary>
    public static ConfigReader Settings(string folder) => Path.Combine(folder, "config.json") is var path && File.Exists(path) ? ConfigReader.Open(path)
        : throw new AlidadeException($"'{folder}' has no config.json, which says what the module does");

    private static SentenceStep ReadDense(string folder, ConfigReader config, int inputs)
    {
        var (given, outputs) = (config.Size("in_features"), config.Size("out_features"));
        if (given != inputs)
            throw new AlidadeException($"{config.Where}: 'in_features' is {given}, what comes before gives {inputs}");
        var function = (config.Text("activation_function") ?? "torch.nn.modules.activation.Tanh").Split('.')[^1];
        if (Array.Find(Functions, f => f.Name == function) is not (not null, var kind))
            throw new NotBuiltException($"{config.Where}: 'activation_function' is \"{function}\"; known are {string.Join(", ", Functions.Select(f => f.Name))}");
        return new(Dense, folder, outputs, kind, [.. EncoderTensors.Linear("linear", "dense", inputs, outputs).Take(config.Flag("bias", true) ? 2 : 1)]);
    }
}
