using Alidade.Core;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>The tokenizer of a model, or why there is none: one that is missing or not supported does not keep the weights from being used.</summary>
/// <param name="Found">The tokenizer.</param>
/// <param name="Why">Why there is none, told where one is asked for.</param>
internal sealed record OptionalTokenizer(Tokenizer? Found, AlidadeException? Why)
{
    /// <summary>The tokenizer, for whoever needs one.</summary>
    /// <exception cref="AlidadeException">The model came without one.</exception>
    /// <exception cref="NotBuiltException">It came with one that is not supported.</exception>
    public Tokenizer Needed => Found ?? throw Why!;

    /// <summary>None.</summary>
    /// <param name="model">The model, for messages.</param>
    public static OptionalTokenizer None(string model) => new(null, new($"{model} has no tokenizer; put the tokenizer.json of the model beside its weights"));

    /// <summary>That of a folder.</summary>
    /// <exception cref="AlidadeException">It is malformed.</exception>
    public static OptionalTokenizer OfFolder(string folder) =>
        File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "tokenizer.json.gz")) ? Of(() => Tokenizer.FromFolder(folder)) : None(folder);

    /// <summary>That of a GGUF file.</summary>
    /// <exception cref="AlidadeException">It is malformed.</exception>
    public static OptionalTokenizer OfGguf(GgufFile file) =>
        file.Metadata.GetValueOrDefault("tokenizer.ggml.model") is null or "no_vocab" or "none" ? None(file.Path) : Of(() => Tokenizer.FromGguf(file.Metadata, file.Path));

    private static OptionalTokenizer Of(Func<Tokenizer> read)
    {
        try
        {
            return new(read(), null);
        }
        catch (NotBuiltException exception)
        {
            return new(null, exception);
        }
    }
}
