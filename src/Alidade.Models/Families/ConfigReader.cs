using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Weights;

namespace Alidade.Models.Families;

/// <summary>Reads values of a config.json; a missing or ill-typed one is an error that names file and key.</summary>
internal sealed class ConfigReader(JsonObject json, string where)
{
    /// <summary>File name for messages.</summary>
    public string Where => where;

    /// <summary>The keys of this object.</summary>
    public IEnumerable<string> Keys => json.Select(p => p.Key);

    /// <summary>Reads and parses the file.</summary>
    public static ConfigReader Open(string path)
    {
        return Parse(path) is JsonObject json ? new(json, path) : throw new AlidadeException($"{path}: the file must hold one JSON object");
    }

    /// <summary>Reads and parses a file of any JSON.</summary>
    /// <exception cref="AlidadeException">It cannot be read, or is not JSON; the message has the line.</exception>
    public static JsonNode? Parse(string path)
    {
        using var stream = InputFile.Open(path);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        try
        {
            var options = new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 };
            return Core.Files.Json.Parse(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), options);
        }
        catch (JsonException exception)
        {
            throw new AlidadeException(
                exception.LineNumber is { } line ? $"{path}: not valid JSON at line {line + 1}, byte {exception.BytePositionInLine + 1}" : $"{path}: not valid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>The object under a key; null when absent or null.</summary>
    public ConfigReader? Object(string key) => json[key] switch
    {
        null => null,
        JsonObject child => new(child, $"{where}: {key}"),
        var node => throw Wrong(key, node, "an object"),
    };

    /// <summary>True when the key holds an object.</summary>
    public bool IsObject(string key) => json[key] is JsonObject;

    /// <summary>True when the key holds something: not null, false, 0, or an empty text, list or object.</summary>
    public bool IsSet(string key) => json[key] switch
    {
        null => false,
        JsonArray array => array.Count > 0,
        JsonObject child => child.Count > 0,
        JsonValue value => !(value.TryGetValue<bool>(out var flag) && !flag) && !(value.TryGetValue<double>(out var number) && number == 0)
            && !(value.TryGetValue<string>(out var text) && text.Length == 0),
        _ => true,
    };

    /// <summary>True when the key is there and not null.</summary>
    public bool Has(string key) => json[key] is not null;

    /// <summary>A whole number above zero.</summary>
    public int Size(string key) => OptionalSize(key) ?? throw Missing(key);

    /// <summary>A whole number above zero, or null when absent.</summary>
    public int? OptionalSize(string key)
    {
        if (json[key] is not { } node)
            return null;
        if (node is JsonValue value && value.TryGetValue<double>(out var number) && number >= 1 && number <= int.MaxValue && number == Math.Floor(number))
            return (int)number;
        throw Wrong(key, node, "a whole number of at least 1");
    }

    /// <summary>A whole number of at least 0, or null when absent.</summary>
    public int? Count(string key) => json[key] is JsonValue value && value.TryGetValue<double>(out var number) && number == 0 ? 0 : OptionalSize(key);

    /// <summary>A number, or null when absent.</summary>
    public double? Number(string key)
    {
        if (json[key] is not { } node)
            return null;
        if (node is JsonValue value && value.TryGetValue<double>(out var number) && double.IsFinite(number))
            return number;
        throw Wrong(key, node, "a number");
    }

    /// <summary>A truth value.</summary>
    public bool Flag(string key, bool otherwise)
    {
        if (json[key] is not { } node)
            return otherwise;
        if (node is JsonValue value && value.TryGetValue<bool>(out var flag))
            return flag;
        throw Wrong(key, node, "true or false");
    }

    /// <summary>A text, or null when absent.</summary>
    public string? Text(string key) => json[key] is not { } node ? null
        : node is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw Wrong(key, node, "a text");

    /// <summary>True when the key holds a text.</summary>
    public bool IsText(string key) => json[key] is JsonValue value && value.TryGetValue<string>(out _);

    /// <summary>A text or a list of texts; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        string One(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text
            : throw Wrong(key, json[key]!, "a text or a list of texts");
        return json[key] switch { null => [], JsonArray array => [.. array.Select(One)], var node => [One(node)] };
    }

    /// <summary>A whole number of at least 0 or a list of them; empty when absent.</summary>
    public IReadOnlyList<int> WholeNumbers(string key)
    {
        int One(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) && number >= 0 ? number
            : throw Wrong(key, json[key]!, "a whole number or a list of them");
        return json[key] switch { null => [], JsonArray array => [.. array.Select(One)], var node => [One(node)] };
    }

    /// <summary>A list of numbers, or null when absent.</summary>
    public IReadOnlyList<double>? Numbers(string key) =>
        json[key] is not { } node ? null
        : node is JsonArray array ? [.. array.Select(n => n is JsonValue v && v.TryGetValue<double>(out var d) ? d : throw Wrong(key, node, "a list of numbers"))]
        : throw Wrong(key, node, "a list of numbers");

    /// <summary>A token id or a list of them.</summary>
    public IReadOnlyList<int> TokenIds(string key) => json[key] switch
    {
        null => [],
        JsonArray array => [.. array.Select(n => Id(n, key))],
        var node => [Id(node, key)],
    };

    private int Id(JsonNode? node, string key) =>
        node is JsonValue value && value.TryGetValue<int>(out var id) ? id
            : throw Wrong(key, json[key]!, "a token id or a list of them");

    private AlidadeException Wrong(string key, JsonNode node, string wanted) => new($"{where}: '{key}' is {Shown.Name(node.ToJsonString())}, it must be {wanted}");

    private AlidadeException Missing(string key) => new($"{where}: '{key}' is missing");
}

