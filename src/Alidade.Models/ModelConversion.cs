using System.Diagnostics;
using Alidade.Core;
using Alidade.Models.Weights;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models;

/// <summary>What to convert, and into what.</summary>
public sealed record ConversionRequest
{
    /// <summary>A model folder, a GGUF file, or the hub's name of a pulled model.</summary>
    public required string Source { get; init; }

    /// <summary>The folder or the .gguf file to write.</summary>
    public required string Target { get; init; }

    /// <summary>"safetensors" or "gguf"; null takes what the target's name says.</summary>
    public string? To { get; init; }

    /// <summary>Number format of the matrices; null keeps the source's where the target has it, else F32.</summary>
    public string? DType { get; init; }

    /// <summary>Most bytes of weights in one safetensors file.</summary>
    public long ShardBytes { get; init; } = SafetensorsShards.DefaultBytes;

    /// <summary>Whether a target that exists is replaced.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>What was written.</summary>
/// <param name="Target">Folder or file.</param>
/// <param name="To">"safetensors" or "gguf".</param>
/// <param name="DType">The number format that was asked for or kept.</param>
/// <param name="Tensors">Tensors of each format; not all are of the one asked for.</param>
/// <param name="Bytes">Size of the weights.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record ConvertedModel(string Target, string To, string DType, IReadOnlyDictionary<string, int> Tensors, long Bytes, double Seconds);

/// <summary>Converts models between Hugging Face folders and GGUF files, and between number formats.</summary>
public static class ModelConversion
{
    private static readonly string[] Plain = ["F32", "F16", "BF16"];

    /// <summary>Reads a model and writes it anew; README and licence go along into a folder.</summary>
    /// <exception cref="AlidadeException">The source is no model, the target exists or cannot be written, the format is not known.</exception>
    /// <exception cref="NotBuiltException">The target has no place for something of the model; the message names it.</exception>
    public static ConvertedModel Convert(ConversionRequest request)
    {
        var clock = Stopwatch.StartNew();
        var to = request.To ?? (request.Target.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? "gguf" : "safetensors");
        if (to is not ("gguf" or "safetensors"))
            throw new AlidadeException($"'{to}' is not a format of models that is written{Suggest.Hint(to, ["gguf", "safetensors"])}");
        if (to == "gguf" ? Directory.Exists(request.Target) : File.Exists(request.Target))
            throw new AlidadeException($"'{request.Target}' is a {(to == "gguf" ? "folder, and a GGUF model is a file" : "file, and a safetensors model is a folder")}; name another target");
        if (!request.Overwrite && (File.Exists(request.Target) || (Directory.Exists(request.Target) && Directory.EnumerateFileSystemEntries(request.Target).Any())))
            throw new AlidadeException($"'{request.Target}' exists; name another target, or ask to overwrite it");
        var (source, dtype, license) = About(request, to);
        if (Real(request.Target) == Real(source))
            throw new AlidadeException($"'{request.Target}' is the source itself; name another target");
        using var model = CausalLM.Load(source);
        if (to == "gguf")
        {
            var tensors = GgufSaver.Save(model, request.Target, dtype, license);
            return new(request.Target, to, dtype, tensors, new FileInfo(request.Target).Length, clock.Elapsed.TotalSeconds);
        }

        model.Save(request.Target, dtype, request.ShardBytes);
        foreach (var file in Directory.Exists(source) ? ModelLicense.FilesIn(source) : [])
            File.Copy(file, Path.Combine(request.Target, Path.GetFileName(file)), overwrite: true);
        var bytes = Directory.EnumerateFiles(request.Target, "model*.safetensors").Sum(f => new FileInfo(f).Length);
        return new(request.Target, to, dtype, new Dictionary<string, int> { [dtype] = model.Parameters.Count }, bytes, clock.Elapsed.TotalSeconds);
    }

    private static (string Source, string DType, string? License) About(ConversionRequest request, string to)
    {
        using var files = ModelFiles.Open(request.Source);
        var writable = to == "gguf" ? [.. GgufFormats.FileTypes.Keys] : Plain;
        if (to == "gguf")
            GgufSaver.ArchitectureOf(files.Family);
        // A tokenizer that cannot be read cannot be written.
        if (files.Tokenizer().Why is NotBuiltException notBuilt)
            throw notBuilt;
        var most = files.Weights.Tensors.Values.GroupBy(t => t.Format).MaxBy(g => g.Sum(t => t.Count))!.Key;
        var dtype = request.DType?.ToUpperInvariant() ?? (writable.Contains(most) ? most : "F32");
        if (!writable.Contains(dtype))
            throw new AlidadeException($"number format '{request.DType}' is not written to {to} files{Suggest.Hint(dtype, writable)}");
        return (files.Path, dtype, ModelLicense.Of(files.Path, files.Gguf));
    }

    // A place by its one name: links are followed, also those on the way, and a slash at the end means nothing.
    private static string Real(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
            return full;
        var here = Path.Combine(Real(parent), Path.GetFileName(full));
        return Path.Exists(here) && File.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? Real(target.FullName) : here;
    }
}
