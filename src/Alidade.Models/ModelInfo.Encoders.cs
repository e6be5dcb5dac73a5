using System.Globalization;
using Alidade.Models.Architecture;
using Alidade.Models.Encoders;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>What an encoder has on top.</summary>
public sealed record EncoderInfo
{
    /// <summary>What config.json calls the model, such as BertForMaskedLM.</summary>
    public required string ClassName { get; init; }

    /// <summary>The heads in the file that can be used: "masked token", "classification"; empty for none.</summary>
    public required IReadOnlyList<string> Heads { get; init; }

    /// <summary>Names of the classification head's outputs, in their order; empty without one.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How the classification head's logits are read; null without one.</summary>
    public ClassificationProblem? Problem { get; init; }

    /// <summary>How texts become vectors; null where the folder is not one of sentence-transformers.</summary>
    public SentenceInfo? Sentence { get; init; }
}

/// <summary>What a sentence-transformers folder does with the encoder's hidden states.</summary>
public sealed record SentenceInfo
{
    /// <summary>How the hidden states of a text become one vector, and what follows, in words and in order.</summary>
    public required IReadOnlyList<string> Modules { get; init; }

    /// <summary>The pooling.</summary>
    public required SentencePooling Pooling { get; init; }

    /// <summary>Size of a vector.</summary>
    public required int Dimensions { get; init; }

    /// <summary>True when the vectors have the length 1.</summary>
    public required bool Normalized { get; init; }

    /// <summary>Longest text in tokens, special ones included; longer ones are cut.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Whether texts are lower-cased before they are tokenised.</summary>
    public required bool LowerCase { get; init; }

    /// <summary>Prompts by name.</summary>
    public required IReadOnlyDictionary<string, string> Prompts { get; init; }

    /// <summary>The prompt that is used when none is asked for; null for none.</summary>
    public string? DefaultPrompt { get; init; }
}

public sealed partial record ModelInfo
{
    private static readonly (string Name, string Key)[] EncoderTokens =
        [("first", "cls_token"), ("separator", "sep_token"), ("padding", "pad_token"), ("mask", "mask_token"), ("unknown", "unk_token")];

    private static ModelInfo OfEncoder(string path, SentenceFolder? sentence, bool hash)
    {
        using var files = EncoderFiles.Open(sentence?.Encoder ?? path);
        var (c, tokenizer) = (files.Config, files.Tokenizer().Found);
        var (masked, classifier) = (files.MaskedHead, files.UsableClassifier);
        List<(EncoderTensor Tensor, TensorEntry Entry)> tensors =
        [
            .. files.Tensors.Concat(masked is null ? [] : EncoderTensors.MaskedHead(masked, c)).Concat(classifier is null ? [] : EncoderTensors.Classifier(classifier, c))
                .DistinctBy(t => t.Name).Select(t => (t, t.In(files.Weights))),
        ];
        TensorCheck.NoOther(files.Weights, tensors.Select(t => t.Entry.Name), files.MayStay);
        var weights = FilesOf(files.Weights).ToList();
        var steps = sentence?.Steps(c.Width);
        foreach (var step in steps?.Steps.Where(s => s.Tensors.Count > 0) ?? [])
        {
            using var file = SafetensorsFolder.Open(step.Folder);
            tensors.AddRange(step.Tensors.Select(t => (t, t.In(file))));
            TensorCheck.NoOther(file, step.Tensors.Select(t => t.Name), _ => false);
            weights.AddRange(FilesOf(file));
        }

        List<TensorEntry> stored = [.. tensors.Select(t => t.Entry)];
        return new()
        {
            Path = path,
            Kind = sentence is null ? "Hugging Face folder" : "sentence-transformers folder",
            Architecture = Describe(c),
            Parameters = stored.Sum(t => t.Count),
            Parts = tensors.GroupBy(t => t.Tensor.Part).ToDictionary(g => g.Key, g => g.Sum(t => t.Entry.Count)),
            Formats = FormatsOf(stored),
            FileBytes = weights.Sum(Bytes),
            MemoryBytes = MemoryOf(stored),
            ContextLength = c.ContextLength,
            VocabularySize = c.VocabularySize,
            Tokenizer = tokenizer is null ? null : TokenizerOf(tokenizer, EncoderTokens.Select(t => (t.Name, SpecialTokens.Text(files.Path, t.Key)))),
            Encoder = new()
            {
                ClassName = files.ClassName,
                Heads = [.. masked is null ? Array.Empty<string>() : ["masked token"], .. classifier is null ? Array.Empty<string>() : ["classification"]],
                Labels = classifier is null ? [] : c.Labels,
                Problem = classifier is null ? null : c.Problem,
                Sentence = steps is var (pooling, after) ? SentenceOf(sentence!, c, pooling, after) : null,
            },
            License = ModelLicense.Of(path, null),
            Hashes = HashesOf(weights, hash),
        };
    }

    private static SentenceInfo SentenceOf(SentenceFolder folder, EncoderConfig c, SentencePooling pooling, IReadOnlyList<SentenceStep> steps) => new()
    {
        Modules = [$"{string.Join(" + ", pooling.Modes)} pooling{(pooling.IncludePrompt ? "" : " without the prompt")}", .. steps.Select(s => s.Words)],
        Pooling = pooling,
        Dimensions = SentenceFolder.Dimensions(c.Width, pooling, steps),
        Normalized = steps is [.., { Kind: SentenceStep.Normalize }],
        MaxTokens = Math.Min(folder.MaxLength ?? int.MaxValue, c.ContextLength),
        LowerCase = folder.LowerCase,
        Prompts = folder.Prompts,
        DefaultPrompt = folder.DefaultPrompt,
    };

    private static string Describe(EncoderConfig c) => string.Create(CultureInfo.InvariantCulture,
        $"{c.Family}: encoder of {c.Layers} layers, width {c.Width}{(c.EmbeddingWidth == c.Width ? "" : $" (embedding {c.EmbeddingWidth})")}, {c.Heads} heads of {c.HeadDim}, MLP {c.MlpWidth} ({Activations.Name(c.Activation)}), LayerNorm, {Positions(c)}{(c.TokenTypes > 0 ? $", {c.TokenTypes} token types" : "")}{(c.Convolution is { } v ? $", convolution over {v.Kernel} tokens" : "")}");

    private static string Positions(EncoderConfig c) => string.Join(" and ", new[]
    {
        c.Positions > 0 ? string.Create(CultureInfo.InvariantCulture, $"{c.Positions} learned positions") : null,
        c.Disentangled is { } d ? string.Create(CultureInfo.InvariantCulture, $"relative positions (disentangled attention, distances up to {d.MaxDistance}{(d.Buckets > 0 ? $" in {2 * d.Buckets} buckets" : "")})") : null,
    }.OfType<string>().DefaultIfEmpty("no positions"));
}
