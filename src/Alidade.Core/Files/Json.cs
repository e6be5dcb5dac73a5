using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Alidade.Core.Files;

/// <summary>
/// How Alidade writes JSON: snake_case names, enums as snake_case strings, doubles that read back exactly, and NaN and the infinities as the strings
/// "NaN", "Infinity", "-Infinity" (bare they are not JSON).
/// </summary>
/// <remarks>Text is not escaped for HTML: a page that embeds such JSON must escape <c>&lt;</c> itself.</remarks>
public static class Json
{
    /// <summary>One line.</summary>
    public static JsonSerializerOptions Line { get; } = Make(indented: false);

    /// <summary>Indented, for files that people open.</summary>
    public static JsonSerializerOptions Indented { get; } = Make(indented: true);

    /// <summary>A value as a tree, with the names and numbers written as above.</summary>
    public static JsonNode? ToNode<T>(T value) => JsonSerializer.SerializeToNode(value, Line);

    /// <summary>JSON of strangers as a tree that holds no surprise for its reader: the names of an object differ, and every text is well-formed Unicode.</summary>
    /// <exception cref="JsonException">It is not JSON, or one of the two does not hold.</exception>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, JsonDocumentOptions options = default)
    {
        options.AllowDuplicateProperties = false;
        try
        {
            var node = JsonNode.Parse(utf8, documentOptions: options);
            ReadTexts(node);
            return node;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("it holds a text that is not valid Unicode", exception);
        }
    }

    // A tree decodes its texts when they are asked for, and fails only then.
    private static void ReadTexts(JsonNode? node)
    {
        if (node is JsonValue value)
            value.TryGetValue<string>(out _);
        foreach (var child in node switch { JsonObject members => members.Select(m => m.Value), JsonArray items => items, _ => [] })
            ReadTexts(child);
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="AlidadeException">The file is absent, is not JSON (with line and column), or lacks a field.</exception>
    public static T ReadFile<T>(string path)
    {
        using var stream = InputFile.Open(path);
        try
        {
            return JsonSerializer.Deserialize<T>(stream, Line) ?? throw new AlidadeException($"{path}: holds null");
        }
        catch (JsonException exception)
        {
            throw Broken(path, (exception.LineNumber ?? 0) + 1, exception);
        }
    }

    /// <summary>Reads one line of a file of lines.</summary>
    internal static T ReadLine<T>(string path, int number, string line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Line) ?? throw new AlidadeException($"{path}:{number}: holds null");
        }
        catch (JsonException exception)
        {
            throw Broken(path, number, exception);
        }
    }

    private static AlidadeException Broken(string path, long line, JsonException exception)
    {
        var column = (exception.BytePositionInLine ?? 0) + 1;
        var field = string.IsNullOrEmpty(exception.Path) || exception.Path == "$" ? "" : $", field {exception.Path}";
        var reason = exception.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].ReplaceLineEndings(" ").TrimEnd('.', ' ');
        return new AlidadeException($"{path}:{line}: column {column}{field}: {reason}", exception);
    }

    private static JsonSerializerOptions Make(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            WriteIndented = indented,
            NewLine = "\n",
            TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        options.MakeReadOnly();
        return options;
    }
}
