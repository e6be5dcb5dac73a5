using System.Text.Json;

namespace Alidade.Models.Tokenizers;

/// <summary>Reads the field <c>pattern</c> of a Split or Replace: <c>{"String": …}</c>, <c>{"Regex": …}</c>, or in old files a bare text.</summary>
internal static class PatternReader
{
    /// <summary>The pattern of a Split: an empty literal matches nowhere.</summary>
    public static TextPattern Read(JsonField field) => Regex(field) ?? new LiteralPattern(Literal(field));

    /// <summary>The pattern of a Replace: an empty literal matches between all characters.</summary>
    public static TextPattern ReadForReplacing(JsonField field) =>
        Regex(field) ?? (ForReplacing(Literal(field), field.Where));

    private static TextPattern? Regex(JsonField field) =>
        field.Value.ValueKind == JsonValueKind.Object && !field["Regex"].IsMissing ? new RegexPattern(field["Regex"].Text, field.Where) : null;

    private static TextPattern ForReplacing(string literal, string where) => literal.Length > 0 ? new LiteralPattern(literal) : new RegexPattern("", where);

    private static string Literal(JsonField field) => field.Value.ValueKind == JsonValueKind.String ? field.Text : field["String"].Text;
}
