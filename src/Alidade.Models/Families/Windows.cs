using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Reads and writes which layers have a sliding window.</summary>
internal static class Windows
{
    private const string Full = "full_attention";
    private const string Sliding = "sliding_attention";

    /// <summary>Adds the window to a configuration.</summary>
    /// <param name="read">What is known so far.</param>
    /// <param name="config">The file, which may name the kind of each layer (<c>layer_types</c>).</param>
    /// <param name="window">Keys that a query sees, itself included; null for no window anywhere.</param>
    /// <param name="slides">Which layers have it when the file does not say.</param>
    public static DecoderConfig Read(DecoderConfig read, ConfigReader config, int? window, Func<int, bool> slides)
    {
        var kinds = config.Texts("layer_types") is { Count: > 0 } given ? given : [.. Enumerable.Range(0, read.Layers).Select(i => slides(i) ? Sliding : Full)];
        if (kinds.Count != read.Layers)
            throw new AlidadeException($"{config.Where}: 'layer_types' names {kinds.Count} layers, the model has {read.Layers}");
        if (kinds.FirstOrDefault(k => k is not (Full or Sliding)) is { } other)
            throw new NotBuiltException($"{config.Where}: layers of type '{other}' are not known; known are {Full}, {Sliding}");
        return window is null ? read : read with { Window = window, WindowLayers = kinds.All(k => k == Sliding) ? null : [.. kinds.Select(k => k == Sliding)] };
    }

    /// <summary>Adds window and <c>layer_types</c> to a config.json.</summary>
    public static void Write(JsonObject json, DecoderConfig config)
    {
        json["sliding_window"] = config.Window;
        json["layer_types"] = new JsonArray([.. Enumerable.Range(0, config.Layers).Select(i => JsonValue.Create(config.WindowOf(i) is null ? Full : Sliding))]);
    }
}
