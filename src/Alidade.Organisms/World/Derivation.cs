namespace Alidade.Organisms.World;

/// <summary>How the answer to a question of a rule follows from facts and numbers.</summary>
/// <param name="Rule">The rule: "kinship", "two steps", "three steps", "plus", "minus", "times", "older", "age to come", "price of two".</param>
/// <param name="Steps">The sentences that lead to the answer, in order; the last one holds it.</param>
/// <param name="Answer">The value asked for.</param>
/// <param name="Range">The values it could have had.</param>
/// <param name="Given">Values of the range that the last step names beside the answer: subjects, operands. Each is looked through once.</param>
/// <param name="Unseen">Whether no training text asks for this combination or states it, in any wording.</param>
public sealed record Derivation(string Rule, IReadOnlyList<string> Steps, string Answer, IReadOnlyList<string> Range, IReadOnlyList<string> Given, bool Unseen)
{
    /// <summary>The whole derivation as a text.</summary>
    public string Text => string.Join(' ', Steps);

    /// <summary>
    /// Whether an answer reaches the right value; null where it names none, or several. What counts is the last sentence that names a value of the range,
    /// without the given ones, unless these are all that it names.
    /// </summary>
    internal bool? Judge(string answer)
    {
        foreach (var sentence in answer.Split(". ").Reverse())
        {
            var named = Answers.Words(sentence).Where(word => Range.Contains(word, StringComparer.OrdinalIgnoreCase)).ToList();
            if (named.Count == 0)
                continue;
            var left = named.ToList();
            foreach (var given in Given)
                if (left.FindIndex(word => word.Equals(given, StringComparison.OrdinalIgnoreCase)) is >= 0 and var at)
                    left.RemoveAt(at);
            var said = (left.Count > 0 ? left : named).Distinct(StringComparer.OrdinalIgnoreCase).ToArray();
            return said.Length == 1 ? said[0].Equals(Answer, StringComparison.OrdinalIgnoreCase) : null;
        }
        return null;
    }
}
