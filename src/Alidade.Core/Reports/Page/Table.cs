namespace Alidade.Core.Reports.Page;

/// <summary>Tables with a caption and header cells; wide ones scroll by themselves, and can be reached with the keyboard to do so.</summary>
internal static class Table
{
    /// <summary>Writes a table.</summary>
    /// <param name="page">Where to.</param>
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">Headings; one that begins with '#' is a column of numbers, with '!' one of text that may break anywhere.</param>
    /// <param name="rows">Writes the rows.</param>
    public static void Write(Markup page, string caption, IReadOnlyList<string> columns, Action rows)
    {
        using var scroll = page.Open("div.scroll", ("tabindex", "0"), ("role", "region"), ("aria-label", caption));
        using var table = page.Open("table");
        page.Leaf("caption", caption);
        using (page.Open("thead"))
        using (page.Open("tr"))
            foreach (var column in columns)
                page.Leaf("th" + Class(column), column.TrimStart('#', '!'), ("scope", "col"));
        using (page.Open("tbody"))
            rows();
    }

    /// <summary>Writes a row of plain text; the first cell is its heading.</summary>
    public static void Row(Markup page, IReadOnlyList<string> columns, params ReadOnlySpan<string> cells)
    {
        using var row = page.Open("tr");
        for (var i = 0; i < cells.Length; i++)
            if (i == 0)
                page.Leaf("th", cells[i], ("scope", "row"));
            else
                page.Leaf("td" + Class(columns[i]), cells[i]);
    }

    private static string Class(string column) => column[..1] switch { "#" => ".number", "!" => ".hash", _ => "" };
}
