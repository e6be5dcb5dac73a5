using Alidade.Core;
using Alidade.Models.Chat.Jinja;
using Alidade.Models.Hub;
using Microsoft.Extensions.AI;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Alidade.Models.Encoders;

/// <summary>Vectors of texts.</summary>
public sealed record SentenceEmbeddings
{
    /// <summary>One vector for each text, in their order.</summary>
    public required IReadOnlyList<float[]> Vectors { get; init; }

    /// <summary>Tokens read, special ones included.</summary>
    public required int Tokens { get; init; }

    /// <summary>Texts of which a part was cut off.</summary>
    public required int Truncated { get; init; }

    /// <summary>The cosine of the angle between every two vectors.</summary>
    public IReadOnlyList<IReadOnlyList<float>> Cosines() =>
        [.. Vectors.Select(a => (IReadOnlyList<float>)[.. Vectors.Select(b => TensorPrimitives.CosineSimilarity<float>(a, b))])];
}

/// <summary>
/// Texts to vectors, as a sentence-transformers folder says: encoder, pooling, dense layers, normalisation, prompts, longest text.
/// </summary>
/// <remarks>Reimers and Gurevych 2019 (arXiv 1908.10084). Work is done on the calling thread; the tasks are complete when they are returned. Safe for
/// concurrent use while no hook is registered on the encoder.</remarks>
public sealed class SentenceEncoder : IEmbeddingGenerator<string, Embedding<float>>
{
    private const string PromptName = "prompt_name";

    private readonly IReadOnlyList<ISentenceModule> modules;
    private readonly bool lowerCase;
    private readonly EmbeddingGeneratorMetadata metadata;

    private SentenceEncoder(EncoderModel encoder, SentencePooling pooling, IReadOnlyList<ISentenceModule> modules, int dimensions, int? maxLength, bool lowerCase)
    {
        (Encoder, Pooling, this.modules, Dimensions, this.lowerCase) = (encoder, pooling, modules, dimensions, lowerCase);
        MaxLength = Math.Min(maxLength ?? int.MaxValue, encoder.Config.ContextLength);
        metadata = new("alidade", defaultModelId: encoder.Name, defaultModelDimensions: Dimensions);
    }

    /// <summary>The white box below the pooling.</summary>
    public EncoderModel Encoder { get; }

    /// <summary>How hidden states become one vector.</summary>
    public SentencePooling Pooling { get; }

    /// <summary>Size of a vector.</summary>
    public int Dimensions { get; }

    /// <summary>Longest text in tokens, special ones included; longer ones are cut at their end, and counted.</summary>
    public int MaxLength { get; }

    /// <summary>Prompts that the model was trained with, by name; one is put in front of a text.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; private init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The name of the prompt that is used when none is asked for; null for none.</summary>
    public string? DefaultPrompt { get; private init; }

    /// <summary>True when the vectors have the length 1.</summary>
    public bool Normalized => modules is [.., NormalizeModule];

