namespace Alidade.Training.Jobs;

/// <summary>A stretch of a row's tokens.</summary>
/// <param name="Name">What it is, such as "chosen"; empty when the row is one stretch.</param>
/// <param name="Ids">Token ids.</param>
/// <param name="Scored">True for each token that is learned from.</param>
public sealed record TokenStretch(string Name, IReadOnlyList<int> Ids, IReadOnlyList<bool> Scored)
{
    /// <summary>A prompt, which is read and not learned.</summary>
    public static TokenStretch Prompt(IReadOnlyList<int> ids) => new("prompt", ids, new bool[ids.Count]);

    /// <summary>An answer that is scored as a whole, at its last token.</summary>
    public static TokenStretch Whole(string name, IReadOnlyList<int> ids) => new(name, ids, [.. ids.Select((_, i) => i == ids.Count - 1)]);

    /// <summary>An answer, which is learned, but for its first token where nothing stands before it.</summary>
    public static TokenStretch Answer(string name, IReadOnlyList<int> ids, bool hasPrompt) => new(name, ids, [.. ids.Select((_, i) => i > 0 || hasPrompt)]);
}

/// <summary>How rows of one kind look from outside; what a plan and a person want to know of them.</summary>
/// <typeparam name="T">A row as tokens.</typeparam>
public interface IRowShape<in T>
{
    /// <summary>The row it came from.</summary>
    string IdOf(T row);

    /// <summary>Its longest sequence, in tokens.</summary>
    int LengthOf(T row);

    /// <summary>All its tokens; a prompt that several answers share stands once.</summary>
    IReadOnlyList<TokenStretch> StretchesOf(T row);
}

/// <summary>A row as a person looks at it.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Stretches">Its tokens.</param>
public sealed record ShownRow(string Id, IReadOnlyList<TokenStretch> Stretches);

/// <summary>What is asked of the model before and after: the beginning of a row that was held out.</summary>
/// <param name="Id">The row.</param>
/// <param name="Ids">Tokens of the prompt.</param>
public sealed record SamplePrompt(string Id, IReadOnlyList<int> Ids);
