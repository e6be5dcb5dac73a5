using System.Globalization;
using System.Text;

namespace Alidade.Core.Reports.Page;

/// <summary>
/// Writes HTML and SVG that is also well-formed XML. Every text and attribute is escaped on its way in; there is no way around it but
/// <see cref="Verbatim"/>, which is for the page's own constants.
/// </summary>
/// <remarks>An element is written as <c>name</c> or <c>name.class.class</c>. Close what <see cref="Open"/> opened by disposing what it returned.</remarks>
internal sealed class Markup
{
    private static readonly HashSet<string> BreakAfter =
        ["p", "li", "ul", "ol", "tr", "table", "section", "div", "figure", "svg", "h1", "h2", "h3", "dl", "dd", "details", "summary", "g", "header", "footer", "nav", "head"];

    private readonly StringBuilder text = new();
    private readonly Stack<string> open = new();

    /// <summary>Opens an element; attributes with a null value are left out.</summary>
    public Scope Open(string element, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        open.Push(Start(element, attributes));
        text.Append('>');
        return new Scope(this);
    }

    /// <summary>An element that holds only text.</summary>
    public Markup Leaf(string element, string content, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        using (Open(element, attributes))
            Text(content);
        return this;
    }

    /// <summary>An element that holds nothing, such as <c>meta</c>, <c>line</c> or <c>rect</c>.</summary>
    public Markup Empty(string element, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Start(element, attributes);
        text.Append("/>");
        return this;
    }

    /// <summary>Text; control characters are shown, line feeds kept.</summary>
    public Markup Text(string content)
    {
        Escape(VisibleText.Block(content));
        return this;
    }

    /// <summary>A constant of the page, such as its style sheet. Never anything that came from outside.</summary>
    public void Verbatim(string constant) => text.Append(constant);

    public override string ToString() => open.Count == 0 ? text.ToString() : throw new InvalidOperationException($"<{open.Peek()}> is still open");

    /// <summary>A coordinate or length.</summary>
    public static string At(double value) => (double.IsFinite(value) ? value : 0).ToString("0.##", CultureInfo.InvariantCulture);

    private string Start(string element, ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        var dot = element.IndexOf('.', StringComparison.Ordinal);
        var name = dot < 0 ? element : element[..dot];
        text.Append('<').Append(name);
        if (dot >= 0)
            Attribute("class", element[(dot + 1)..].Replace('.', ' '));
        foreach (var (key, value) in attributes)
            if (value is not null)
                Attribute(key, value);
        return name;
    }

    private void Attribute(string name, string value)
    {
        text.Append(' ').Append(name).Append("=\"");
        Escape(VisibleText.Line(value));
        text.Append('"');
    }

    private void Escape(string content)
    {
        foreach (var c in content)
            _ = c switch
            {
                '&' => text.Append("&amp;"),
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '"' => text.Append("&quot;"),
                '\'' => text.Append("&#39;"),
                _ => text.Append(c),
            };
    }

    private void Close()
    {
        var name = open.Pop();
        text.Append("</").Append(name).Append('>');
        if (BreakAfter.Contains(name))
            text.Append('\n');
    }

    /// <summary>Closes an element when disposed.</summary>
    public readonly struct Scope(Markup markup) : IDisposable
    {
        public void Dispose() => markup.Close();
    }
}
