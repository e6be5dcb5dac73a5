namespace Alidade.Organisms.World;

/// <summary>Small helpers for sentences.</summary>
internal static class Phrase
{
    /// <summary>A clause as a sentence: first letter upper case, full stop.</summary>
    public static string Sentence(string clause) => Capital(clause) + ".";

    public static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
