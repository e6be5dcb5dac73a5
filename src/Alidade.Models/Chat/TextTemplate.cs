using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat.Jinja;

namespace Alidade.Models.Chat;

/// <summary>
/// Jinja text over the fields of a row, such as <c>"Q: {{question}}\nA:"</c>. A field that is no name stands in <c>row</c>: <c>{{ row['Best Answer'] }}</c>.
/// </summary>
/// <remarks>Jinja 3.1 as lm-evaluation-harness renders its tasks: white space stays as it is written, and a missing field is an error. Bounded like a chat template
/// (<see cref="ChatTemplate"/>). Immutable; any number of threads may render one.</remarks>
public sealed class TextTemplate
{
    private readonly JinjaTemplate template;
    private readonly JinjaTemplate? value;

    private TextTemplate(string source, JinjaTemplate template, JinjaTemplate? value)
    {
        Source = source;
        this.template = template;
        this.value = value;
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The Jinja text.</param>
    /// <param name="name">What errors call it, such as the key of the task file.</param>
    /// <exception cref="AlidadeException">It does not parse; the message has the line and column.</exception>
    public static TextTemplate Parse(string source, string name)
    {
        var template = JinjaTemplate.Parse(source, name, JinjaDialect.Fields);
        // A text that is one expression has that expression's value, with its type.
        var text = source.Trim();
        var isValue = text.StartsWith("{{", StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal)
            && !text[2..].Contains("{{", StringComparison.Ordinal) && !text.Contains("{%", StringComparison.Ordinal);
        return new(source, template, isValue ? JinjaTemplate.Parse("{{ (" + text[2..^2].Trim('-', '+') + ") | tojson }}", name, JinjaDialect.Fields) : null);
    }

    /// <summary>The text for one row.</summary>
    /// <exception cref="AlidadeException">A field is missing, or an operation fails; the message has line and column of the template.</exception>
    public string Render(IReadOnlyDictionary<string, JsonElement> fields) => template.Render(Variables(fields), TimeProvider.System).Text.Value;

    /// <summary>The value for one row: that of the one expression which the template is, else the text.</summary>
    /// <exception cref="AlidadeException">As <see cref="Render"/>.</exception>
    public JsonNode? Value(IReadOnlyDictionary<string, JsonElement> fields) =>
        value is null ? Render(fields) : JsonNode.Parse(value.Render(Variables(fields), TimeProvider.System).Text.Value);

    private static PyDict Variables(IReadOnlyDictionary<string, JsonElement> fields)
    {
        var row = new PyDict();
        foreach (var (name, field) in fields)
            row.Set(new Str(name), Json.FromNode(field.Deserialize<JsonNode>(), text => new Str(text)));
        var variables = new PyDict();
        variables.Set("row", row);
        foreach (var (name, field) in row.Items)
            variables.Set(name, field);
        return variables;
    }
}