/// <summary>Reads values of GGUF metadata below the architecture's own prefix.</summary>
internal sealed class GgufConfigReader(IReadOnlyDictionary<string, object> metadata, string architecture, string where)
{
    /// <summary>File name for messages.</summary>
    public string Where => where;

    /// <summary>All metadata.</summary>
    public IReadOnlyDictionary<string, object> Metadata => metadata;

    /// <summary>A whole number above zero.</summary>
    public int Size(string key) => OptionalSize(key) ?? throw new AlidadeException($"{where}: metadata '{architecture}.{key}' is missing");

    /// <summary>A whole number above zero, or null when absent.</summary>
    public int? OptionalSize(string key)
    {
        if (!metadata.TryGetValue($"{architecture}.{key}", out var value))
            return null;
        var number = value is IConvertible and not string and not bool ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : double.NaN;
        if (number >= 1 && number <= int.MaxValue && number == Math.Floor(number))
            return (int)number;
        throw new AlidadeException($"{where}: metadata '{architecture}.{key}' is {value}, it must be a whole number of at least 1");
    }

    /// <summary>A finite number, or null when absent.</summary>
    public double? Number(string key)
    {
        if (!metadata.TryGetValue($"{architecture}.{key}", out var value))
            return null;
        var number = value is IConvertible and not string and not bool ? Convert.ToDouble(value, CultureInfo.InvariantCulture) : double.NaN;
        if (double.IsFinite(number))
            return number;
        throw new AlidadeException($"{where}: metadata '{architecture}.{key}' is {value}, it must be a finite number");
    }

    /// <summary>A whole number of at least 0, or null when absent.</summary>
    public int? Count(string key) => metadata.TryGetValue($"{architecture}.{key}", out var value) && value is IConvertible and not string and not bool
        && Convert.ToDouble(value, CultureInfo.InvariantCulture) == 0 ? 0 : OptionalSize(key);

    /// <summary>A truth value.</summary>
    public bool Flag(string key, bool otherwise) => metadata.TryGetValue($"{architecture}.{key}", out var value) ? value as bool?
        ?? throw new AlidadeException($"{where}: metadata '{architecture}.{key}' is {value}, it must be true or false") : otherwise;

    /// <summary>A text, or null when absent.</summary>
    public string? Text(string key) => metadata.TryGetValue($"{architecture}.{key}", out var value) ? value as string
        ?? throw new AlidadeException($"{where}: metadata '{architecture}.{key}' is {value}, it must be a text") : null;

    /// <summary>A token id of the tokenizer's part, or null when absent; 2³² − 1 stands for none.</summary>
    public int? TokenId(string key) =>
        metadata.TryGetValue($"tokenizer.ggml.{key}", out var value) && value is IConvertible and not string
            && Convert.ToDouble(value, CultureInfo.InvariantCulture) is >= 0 and <= int.MaxValue and var id ? (int)id : null;

    /// <summary>Number of tokens in the vocabulary, or null when the file has none.</summary>
    public int? VocabularySize => metadata.TryGetValue("tokenizer.ggml.tokens", out var value) && value is string[] tokens ? tokens.Length : null;
}
