using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>
/// What a GGUF file says of the model in it, checked: a container can be well-formed and yet describe no model. The sizes that every decoder has are
/// properties; what only some have is asked for by key.
/// </summary>
/// <remarks>Keys are those of ggml's docs/gguf.md; a model's own carry its architecture in front, as in <c>llama.block_count</c>.</remarks>
public sealed class GgufModelMetadata
{
    private readonly GgufFile file;

    private GgufModelMetadata(GgufFile file, string architecture)
    {
        this.file = file;
        Architecture = architecture;
    }

    /// <summary><c>general.architecture</c>, such as "llama".</summary>
    public string Architecture { get; }

    /// <summary>Number of layers; at least 1, at most the number of tensors.</summary>
    public int BlockCount { get; private set; }

    /// <summary>Width of the residual stream.</summary>
    public int EmbeddingLength { get; private set; }

    /// <summary>Query heads of a layer.</summary>
    public int HeadCount { get; private set; }

    /// <summary>Key and value heads of a layer, a divisor of <see cref="HeadCount"/>.</summary>
    public int KeyValueHeadCount { get; private set; }

    /// <summary>Reads and checks the description of a model.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="architectures">The architectures that the caller can build.</param>
    /// <exception cref="AlidadeException">A key is missing, has the wrong type, or a value that no model can have; the message names it.</exception>
    /// <exception cref="NotBuiltException">The architecture is none of <paramref name="architectures"/>, or the model is split over several files.</exception>
    public static GgufModelMetadata Read(GgufFile file, IReadOnlyCollection<string> architectures)
    {
        const string Key = "general.architecture";
        if (!file.Metadata.TryGetValue(Key, out var value))
            throw new AlidadeException($"'{file.Path}' has no '{Key}': it is a GGUF file, but does not say what model it holds");
        if (value is not string architecture)
            throw new AlidadeException($"'{file.Path}', metadata '{Key}': it must be a text, not of type {value.GetType().Name}");
        if (!architectures.Contains(architecture))
        {
            var built = string.Join(", ", architectures.Order(StringComparer.Ordinal));
            throw new NotBuiltException($"'{file.Path}' holds a model of architecture '{Shown.Name(architecture)}'; the architectures built are {built}");
        }

        var metadata = new GgufModelMetadata(file, architecture);
        metadata.CheckSplit();
        metadata.CheckNumbersAreFinite();
        metadata.CheckVocabulary();
        metadata.CheckSizes();
        return metadata;
    }

    /// <summary>An integer of the model, such as <c>rope.dimension_count</c>; null where the file has none.</summary>
    /// <exception cref="AlidadeException">The value is not an integer.</exception>
    public long? Integer(string key) => file.Metadata.TryGetValue(Own(key), out var value) ? AsInteger(Own(key), value) : null;

    /// <summary>A number of the model, such as <c>rope.freq_base</c>, finite; null where the file has none.</summary>
    /// <exception cref="AlidadeException">The value is not a number.</exception>
    public double? Number(string key) => !file.Metadata.TryGetValue(Own(key), out var value) ? null : value switch
    {
        float number => number,
        double number => number,
        _ => AsInteger(Own(key), value),
    };

    /// <summary>A text of the model, such as <c>rope.scaling.type</c>; null where the file has none.</summary>
    /// <exception cref="AlidadeException">The value is not a text.</exception>
    public string? Text(string key) => Typed<string>(Own(key));

    /// <summary>A switch of the model; null where the file has none.</summary>
    /// <exception cref="AlidadeException">The value is not a bool.</exception>
    public bool? Flag(string key) => file.Metadata.TryGetValue(Own(key), out var value)
        ? value as bool? ?? throw Wrong(Own(key), $"it must be a bool, not of type {value.GetType().Name}")
        : null;

