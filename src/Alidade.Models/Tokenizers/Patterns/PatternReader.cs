using System.Text.Json;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Reads the field <c>pattern</c> of a Split or Replace: <c>{"String": …}</c>, <c>{"Regex": …}</c>, or in old files a bare text. An empty literal matches
/// between all characters.
/// </summary>
internal static class PatternReader
{
    /// <summary>The pattern of a field.</summary>
    public static TextPattern Read(JsonField field)
    {
        if (field.Value.ValueKind == JsonValueKind.Object && !field["Regex"].IsMissing)
            return new RegexPattern(field["Regex"].Text, field.Where);
        var literal = field.Value.ValueKind == JsonValueKind.String ? field.Text : field["String"].Text;
        return literal.Length > 0 ? new LiteralPattern(literal) : new RegexPattern("", field.Where);
    }
}
