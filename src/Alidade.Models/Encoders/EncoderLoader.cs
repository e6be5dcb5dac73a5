using Alidade.Core;
using Alidade.Models.Families;
using Alidade.Models.Hub;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>An encoder whose file is open, so that a head can ask for its tensors.</summary>
/// <param name="Names">The family's names.</param>
/// <param name="Config">The architecture's facts.</param>
/// <param name="Weights">The file.</param>
/// <param name="Embedding">The token embedding, to which a head may be tied.</param>
/// <param name="ClassName">What config.json calls the model, such as BertForMaskedLM.</param>
internal sealed record OpenedEncoder(EncoderNames Names, EncoderConfig Config, EncoderWeights Weights, Tensor Embedding, string ClassName)
{
    /// <summary>The one line for a head that the file does not have.</summary>
    public AlidadeException NoHead(string head, string tensor) =>
        new($"{Weights.Path}: there is no {head} ('{tensor}' is missing); config.json calls the model {ClassName}, so open it with {Opener}");

    private string Opener => ClassName.EndsWith("ForMaskedLM", StringComparison.Ordinal) || ClassName.EndsWith("ForPreTraining", StringComparison.Ordinal) ? nameof(MaskedLM)
        : ClassName.EndsWith("ForSequenceClassification", StringComparison.Ordinal) ? nameof(SequenceClassifier)
        : $"{nameof(EncoderModel)} or, where it has a modules.json, {nameof(SentenceEncoder)}";
}

/// <summary>Loads encoders from Hugging Face folders, with or without a head; names and shapes are checked against the configuration before a tensor is read.</summary>
internal static class EncoderLoader
{
    /// <summary>The encoder without a head.</summary>
    public static EncoderModel Load(string folder, LoadOptions options) => Load(folder, options, static _ => 0).Model;

    /// <summary>The encoder with a head.</summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <param name="options">Device and number type.</param>
    /// <param name="head">Asks for the head's tensors; their numbers are not there yet.</param>
    public static (EncoderModel Model, THead Head) Load<THead>(string folder, LoadOptions options, Func<OpenedEncoder, THead> head)
    {
        folder = ModelLocation.Resolve(folder);
        var configPath = Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw NoFolder(folder);
        var reader = ConfigReader.Open(configPath);
        var type = reader.Text("model_type") ?? throw new AlidadeException($"{configPath}: 'model_type' is missing");
        var family = EncoderFamily.Find(type) ?? throw NoEncoder(type, configPath);
        var (config, names) = (family.Read(reader), family.Names);
        var tokenizer = TokenizerOf(folder);
        using var file = SafetensorsFolder.Open(folder);
        var prefix = file.Tensors.ContainsKey(names.OptionalPrefix + names.Embedding + ".weight") ? names.OptionalPrefix : "";

        using var scope = NewDisposeScope();
        var weights = new EncoderWeights(file, prefix, options);
        var encoder = EncoderAssembly.Encoder(names, config, weights);
        var pooler = names.Pooler is { } p && weights.Has(prefix + p + ".weight") ? weights.Linear(prefix + p, config.Width, config.Width) : null;
        var taken = head(new(names, config, weights, encoder.Embedding, reader.Texts("architectures") is [var name, ..] ? name : type));
        // Buffers of positions carry nothing; heads may stay where they are not asked for.
        var parameters = weights.Read(n => n.EndsWith("embeddings.position_ids", StringComparison.Ordinal) || names.Heads.Any(h => n.StartsWith(h, StringComparison.Ordinal)));
        return (new(config, encoder, pooler, parameters, tokenizer, folder), taken);
    }

    // A tokenizer that is not supported does not keep the weights from being used.
    private static (Tokenizer?, AlidadeException?) TokenizerOf(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "tokenizer.json")) && !File.Exists(Path.Combine(folder, "tokenizer.json.gz")))
            return (null, new($"{folder} has no tokenizer; put the tokenizer.json of the model beside its weights"));
        try
        {
            return (Tokenizer.FromFolder(folder), null);
        }
        catch (NotBuiltException exception)
        {
            return (null, exception);
        }
    }

    private static AlidadeException NoFolder(string path) =>
        Directory.Exists(path) ? new($"'{path}' has no config.json; the folder of an encoder holds config.json, model.safetensors and tokenizer.json")
        : File.Exists(path) ? new NotBuiltException($"'{path}' is a file; encoders are read from Hugging Face folders (config.json, model.safetensors, tokenizer.json)")
        : new($"'{path}' is no folder; give a Hugging Face folder (config.json, model.safetensors, tokenizer.json)");

    private static AlidadeException NoEncoder(string type, string where) => ModelFamily.All.Any(f => f.ModelType == type)
        ? new($"{where}: '{type}' is a decoder, which writes text; open it with {nameof(CausalLM)} (on the command line: alidade chat, generate, next)")
        : new NotBuiltException($"{where}: architecture '{type}' is not known; known encoders are {EncoderFamily.Known}");
}
