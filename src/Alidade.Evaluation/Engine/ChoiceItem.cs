using Alidade.Core.Data;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Engine;

/// <summary>A question with one right choice.</summary>
/// <param name="Id">Id.</param>
/// <param name="Question">The question.</param>
/// <param name="Choices">The choices.</param>
/// <param name="Right">Index of the right one.</param>
public sealed record ChoiceItem(string Id, string Question, IReadOnlyList<string> Choices, int Right) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;

    /// <summary>The same with its choices in an order that the seed and the id give: a right choice that always stands first is easy to guess for a model that only writes.</summary>
    public ChoiceItem Shuffled(ulong seed)
    {
        var random = new SeededRandom(seed);
        int[] order = [.. Enumerable.Range(0, Choices.Count).OrderBy(i => random.Fork($"{Id}/{i}").State)];
        return this with { Choices = [.. order.Select(i => Choices[i])], Right = Array.IndexOf(order, Right) };
    }
}
