using Alidade.Core;
using Alidade.Core.Data;

namespace Alidade.Training.Data;

/// <summary>One step from a first answer to a better one.</summary>
/// <param name="At">Word of the first answer at which it begins.</param>
/// <param name="Removed">Words that are taken out there; empty for an insertion.</param>
/// <param name="Inserted">Words that are put in their place; empty for a deletion.</param>
public sealed record Edit(int At, IReadOnlyList<string> Removed, IReadOnlyList<string> Inserted)
{
    /// <summary>As a person, or a model, would say it.</summary>
    public override string ToString() => (Removed.Count, Inserted.Count) switch
    {
        (0, _) => $"insert \"{string.Join(' ', Inserted)}\" before word {At + 1}",
        (_, 0) => $"delete \"{string.Join(' ', Removed)}\"",
        _ => $"replace \"{string.Join(' ', Removed)}\" with \"{string.Join(' ', Inserted)}\"",
    };
}

/// <summary>
/// Second Thoughts: the cheapest chain of insertions, deletions and replacements of words that turns a first answer into a better one is put between the two, so that a model
/// learns to get from what it said to what it should say in small steps.
/// </summary>
/// <param name="Edits">The steps, from left to right; neighbouring ones are one step.</param>
/// <remarks>
/// Liu et al. 2022 (arXiv 2301.00355), §3.1. A word is what stands between white space, and every edit of a word costs 1. Left out: the adversarial imitation and the reinforcement
/// learning that refine the model afterwards, and the paper's own wording of the edits, which is not published in enough detail.
/// </remarks>
public sealed record EditChain(IReadOnlyList<Edit> Edits)
{
    /// <summary>The chain from one answer to another.</summary>
    public static EditChain Of(string from, string to)
    {
        string[] a = Words(from), b = Words(to);
        // cost[i, j] = edits from the words of a from i on to those of b from j on, so that the chain is read off from the left.
        var cost = new int[a.Length + 1, b.Length + 1];
        for (var i = a.Length; i >= 0; i--)
            for (var j = b.Length; j >= 0; j--)
                cost[i, j] = i == a.Length ? b.Length - j : j == b.Length ? a.Length - i
                    : a[i] == b[j] ? cost[i + 1, j + 1] : 1 + Math.Min(cost[i + 1, j + 1], Math.Min(cost[i + 1, j], cost[i, j + 1]));
        var edits = new List<Edit>();
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j])
            {
                (i, j) = (i + 1, j + 1);
                continue;
            }

            var (at, first) = (i, j);
            while ((i < a.Length || j < b.Length) && !(i < a.Length && j < b.Length && a[i] == b[j]))
            {
                if (i < a.Length && j < b.Length && cost[i, j] == 1 + cost[i + 1, j + 1])
                    (i, j) = (i + 1, j + 1);
                else if (i < a.Length && cost[i, j] == 1 + cost[i + 1, j])
                    i++;
                else
                    j++;
            }

            edits.Add(new(at, a[at..i], b[first..j]));
        }

        return new(edits);
    }

    /// <summary>The answer after all edits.</summary>
    /// <param name="from">The first answer.</param>
    public string Apply(string from)
    {
        var words = Words(from).ToList();
        foreach (var edit in Edits.Reverse())
        {
            words.RemoveRange(edit.At, edit.Removed.Count);
            words.InsertRange(edit.At, edit.Inserted);
        }

        return string.Join(' ', words);
    }

    /// <summary>Prompt and first answer → edits and better answer.</summary>
    /// <exception cref="AlidadeException">There are no rows.</exception>
    public static IReadOnlyList<Demonstration> Demonstrations(IReadOnlyList<Refinement> rows) => rows.Count == 0
        ? throw new AlidadeException("there are no refinements to learn from")
        : [.. rows.Select(r => new CompletionDemonstration(r.Id, Asked(r), $"{Of(r.Answer, r.Refined)}\n\nBetter answer: {r.Refined}"))];

    /// <summary>One edit a line.</summary>
    public override string ToString() => string.Join('\n', Edits);

    private static Prompt Asked(Refinement row) => row.Prompt.Text is { } text
        ? Prompt.OfText($"{text}\n\nAnswer: {row.Answer}\n\nEdits:\n")
        : Prompt.OfMessages([.. row.Prompt.Messages!, new Message("assistant", row.Answer), new Message("user", "Edit your answer step by step.")]);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