    /// <summary>A value of one of the format's integer types; null for any other, and above 2⁶³ − 1.</summary>
    internal static long? Whole(object value) => value switch
    {
        byte or sbyte or ushort or short or uint or int or long or (ulong and <= long.MaxValue) => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    private void CheckSplit()
    {
        const string Key = "split.count";
        if (file.Metadata.TryGetValue(Key, out var value) && AsInteger(Key, value) is var parts and not (0 or 1))
            throw new NotBuiltException($"'{file.Path}' is one of {parts} parts of a split model; join them into one file first (llama-gguf-split --merge)");
    }

    private void CheckNumbersAreFinite()
    {
        foreach (var (key, value) in file.Metadata.Where(pair => pair.Key.StartsWith(Architecture + ".", StringComparison.Ordinal)))
        {
            var finite = value switch
            {
                float number => float.IsFinite(number),
                double number => double.IsFinite(number),
                float[] numbers => numbers.All(float.IsFinite),
                double[] numbers => numbers.All(double.IsFinite),
                _ => true,
            };
            if (!finite)
                throw Wrong(key, "it is not a finite number");
        }

        if (Number("rope.freq_base") is <= 0)
            throw Wrong(Own("rope.freq_base"), string.Create(CultureInfo.InvariantCulture, $"it must be above 0, not {Number("rope.freq_base")}"));
    }

    private void CheckSizes()
    {
        // A layer has at least one tensor, so no honest file has more layers than tensors.
        BlockCount = Size("block_count", file.Tensors.Count, $"the file's {file.Tensors.Count} tensors");
        EmbeddingLength = Size("embedding_length", int.MaxValue, "2³¹ − 1");
        HeadCount = Size("attention.head_count", EmbeddingLength, $"the embedding's length {EmbeddingLength}");
        KeyValueHeadCount = file.Metadata.ContainsKey(Own("attention.head_count_kv"))
            ? Size("attention.head_count_kv", HeadCount, $"the {HeadCount} query heads")
            : HeadCount;
        if (HeadCount % KeyValueHeadCount != 0)
            throw Wrong(Own("attention.head_count_kv"), $"{KeyValueHeadCount} does not divide the {HeadCount} query heads");
        if (EmbeddingLength % HeadCount != 0 && Integer("attention.key_length") is null)
            throw Wrong(Own("attention.head_count"), $"{HeadCount} does not divide the embedding's length {EmbeddingLength}, and no key length is given");
        foreach (var key in (string[])["context_length", "feed_forward_length", "attention.key_length", "attention.value_length", "rope.dimension_count"])
            if (Integer(key) is <= 0 or > int.MaxValue)
                throw Wrong(Own(key), $"it must be from 1 to {int.MaxValue}, not {Integer(key)}");
    }

    private void CheckVocabulary()
    {
        const string Tokens = "tokenizer.ggml.tokens";
        var tokens = Typed<string[]>(Tokens);
        Typed<string[]>("tokenizer.ggml.merges");
        CheckLength("tokenizer.ggml.token_type", Typed<int[]>("tokenizer.ggml.token_type"));
        CheckLength("tokenizer.ggml.scores", Typed<float[]>("tokenizer.ggml.scores"));
        if (tokens is null)
            return;
        foreach (var (key, value) in file.Metadata)
            if (IsTokenId(key) && AsInteger(key, value) is var id && (id < 0 || id >= tokens.Length) && value is not uint.MaxValue)
                throw Wrong(key, $"{id} is not one of the {tokens.Length} tokens");

        static bool IsTokenId(string key) =>
            key.StartsWith("tokenizer.ggml.", StringComparison.Ordinal) && key.EndsWith("_token_id", StringComparison.Ordinal);

        void CheckLength(string key, Array? perToken)
        {
            if (perToken is not null && perToken.Length != (tokens?.Length ?? 0))
                throw Wrong(key, $"it has {perToken.Length} entries, '{Tokens}' has {tokens?.Length ?? 0}");
        }
    }

    private int Size(string key, int most, string mostIs)
    {
        if (file.Metadata.TryGetValue(Own(key), out var value) && value is Array)
            throw new NotBuiltException($"'{file.Path}', metadata '{Own(key)}': it differs by layer; models with one value for all layers are built");
        var size = Integer(key) ?? throw new AlidadeException($"'{file.Path}' has no metadata '{Own(key)}', without which its model cannot be built");
        return size >= 1 && size <= most ? (int)size : throw Wrong(Own(key), $"it must be at least 1 and at most {mostIs}, not {size}");
    }

    private string Own(string key) => $"{Architecture}.{key}";

    private T? Typed<T>(string key)
        where T : class =>
        file.Metadata.TryGetValue(key, out var value)
            ? value as T ?? throw Wrong(key, $"it must be of type {typeof(T).Name}, not {value.GetType().Name}")
            : null;

    private long AsInteger(string key, object value) =>
        Whole(value) ?? throw Wrong(key, $"it must be an integer, not {(value is ulong ? value : "of type " + value.GetType().Name)}");

    private AlidadeException Wrong(string key, string what) => new($"'{file.Path}', metadata '{Shown.Name(key)}': {what}");
}
