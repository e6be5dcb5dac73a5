using Alidade.Core.Files;
using Alidade.Core.Statistics;

namespace Alidade.Core.Data;

/// <summary>How strict a reader is.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// False (default): the first row that cannot be used is an error that names file, line and field. True: such rows are left out and counted by reason.
    /// </summary>
    public bool DropInvalidRows { get; init; }
}

/// <summary>A row that can be told apart and split off.</summary>
public interface IDataRow
{
    /// <summary>Id that is the same in every reading of the same content.</summary>
    string Id { get; }

    /// <summary>Rows with one group key stay on one side of a split: the prompt.</summary>
    string Group { get; }
}

/// <summary>The rows of a file.</summary>
/// <param name="Rows">Usable rows, in the order of the file.</param>
/// <param name="Dropped">Rows left out, by reason.</param>
/// <param name="File">The file with its hash.</param>
public sealed record DataSet<T>(IReadOnlyList<T> Rows, IReadOnlyDictionary<string, int> Dropped, HashedFile File)
{
    /// <summary>Rows left out.</summary>
    public int DroppedCount => Dropped.Values.Sum();

    /// <summary>"3 of 100 rows left out: empty answer in field 'chosen' (2), equal answers (1)"; null when none was.</summary>
    public string? DroppedSummary => DroppedCount == 0 ? null
        : $"{DroppedCount} of {DroppedCount + Rows.Count} rows left out: "
            + string.Join(", ", Dropped.OrderByDescending(d => d.Value).ThenBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key} ({d.Value})"));
}

/// <summary>Rows to train on and rows that training never sees.</summary>
/// <param name="Train">Training rows, in the order of the data.</param>
/// <param name="HeldOut">Held-out rows, in the order of the data.</param>
public sealed record DataSplit<T>(IReadOnlyList<T> Train, IReadOnlyList<T> HeldOut);

/// <summary>Splits rows by content.</summary>
public static class DataSplit
{
    /// <summary>
    /// Puts whole groups (rows of one prompt) on either side: groups are ordered by a seeded hash of their key, and the first go to the held-out side until it has its
    /// share of the rows. The order of the rows does not matter, and no prompt is on both sides.
    /// </summary>
    /// <param name="rows">Rows.</param>
    /// <param name="seed">Seed of the hash.</param>
    /// <param name="heldOut">Share of the rows to hold out, in [0, 1); a tenth by default. Whole groups make it a little more or less.</param>
    /// <exception cref="AlidadeException">A share is asked for, but all rows have one prompt.</exception>
    public static DataSplit<T> Of<T>(IReadOnlyList<T> rows, ulong seed, double heldOut = 0.1)
        where T : IDataRow
    {
        if (!(heldOut >= 0 && heldOut < 1))
            throw new ArgumentOutOfRangeException(nameof(heldOut), heldOut, "the held-out share lies in [0, 1)");
        if (heldOut == 0 || rows.Count == 0)
            return new DataSplit<T>(rows, []);
        var groups = rows.GroupBy(r => r.Group, StringComparer.Ordinal).Select(g => (g.Key, Rows: g.Count()))
            .OrderBy(g => new SeededRandom(seed).Fork(g.Key).State).ThenBy(g => g.Key, StringComparer.Ordinal).ToArray();
        if (groups.Length < 2)
            throw new AlidadeException("no rows can be held out: all rows have the same prompt; give more prompts or hold out nothing");
        var wanted = heldOut * rows.Count;
        var held = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        foreach (var (key, size) in groups.SkipLast(1))
        {
            // A group is taken while that brings the count nearer to the share; one group at least.
            if (held.Count > 0 && count + (size / 2.0) > wanted)
                continue;
            held.Add(key);
            count += size;
        }

        return new DataSplit<T>([.. rows.Where(r => !held.Contains(r.Group))], [.. rows.Where(r => held.Contains(r.Group))]);
    }
}
