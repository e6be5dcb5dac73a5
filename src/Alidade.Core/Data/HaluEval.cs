namespace Alidade.Core.Data;

/// <summary>A question of HaluEval with a right and an invented answer.</summary>
/// <param name="Id">A hash of the content.</param>
/// <param name="Knowledge">What the right answer rests on.</param>
/// <param name="Question">The question.</param>
/// <param name="RightAnswer">The right answer.</param>
/// <param name="HallucinatedAnswer">The invented answer.</param>
public sealed record HaluEvalQuestion(string Id, string Knowledge, string Question, string RightAnswer, string HallucinatedAnswer) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>An answer of a chat model, and whether people found something invented in it.</summary>
/// <param name="Id">A hash of the content.</param>
/// <param name="Query">What the user asked.</param>
/// <param name="Response">The answer.</param>
/// <param name="Hallucinated">True when the answer holds something invented.</param>
public sealed record HaluEvalResponse(string Id, string Query, string Response, bool Hallucinated) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Query;
}

/// <summary>Reads HaluEval, whose files are JSON Lines in spite of their name.</summary>
/// <remarks>Li et al. 2023 (arXiv 2305.11747).</remarks>
public static class HaluEval
{
    /// <summary>Reads questions (<c>knowledge</c>, <c>question</c>, <c>right_answer</c>, <c>hallucinated_answer</c>).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<HaluEvalQuestion> ReadQuestions(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            string knowledge = row.FilledText("knowledge"), question = row.FilledText("question"), right = row.FilledText("right_answer"), wrong = row.FilledText("hallucinated_answer");
            return new HaluEvalQuestion(ids.Of(row, knowledge, question, right, wrong), knowledge, question, right, wrong);
        });
    }

    /// <summary>Reads answers to users (<c>user_query</c>, <c>chatgpt_response</c>, <c>hallucination</c> yes or no).</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<HaluEvalResponse> ReadResponses(string path, DataOptions? options = null)
    {
        var ids = new RowIds();
        return DataRow.ReadAll(path, options, row =>
        {
            string query = row.FilledText("user_query"), response = row.Text("chatgpt_response");
            return new HaluEvalResponse(ids.Of(row, query, response), query, response, row.OneOf("hallucination", "yes", "no") == "yes");
        });
    }
}
