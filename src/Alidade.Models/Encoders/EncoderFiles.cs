using Alidade.Core;
using Alidade.Models.Families;
using Alidade.Models.Weights;

namespace Alidade.Models.Encoders;

/// <summary>An encoder as its folder describes it: configuration and headers are read, and no tensor is. Needs no tensor library.</summary>
internal sealed class EncoderFiles : IDisposable
{
    private EncoderFiles(string path, EncoderFamily family, ConfigReader reader, SafetensorsFolder weights)
    {
        (Path, Names, Config, Weights) = (path, family.Names, family.Read(reader), weights);
        ClassName = reader.Texts("architectures") is [var name, ..] ? name : reader.Text("model_type")!;
        Prefix = weights.Tensors.ContainsKey(Names.OptionalPrefix + Names.Embedding + ".weight") ? Names.OptionalPrefix : "";
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    public EncoderNames Names { get; }

    public EncoderConfig Config { get; }

    public SafetensorsFolder Weights { get; }

    /// <summary>What config.json calls the model, such as BertForMaskedLM.</summary>
    public string ClassName { get; }

    /// <summary>What stands in front of the encoder's own names.</summary>
    public string Prefix { get; }

    /// <summary>The full name of the pooler; null when the file has none.</summary>
    public string? Pooler => Names.Pooler is { } name && Has(Prefix + name + ".weight") ? Prefix + name : null;

    /// <summary>The names under which the file has a masked-token head; null when it has none.</summary>
    public MaskedHeadNames? MaskedHead => Names.MaskedHeads.FirstOrDefault(n => Has(n.Dense + ".weight")) is not { } names ? null
        : Has(names.Bias) ? names : names with { Bias = names.Output + ".bias" };

    /// <summary>The names under which the file has a classification head; null when it has none.</summary>
    public ClassifierNames? Classifier => !Has(Names.Classifier.Output + ".weight") ? null
        : Names.Classifier with { Dense = Names.Classifier.Dense.Replace("{prefix}", Prefix, StringComparison.Ordinal) };

    /// <summary><see cref="Classifier"/>, where both of its layers are there: a head on every token has the second alone.</summary>
    public ClassifierNames? UsableClassifier => Classifier is { } names && Has(names.Dense + ".weight") ? names : null;

    /// <summary>The tensors of the encoder and its pooler.</summary>
    public IEnumerable<EncoderTensor> Tensors =>
        EncoderTensors.Encoder(Names, Config, Prefix).Concat(Pooler is { } pooler ? EncoderTensors.Linear(pooler, "pooler", Config.Width, Config.Width) : []);

    /// <summary>Opens a folder.</summary>
    /// <exception cref="AlidadeException">A file is missing or malformed, or the model is no encoder.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a part of it, is not supported.</exception>
    public static EncoderFiles Open(string folder)
    {
        var configPath = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw NoFolder(folder);
        var reader = ConfigReader.Open(configPath);
        var type = reader.Text("model_type") ?? throw new AlidadeException($"{configPath}: 'model_type' is missing");
        var family = EncoderFamily.Find(type) ?? throw NoEncoder(type, configPath);
        var weights = SafetensorsFolder.Open(folder);
        try
        {
            return new(folder, family, reader, weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>True for a folder whose config.json names an encoder.</summary>
    public static bool Is(string folder) => System.IO.Path.Combine(folder, "config.json") is var path && File.Exists(path)
        && ConfigReader.Open(path).Text("model_type") is { } type && EncoderFamily.Find(type) is not null;

    /// <summary>The tokenizer.</summary>
    public OptionalTokenizer Tokenizer() => OptionalTokenizer.OfFolder(Path);

    /// <summary>Whether a tensor may be left in the file: buffers of positions carry nothing, and heads may stay where they are not asked for.</summary>
    public bool MayStay(string name) => name.EndsWith("embeddings.position_ids", StringComparison.Ordinal) || Names.Heads.Any(h => name.StartsWith(h, StringComparison.Ordinal));

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private bool Has(string name) => EncoderTensor.Find(Weights, name) is not null;

    private static AlidadeException NoFolder(string path) =>
        Directory.Exists(path) ? new($"'{path}' has no config.json; the folder of an encoder holds config.json, model.safetensors and tokenizer.json")
        : File.Exists(path) ? new NotBuiltException($"'{path}' is a file; encoders are read from Hugging Face folders (config.json, model.safetensors, tokenizer.json)")
        : new($"'{path}' is no folder; give a Hugging Face folder (config.json, model.safetensors, tokenizer.json)");

    private static AlidadeException NoEncoder(string type, string where) => ModelFamily.All.Any(f => f.ModelType == type)
        ? new($"{where}: '{type}' is a decoder, which writes text; open it with {nameof(CausalLM)} (on the command line: alidade chat, generate, next)")
        : new NotBuiltException($"{where}: architecture '{type}' is not known; known encoders are {EncoderFamily.Known}");
}
