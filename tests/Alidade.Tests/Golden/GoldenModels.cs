using System.Collections.Concurrent;
using Alidade.Core;
using Alidade.Models;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Models that evaluation cases name: a folder of the golden set, or a GGUF file beside it. Loaded once.</summary>
internal static class GoldenModels
{
    private static readonly ConcurrentDictionary<string, CausalLM> Loaded = new(StringComparer.Ordinal);

    /// <summary>The path of a model; null when it is neither here nor there.</summary>
    /// <param name="room">Folder below the golden folder in which tiny models lie, such as <c>evaluation</c>.</param>
    /// <param name="name">Its name, such as <c>tiny-llama</c> or <c>smollm2-135m</c>.</param>
    public static string? PathOf(string room, string name)
    {
        var folder = GoldenFolder.PathOf(room + "/" + name);
        if (File.Exists(Path.Combine(folder, "config.json")))
            return folder;
        return Files().FirstOrDefault(f => Path.GetFileName(f).StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The real model beside the golden folder; null when there is none.</summary>
    public static string? Real => Files().FirstOrDefault();

    /// <summary>The real model, loaded once.</summary>
    /// <exception cref="NotBuiltException">It does not lie beside the golden folder.</exception>
    public static CausalLM Smol => Load(Real ?? throw new NotBuiltException("there is no real model beside the golden folder"));

    /// <summary>Loads a model or gives the one loaded before.</summary>
    public static CausalLM Load(string path) => Loaded.GetOrAdd(path, p => CausalLM.Load(p));

    /// <summary>The same in float64: what it gives does not depend on the processor or on the shape of a batch.</summary>
    public static CausalLM LoadFloat64(string path) => Loaded.GetOrAdd(path + " in float64", _ => CausalLM.Load(path, new() { DType = ScalarType.Float64 }));

    private static IEnumerable<string> Files() =>
        Directory.Exists(GoldenFolder.Models) ? Directory.EnumerateFiles(GoldenFolder.Models, "*.gguf").Order(StringComparer.Ordinal) : [];
}
