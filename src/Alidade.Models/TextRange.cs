namespace Alidade.Models;

/// <summary>A piece of a text.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="End">One past its last.</param>
public readonly record struct TextRange(int Start, int End)
{
    /// <summary>UTF-16 units.</summary>
    public int Length => End - Start;
}
