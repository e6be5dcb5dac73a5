namespace Alidade.Core.Data;

/// <summary>How the questions of an item hang together.</summary>
public enum ConsistencyRelation
{
    /// <summary>Two questions, the second the negation of the first: the probabilities of yes sum to 1.</summary>
    Negation,

    /// <summary>Two or more wordings of one question: the probabilities are equal.</summary>
    Paraphrase,

    /// <summary>Three or more questions in an order in which the probabilities rise.</summary>
    Monotonicity,

    /// <summary>Two questions, where yes to the first implies yes to the second.</summary>
    Implication,

    /// <summary>Four questions, A given B, B, B given A, A: Bayes' rule holds.</summary>
    Bayes,
}

/// <summary>Questions with yes or no for an answer that cannot be answered independently of each other.</summary>
/// <param name="Id">Id.</param>
/// <param name="Relation">How they hang together.</param>
/// <param name="Questions">The questions, in the order that the relation has.</param>
public sealed record ConsistencyItem(string Id, ConsistencyRelation Relation, IReadOnlyList<string> Questions) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Questions[0];
}

/// <summary>Reads consistency items (<c>id</c>, <c>relation</c>: negation, paraphrase, monotonicity, implication or bayes, <c>questions</c>).</summary>
public static class ConsistencyItems
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used, or an item has the wrong number of questions.</exception>
    public static DataSet<ConsistencyItem> Read(string path, DataOptions? options = null) => DataRow.ReadAll(path, options, row =>
    {
        var relation = Enum.Parse<ConsistencyRelation>(row.OneOf("relation", [.. Enum.GetNames<ConsistencyRelation>().Select(n => n.ToLowerInvariant())]), ignoreCase: true);
        var questions = row.Texts("questions");
        var (fewest, most) = relation switch
        {
            ConsistencyRelation.Paraphrase => (2, int.MaxValue),
            ConsistencyRelation.Monotonicity => (3, int.MaxValue),
            ConsistencyRelation.Bayes => (4, 4),
            _ => (2, 2),
        };
        return questions.Count >= fewest && questions.Count <= most
            ? new ConsistencyItem(row.FilledText("id"), relation, questions)
            : throw row.Error("questions", $"holds {questions.Count}; {relation.ToString().ToLowerInvariant()} needs {fewest}{(most == fewest ? "" : " or more")}", "wrong number of questions");
    });
}
