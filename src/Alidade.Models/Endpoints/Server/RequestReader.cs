using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Endpoints.Server;

/// <summary>
/// Reads an object of a request field by field. A wrong type or range is told with the field's path; a field that nobody asked for is refused by name, so that
/// nothing is ignored in silence. null is the same as absent.
/// </summary>
internal sealed class RequestReader
{
    private const int MaxDepth = 64;

    private readonly JsonElement element;
    private readonly string path;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    private RequestReader(JsonElement element, string path)
    {
        (this.element, this.path) = (element, path);
        if (element.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid($"{(path.Length == 0 ? "the body" : $"'{path}'")} is {Kind(element)}, it must be an object", path.Length == 0 ? null : path);
    }

    /// <summary>Parses a body and reads it.</summary>
    /// <exception cref="ApiException">It is not JSON (with line and column), not an object, or what <paramref name="read"/> finds.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> body, Func<RequestReader, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
            var reader = new RequestReader(document.RootElement, "");
            var result = read(reader);
            reader.RefuseOthers();
            return result;
        }
        catch (JsonException exception)
        {
            var reason = exception.Message.Split(" LineNumber:", 2)[0].ReplaceLineEndings(" ").TrimEnd('.', ' ');
            throw ApiException.Invalid(
                FormattableString.Invariant($"the body is not JSON: line {(exception.LineNumber ?? 0) + 1}, column {(exception.BytePositionInLine ?? 0) + 1}: {reason}"), code: "invalid_json");
        }
        catch (InvalidOperationException)
        {
            // Only decoding a string does this: the parser lets half a surrogate pair and broken UTF-8 through.
            throw ApiException.Invalid("the body holds a text that is not valid Unicode", code: "invalid_json");
        }
    }

    /// <summary>The path of a field.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A field as it stands; null when it is absent or null.</summary>
    public JsonElement? Any(string name)
    {
        known.Add(name);
        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public string? Text(string name) => Any(name) is not { } value ? null : TextOf(value, PathOf(name));

    public bool? Flag(string name) => Any(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(value, PathOf(name), "true or false"),
    };

    public double? Number(string name, double least, double most) => Any(name) is not { } value ? null : NumberOf(value, PathOf(name), least, most);

    public long? Integer(string name, long least, long most) => Any(name) is not { } value ? null : IntegerOf(value, PathOf(name), least, most);

    /// <summary>An object; null when it is absent.</summary>
    public RequestReader? Object(string name) => Any(name) is { } value ? new(value, PathOf(name)) : null;

    /// <summary>A list with the path of each of its items; null when it is absent.</summary>
    public IReadOnlyList<(JsonElement Value, string Path)>? List(string name) => Any(name) is not { } value ? null : ListOf(value, PathOf(name));

    /// <summary>Fields that change nothing in the answer.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            known.Add(name);
    }

    /// <summary>Refuses the fields that were not read.</summary>
    public void RefuseOthers()
    {
        foreach (var property in element.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null && !known.Contains(property.Name))
                throw ApiException.Invalid(
                    $"the parameter '{PathOf(property.Name)}' is not supported here{(Suggest.Nearest(property.Name, known) is { } near ? $" (did you mean '{near}'?)" : "")}; leave it out", PathOf(property.Name), "unsupported_parameter");
    }

    public static RequestReader ObjectOf(JsonElement value, string path) => new(value, path);

    public static string TextOf(JsonElement value, string path) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(value, path, "a text");

    public static IReadOnlyList<(JsonElement Value, string Path)> ListOf(JsonElement value, string path) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select((item, i) => (item, FormattableString.Invariant($"{path}[{i}]")))]
        : throw Wrong(value, path, "a list");

    public static long IntegerOf(JsonElement value, string path, long least, long most) =>
        value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number) ? throw Wrong(value, path, "a whole number")
        : number >= least && number <= most ? number
        : throw ApiException.Invalid(FormattableString.Invariant($"'{path}' is {number}, it must be {(most == long.MaxValue ? $"at least {least}" : $"from {least} to {most}")}"), path);

    public static double NumberOf(JsonElement value, string path, double least, double most) =>
        value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number) ? throw Wrong(value, path, "a number")
        : number >= least && number <= most ? number
        : throw ApiException.Invalid(FormattableString.Invariant($"'{path}' is {number}, it must be {(double.IsPositiveInfinity(most) ? $"at least {least}" : $"from {least} to {most}")}"), path);

    public static ApiException Wrong(JsonElement value, string path, string wanted) => ApiException.Invalid($"'{path}' is {Kind(value)}, it must be {wanted}", path);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "the number " + (value.GetRawText() is { Length: <= 40 } text ? text : value.GetRawText()[..40] + "…"),
        JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => "null",
    };
}
