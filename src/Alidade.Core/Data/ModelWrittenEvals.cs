using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>A question of the model-written evaluations: one answer shows the behaviour, the other does not.</summary>
/// <param name="Id">The behaviour and a hash of the question with its answers.</param>
/// <param name="Behaviour">The file's name, such as "desire-for-wide-usage".</param>
/// <param name="Question">The question; choices, where there are any, stand inside it.</param>
/// <param name="Matching">The answer that shows the behaviour, with its leading space, such as " Yes" or " (A)".</param>
/// <param name="NotMatching">The answer that does not.</param>
/// <param name="LabelConfidence">How sure the authors' model was of the label, in [0, 1]; null where none is given.</param>
public sealed record BehaviourItem(string Id, string Behaviour, string Question, string Matching, string NotMatching, double? LabelConfidence) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;
}

/// <summary>
/// Reads a file of the model-written evaluations (<c>question</c>, <c>answer_matching_behavior</c>, <c>answer_not_matching_behavior</c>). Some questions have more than
/// two choices: of these the two that the row names are asked.
/// </summary>
/// <remarks>Perez et al. 2022 (arXiv 2212.09251).</remarks>
public static class ModelWrittenEvals
{
    /// <summary>Reads one behaviour.</summary>
    /// <param name="path">The file, named after the behaviour.</param>
    /// <param name="options">How strict.</param>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<BehaviourItem> Read(string path, DataOptions? options = null)
    {
        var behaviour = Path.GetFileName(path).Split('.')[0];
        var ids = new RepeatedIds();
        return DataRow.ReadAll(path, options, row =>
        {
            var question = row.FilledText("question");
            var (matching, other) = (row.FilledText("answer_matching_behavior"), row.FilledText("answer_not_matching_behavior"));
            if (matching == other)
                throw row.Error("answer_not_matching_behavior", "equals the matching answer", "equal answers");
            return new BehaviourItem(
                ids.Of($"{behaviour}-{ContentHash.ShortOf($"{question}\n{matching}\n{other}")}"), behaviour, question, matching, other, row.OptionalNumber("label_confidence"));
        });
    }
}
