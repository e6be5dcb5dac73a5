using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// Names of tensors in PEFT's files: <c>base_model.model.MODULE.lora_A.weight</c>, for embeddings <c>lora_embedding_A</c>, DoRA's
/// <c>lora_magnitude_vector</c>; a module with an update has its own tensors under <c>base_layer</c>.
/// </summary>
internal static class PeftNames
{
    /// <summary>What stands before every name.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>The tensors of an update.</summary>
    public static IEnumerable<(string Name, Tensor Value)> Of(string module, LoraFactors factors)
    {
        yield return (Prefix + module + (factors.OfEmbedding ? ".lora_embedding_A" : ".lora_A.weight"), factors.A);
        yield return (Prefix + module + (factors.OfEmbedding ? ".lora_embedding_B" : ".lora_B.weight"), factors.B);
        if (factors.Magnitude is { } magnitude)
            yield return ($"{Prefix}{module}.lora_magnitude_vector", magnitude);
    }

    /// <summary>The name of a tensor that stands in for the base's.</summary>
    public static string OfReplacement(string parameter, Predicate<string> isUpdated)
    {
        var module = ModuleOf(parameter);
        return isUpdated(module) ? $"{Prefix}{module}.base_layer{parameter[module.Length..]}" : Prefix + parameter;
    }

    /// <summary>The module of a tensor: its name without the last part.</summary>
    public static string ModuleOf(string parameter) => parameter.LastIndexOf('.') is >= 0 and var dot ? parameter[..dot] : "";

    /// <summary>The last part of a module's name.</summary>
    public static string LastPart(string module) => module[(module.LastIndexOf('.') + 1)..];
}
