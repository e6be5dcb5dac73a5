using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>A value inside a JSON file that knows where it stands, so that every complaint names file and field.</summary>
/// <param name="Value">The value; <see cref="JsonValueKind.Undefined"/> when the field is absent.</param>
/// <param name="File">The file's name for messages.</param>
/// <param name="Path">The field's path, such as <c>model.vocab</c>.</param>
internal readonly record struct JsonField(JsonElement Value, string File, string Path)
{
    /// <summary>File and field, as messages begin.</summary>
    public string Where => Path.Length == 0 ? File : $"{File}: {Path}";

    /// <summary>True when the field is absent or null.</summary>
    public bool IsMissing => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>A field of this object; absent is allowed.</summary>
    public JsonField this[string name]
    {
        get
        {
            var path = Path.Length == 0 ? name : $"{Path}.{name}";
            if (IsMissing)
                return new(default, File, path);
            if (Value.ValueKind != JsonValueKind.Object)
                throw Wrong("an object");
            try
            {
                return new(Value.TryGetProperty(name, out var value) ? value : default, File, path);
            }
            catch (InvalidOperationException)
            {
                // Names are decoded when one is looked for.
                throw new AlidadeException($"{Where} has a name with a half of a surrogate pair; names must be well-formed texts");
            }
        }
    }

    /// <summary>The items of an array; none when the field is absent.</summary>
    public IEnumerable<JsonField> Items
    {
        get
        {
            if (IsMissing)
                return [];
            if (Value.ValueKind != JsonValueKind.Array)
                throw Wrong("an array");
            var (file, path) = (File, Path);
            return Value.EnumerateArray().Select((item, i) => new JsonField(item, file, $"{path}[{i}]"));
        }
    }

    /// <summary>A text that must be there.</summary>
    public string Text => Value.ValueKind == JsonValueKind.String ? ReadText() : throw Wrong("a text");

    /// <summary>A text that must be there and is put in many places of another, so that a long one makes a short text huge: at most 1,024 characters.</summary>
    public string ShortText => Text is { Length: <= 1024 } text ? text : throw Wrong("a text of at most 1,024 characters");

    /// <summary>A text of one character that must be there.</summary>
    public string Character => Text is { Length: > 0 } text && CodePoints.LengthAt(text, 0) == text.Length ? text : throw Wrong("one character");

    /// <summary>A text, or null when the field is absent or null.</summary>
    public string? OptionalText => IsMissing ? null : Text;

    /// <summary>A whole number that must be there, not below zero.</summary>
    public int Integer => Value.ValueKind == JsonValueKind.Number && Value.TryGetInt32(out var number) && number >= 0 ? number : throw Wrong("a whole number from 0");

    /// <summary>A truth value, or <paramref name="absent"/> when the field is missing.</summary>
    public bool Flag(bool absent) => IsMissing ? absent : Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>One of the given names, in any case.</summary>
    public T Name<T>(T absent)
        where T : struct, Enum
    {
        if (IsMissing)
            return absent;
        var text = Text;
        return Enum.TryParse<T>(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var value) && !char.IsAsciiDigit(text.FirstOrDefault('0')) ? value
            : throw new AlidadeException($"{Where}: '{text}' is unknown; allowed are {string.Join(", ", Enum.GetNames<T>())}");
    }

    /// <summary>The error that this field does not hold what it should.</summary>
    public AlidadeException Wrong(string expected)
    {
        var found = Value.ValueKind == JsonValueKind.Undefined ? "is missing" : $"holds {Shortened(Value.GetRawText())}";
        return new($"{Where} {found}; it must be {expected}");
    }

    private static string Shortened(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private string ReadText()
    {
        try
        {
            return Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new AlidadeException($"{Where} holds a half of a surrogate pair; it must be a well-formed text");
        }
    }
}
