namespace Alidade.Models.Weights;

/// <summary>Names from a file as an error message shows them: a damaged file's names can be megabytes long or hold line breaks.</summary>
internal static class Shown
{
    private const int Longest = 120;

    /// <summary>At most 120 characters, control characters replaced by '?'.</summary>
    public static string Name(string name)
    {
        var shown = string.Concat(name.Take(Longest).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return name.Length > Longest ? shown + "…" : shown;
    }

    /// <summary>The numbers in brackets; of more than eight, the first eight.</summary>
    public static string Shape(IReadOnlyList<long> shape) =>
        shape.Count > 8 ? $"[{string.Join(", ", shape.Take(8))}, …]" : $"[{string.Join(", ", shape)}]";
}