    /// <summary>Loads a sentence-transformers folder.</summary>
    /// <exception cref="AlidadeException">A file is missing, malformed or does not fit the others; the message names it.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a module, is not supported.</exception>
    public static SentenceEncoder Load(string path, LoadOptions? options = null)
    {
        path = ModelLocation.Resolve(path);
        options ??= new();
        var folder = SentenceFolder.Read(path);
        var encoder = EncoderModel.Load(folder.Encoder, options);
        var modules = new List<ISentenceModule>();
        try
        {
            var (pooling, steps) = folder.Steps(encoder.Config.Width);
            foreach (var step in steps)
                modules.Add(SentenceModules.Load(step, options));
            return new(encoder, pooling, modules, SentenceFolder.Dimensions(encoder.Config.Width, pooling, steps), folder.MaxLength, folder.LowerCase)
            {
                Prompts = folder.Prompts,
                DefaultPrompt = folder.DefaultPrompt,
            };
        }
        catch
        {
            modules.ForEach(m => m.Dispose());
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>A sentence encoder of any encoder, which it owns from here on.</summary>
    /// <param name="encoder">The model.</param>
    /// <param name="pooling">How hidden states become one vector.</param>
    /// <param name="normalize">Whether vectors are brought to the length 1.</param>
    public static SentenceEncoder Create(EncoderModel encoder, SentencePooling pooling, bool normalize) =>
        new(encoder, pooling, normalize ? [new NormalizeModule()] : [], encoder.Config.Width * pooling.Modes.Count, null, lowerCase: false);

    /// <summary>Vectors of rows of tokens.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="promptTokens">Tokens of a prompt at the beginning of every row.</param>
    /// <returns>[rows, <see cref="Dimensions"/>]; differentiable.</returns>
    public Tensor Embed(EncoderBatch batch, int promptTokens = 0)
    {
        using var scope = NewDisposeScope();
        return modules.Aggregate(Pool(batch, promptTokens), (x, module) => module.Apply(x)).MoveToOuterDisposeScope();
    }

    /// <summary>The pooled hidden states of rows of tokens, before the modules that follow.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="promptTokens">Tokens of a prompt at the beginning of every row.</param>
    /// <returns>[rows, width · ways of pooling]; differentiable.</returns>
    public Tensor Pool(EncoderBatch batch, int promptTokens = 0)
    {
        using var scope = NewDisposeScope();
        return Pooling.Pool(Encoder.Hidden(batch), batch, promptTokens).MoveToOuterDisposeScope();
    }

    /// <summary>Vectors of texts, without the white space around them and their prompt, as in the reference; texts of similar length share a batch.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="prompt">Name of a prompt of <see cref="Prompts"/> to put in front; null for <see cref="DefaultPrompt"/>.</param>
    /// <param name="options">Longest text and batch size; null for the model's.</param>
    /// <param name="cancellation">Looked at between batches.</param>
    /// <exception cref="AlidadeException">There is no such prompt, no tokenizer, or the maximum length does not fit the model.</exception>
    public SentenceEmbeddings Embed(IEnumerable<string> texts, string? prompt = null, EncoderTextOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var front = (prompt ?? DefaultPrompt) is not { } name ? ""
            : Prompts.TryGetValue(name, out var known) ? known
            : throw new AlidadeException($"{Encoder.Name} has no prompt '{name}'{Suggest.Hint(name, [.. Prompts.Keys])}");
        var rows = EncoderTexts.Of(Encoder.Tokenizer, texts.Select(t => (Written(front + t), (string?)null)), MaxLength, options);
        var promptTokens = front.Length == 0 || Pooling.IncludePrompt ? 0 : PromptTokens(Written(front), options);
        var vectors = new float[rows.Ids.Count][];
        using var noGrad = no_grad();
        rows.InBatches(options.BatchTokens, cancellation, (batch, numbers) =>
        {
            using var scope = NewDisposeScope();
            var embedded = Embed(batch, promptTokens).to(ScalarType.Float32).cpu();
            for (var row = 0; row < numbers.Length; row++)
                vectors[numbers[row]] = embedded[row].data<float>().ToArray();
        });
        return new() { Vectors = vectors, Tokens = rows.Ids.Sum(i => i.Count), Truncated = rows.Cut.Count(c => c > 0) };
    }

    /// <inheritdoc/>
    /// <remarks>
    /// <see cref="EmbeddingGenerationOptions.Dimensions"/> keeps the first dimensions, and brings them to the length 1 again where the model does; the number
    /// of texts that were cut stands under <c>truncated_texts</c>. A prompt is named under <c>prompt_name</c> of the additional properties.
    /// </remarks>
    /// <exception cref="AlidadeException">More dimensions are asked for than there are, another model or a property that is not known is asked for, or what <see cref="Embed(IEnumerable{string}, string?, EncoderTextOptions?, CancellationToken)"/> refuses.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.ModelId is { } id && id != Encoder.Name)
            throw new AlidadeException($"the model '{id}' was asked for; this one is '{Encoder.Name}'");
        if (options?.AdditionalProperties?.Keys.FirstOrDefault(k => k != PromptName) is { } unknown)
            throw new AlidadeException($"the property '{unknown}' is not supported{Suggest.Hint(unknown, [PromptName])}");
        if (options?.Dimensions is { } asked && (asked < 1 || asked > Dimensions))
            throw new AlidadeException($"{asked} dimensions were asked for; the vectors of {Encoder.Name} have {Dimensions}");
        var prompt = options?.AdditionalProperties?.TryGetValue(PromptName, out var given) == true
            ? given as string ?? throw new AlidadeException($"'{PromptName}' must be the name of a prompt") : null;
        var result = Embed(values, prompt, cancellation: cancellationToken);
        return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(result.Vectors.Select(v => new Embedding<float>(Shortened(v, options?.Dimensions)) { ModelId = Encoder.Name }))
        {
            Usage = new() { InputTokenCount = result.Tokens, TotalTokenCount = result.Tokens },
            AdditionalProperties = new() { ["truncated_texts"] = result.Truncated },
        });
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? metadata
        : serviceType == typeof(EncoderModel) ? Encoder
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var module in modules)
            module.Dispose();
        Encoder.Dispose();
    }

    private float[] Shortened(float[] vector, int? dimensions)
    {
        if (dimensions is not { } count || count == vector.Length)
            return vector;
        var kept = vector[..count];
        if (Normalized && TensorPrimitives.Norm<float>(kept) is > 0 and var length)
            TensorPrimitives.Divide(kept, length, kept);
        return kept;
    }

    // sentence-transformers, models/Transformer.py, tokenize: stripped first, then lower-cased, each as Python does it.
    private string Written(string text)
    {
        var stripped = TextOperations.Strip(new(text), null, left: true, right: true).Value;
        return lowerCase ? CaseMapping.Lower(stripped) : stripped;
    }

    // Without the special token at the end, which in a whole row stands after the text.
    private int PromptTokens(string prompt, EncoderTextOptions options)
    {
        var encoding = Encoder.Tokenizer.EncodeWithOffsets(prompt, new() { ParseSpecialTokens = options.ParseSpecialTokens });
        return encoding.Ids.Count - (encoding.SpecialMask is [.., true] ? 1 : 0);
    }
}
