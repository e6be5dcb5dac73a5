namespace Alidade.Models.Tokenizers;

/// <summary>A token that is found in the text as it stands, before the model sees the rest.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
internal sealed record AddedToken(int Id, string Content)
{
    /// <summary>Only where no word character touches it.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Takes the white space before it along.</summary>
    public bool TakesSpaceBefore { get; init; }

    /// <summary>Takes the white space after it along.</summary>
    public bool TakesSpaceAfter { get; init; }

    /// <summary>Looked for in the normalised text, not in the raw one.</summary>
    public bool Normalized { get; init; }

    /// <summary>A control token: plain text when the text is not trusted, left out of readable output.</summary>
    public bool Special { get; init; }
}
