namespace Alidade.Evaluation.Judges;

/// <summary>What was read out of a reply, or why nothing was. There is no default verdict: what cannot be read is counted by its reason.</summary>
/// <typeparam name="T">Type of the verdict.</typeparam>
/// <param name="Value">The verdict; meaningless when there is a reason.</param>
/// <param name="Why">Why there is none, in the same words for every reply with the same fault; null when there is one.</param>
public readonly record struct Parsed<T>(T Value, string? Why)
    where T : notnull
{
    /// <summary>True when there is a verdict.</summary>
    public bool HasValue => Why is null;

    /// <summary>The verdict in another form, the reason kept.</summary>
    public Parsed<TOther> Select<TOther>(Func<T, TOther> form)
        where TOther : notnull => HasValue ? new(form(Value), null) : Parsed.None<TOther>(Why!);
}

/// <summary>Makes what a parser gives.</summary>
public static class Parsed
{
    /// <summary>A verdict.</summary>
    public static Parsed<T> Of<T>(T value)
        where T : notnull => new(value, null);

    /// <summary>No verdict, with the reason.</summary>
    public static Parsed<T> None<T>(string why)
        where T : notnull => new(default!, why);
}
