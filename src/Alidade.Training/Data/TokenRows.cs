namespace Alidade.Training.Data;

/// <summary>A demonstration as tokens.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Ids">Token ids; at least one.</param>
/// <param name="Scored">True for each token that is learned; same length. The first token of a document is never learned, whatever its mark says.</param>
public sealed record DemonstrationTokens(string Id, IReadOnlyList<int> Ids, IReadOnlyList<bool> Scored)
{
    /// <summary>Lengths of the documents that were packed into this row, each blind to the others; one document by default.</summary>
    public IReadOnlyList<int> Documents { get; init; } = [Ids.Count];

    /// <summary>Weight of the row, for objectives that weigh rows. Default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>True for a row that is to be unlearned, for objectives that know such rows.</summary>
    public bool Avoided { get; init; }

    /// <summary>Weight of each token, for objectives that weigh tokens; null for 1.</summary>
    public IReadOnlyList<double>? TokenWeights { get; init; }

    /// <summary>True for each token that no later token may see; null for none.</summary>
    public IReadOnlyList<bool>? Hidden { get; init; }

    /// <summary>Tokens that are learned.</summary>
    public int Targets
    {
        get
        {
            var start = 0;
            var targets = 0;
            foreach (var length in Documents)
            {
                for (var i = start + 1; i < start + length; i++)
                    targets += Scored[i] ? 1 : 0;
                start += length;
            }

            return targets;
        }
    }
}

/// <summary>A preference pair as tokens: one prompt, two answers after it.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Prompt">Ids that both answers begin with (but see <see cref="RejectedPrompt"/>); may be empty.</param>
/// <param name="Chosen">Ids of the preferred answer.</param>
/// <param name="Rejected">Ids of the other answer.</param>
public sealed record PairTokens(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<int> Chosen, IReadOnlyList<int> Rejected)
{
    /// <summary>The prompt before the other answer, where cutting at the start left another one than before the preferred answer; null where they are the same.</summary>
    public IReadOnlyList<int>? RejectedPrompt { get; init; }

    /// <summary>By how much the preferred answer is preferred; null where the data do not say.</summary>
    public double? Margin { get; init; }

    /// <summary>How probable it is that it wins; null where the data do not say.</summary>
    public double? WinProbability { get; init; }

    /// <summary>Its score; null where the data do not say.</summary>
    public double? ChosenScore { get; init; }

    /// <summary>The other answer's score; null where the data do not say.</summary>
    public double? RejectedScore { get; init; }

    /// <summary>True where the reference wrote the preferred answer and the policy the other one, false for the reverse; null where it is not known.</summary>
    public bool? ChosenFromReference { get; init; }

    /// <summary>True where neither answer is better; null where the data do not say.</summary>
    public bool? Tie { get; init; }

    /// <summary>Scored tokens of the preferred answer: all, but for the first where there is no prompt to predict it from.</summary>
    public int ChosenTargets => Chosen.Count - (Prompt.Count == 0 ? 1 : 0);

    /// <summary>Scored tokens of the other answer.</summary>
    public int RejectedTargets => Rejected.Count - ((RejectedPrompt ?? Prompt).Count == 0 ? 1 : 0);
}

/// <summary>Rows as tokens, with what was left out and what was cut.</summary>
/// <param name="Rows">Usable rows in the order of the data.</param>
/// <param name="Dropped">Rows left out, by reason.</param>
/// <param name="Truncated">Rows that lost tokens to the maximum length, among <paramref name="Rows"/>.</param>
public sealed record TokenRows<T>(IReadOnlyList<T> Rows, IReadOnlyDictionary<string, int> Dropped, int Truncated)
{
    /// <summary>Rows that are kept although there is something to know about them, by what it is.</summary>
    public IReadOnlyDictionary<string, int> Noted { get; init; } = new Dictionary<string, int>();

    /// <summary>Rows left out.</summary>
    public int DroppedCount => Dropped.Values.Sum();

    /// <summary>The rows that are not longer than a limit; the others are left out and counted, not cut.</summary>
    /// <param name="limit">Most tokens.</param>
    /// <param name="length">Length of a row in tokens.</param>
    /// <param name="reason">Why they are left out.</param>
    public TokenRows<T> WithoutLongerThan(int limit, Func<T, int> length, string reason)
    {
        T[] fitting = [.. Rows.Where(r => length(r) <= limit)];
        if (fitting.Length == Rows.Count)
            return this;
        return this with { Rows = fitting, Dropped = new Dictionary<string, int>(Dropped) { [reason] = Dropped.GetValueOrDefault(reason) + Rows.Count - fitting.Length } };
    }

    /// <summary>"3 of 100 rows left out: …; 2 rows cut to the maximum length; 1 rows: …"; null when there is nothing to say.</summary>
    public string? Summary
    {
        get
        {
            var reasons = string.Join(", ", Dropped.OrderByDescending(d => d.Value).ThenBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} ({d.Value})"));
            var dropped = DroppedCount == 0 ? null : $"{DroppedCount} of {DroppedCount + Rows.Count} rows left out: {reasons}";
            var cut = Truncated == 0 ? null : $"{Truncated} rows cut to the maximum length";
            var noted = Noted.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Value} rows: {n.Key}");
            string[] all = [.. new[] { dropped, cut }.OfType<string>(), .. noted];
            return all.Length == 0 ? null : string.Join("; ", all);
        }
    }
}

/// <summary>Collects rows and counts those that cannot be used.</summary>
internal sealed class TokenRowCollector<T>
{
    private readonly List<T> rows = [];
    private readonly Dictionary<string, int> dropped = new(StringComparer.Ordinal);
    private int truncated;

    public void Add(T row, bool cut)
    {
        rows.Add(row);
        truncated += cut ? 1 : 0;
    }

    /// <summary>Makes a row; what cannot be used is counted, and an error names the row.</summary>
    public void Try(string id, Action make)
    {
        try
        {
            RowProblems.Naming(id, () =>
            {
                make();
                return 0;
            });
        }
        catch (UnusableRowException problem)
        {
            Drop(problem.Message);
        }
    }

    public void Drop(string reason) => dropped[reason] = dropped.GetValueOrDefault(reason) + 1;

    /// <summary>The rows.</summary>
    /// <param name="what">What an error calls them.</param>
    public TokenRows<T> Finish(string what)
    {
        var result = new TokenRows<T>(rows, dropped, truncated);
        if (rows.Count == 0)
            throw new Alidade.Core.AlidadeException(result.Summary is { } summary ? $"no {what} can be used: {summary}" : $"there are no {what}");
        return result;
    }
}
