namespace Alidade.Training.Data;

/// <summary>What a row that is longer than the maximum length loses.</summary>
public enum RowTruncation
{
    /// <summary>Its end, the end token with it: what is learned never ends too early.</summary>
    KeepStart,

    /// <summary>Its start.</summary>
    KeepEnd,

    /// <summary>
    /// The end of its answer, after which the end token is put: the answer is learned to stop where it was cut. As TRL 1.12 <c>BCOTrainer</c>, which also keeps a place
    /// free for a begin token that the tokenizer does not have.
    /// </summary>
    CutAnswer,
}

/// <summary>Cuts a prompt with an answer to a length.</summary>
internal static class Cutting
{
    /// <summary>The tokens that are left; null when the prompt fills the length, so that nothing of the answer would be left at its start.</summary>
    public static (IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer)? Cut(
        IReadOnlyList<int> prompt, IReadOnlyList<int> answer, int? maxLength, RowTruncation truncation, (int Id, bool BeginTokenMissing)? end = null)
    {
        if (maxLength is not { } limit)
            return (prompt, answer);
        var room = limit - prompt.Count;
        if (room <= 0)
            return null;
        switch (truncation)
        {
            case RowTruncation.KeepEnd when answer.Count > room:
                return answer.Count >= limit ? ([], [.. answer.TakeLast(limit)]) : ([.. prompt.TakeLast(limit - answer.Count)], answer);
            case RowTruncation.CutAnswer when end is { } mark:
                var kept = room - (mark.BeginTokenMissing ? 1 : 0);
                if (answer.Count <= kept)
                    return (prompt, answer);
                return kept > 1 ? (prompt, [.. answer.Take(kept - 1), mark.Id]) : null;
            default:
                return (prompt, answer.Count <= room ? answer : [.. answer.Take(room)]);
        }
    }
}
