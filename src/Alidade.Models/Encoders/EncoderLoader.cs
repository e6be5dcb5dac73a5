using Alidade.Core;
using Alidade.Models.Hub;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>An encoder whose file is open, so that a head can ask for its tensors.</summary>
/// <param name="Files">Configuration, names and file.</param>
/// <param name="Weights">The tensors.</param>
/// <param name="Embedding">The token embedding, to which a head may be tied.</param>
internal sealed record OpenedEncoder(EncoderFiles Files, EncoderWeights Weights, Tensor Embedding)
{
    /// <summary>The architecture's facts.</summary>
    public EncoderConfig Config => Files.Config;

    /// <summary>The one line for a head that the file does not have.</summary>
    public AlidadeException NoHead(string head, string tensor) =>
        new($"{Files.Weights.Path}: there is no {head} ('{tensor}' is missing); config.json calls the model {Files.ClassName}, so open it with {Opener}");

    private string Opener => Files.ClassName.EndsWith("ForMaskedLM", StringComparison.Ordinal) || Files.ClassName.EndsWith("ForPreTraining", StringComparison.Ordinal) ? nameof(MaskedLM)
        : Files.ClassName.EndsWith("ForSequenceClassification", StringComparison.Ordinal) ? nameof(SequenceClassifier)
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
        using var files = EncoderFiles.Open(ModelLocation.Resolve(folder));
        var tokenizer = files.Tokenizer();
        using var scope = NewDisposeScope();
        var weights = new EncoderWeights(files.Weights, options);
        weights.Take(files.Tensors);
        var encoder = EncoderAssembly.Encoder(files, weights);
        var taken = head(new(files, weights, encoder.Embedding));
        return (new(files.Config, encoder, files.Pooler is { } pooler ? weights.Linear(pooler) : null, weights.Read(files.MayStay), tokenizer, files.Path), taken);
    }
}
