namespace Alidade.Evaluation.Factuality;

/// <summary>A sentence of a page.</summary>
public readonly record struct EvidenceSentence(string Page, int Line);

/// <summary>A claim, what was said of it, and by which sentences.</summary>
/// <param name="Label">SUPPORTS, REFUTES or NOT ENOUGH INFO.</param>
/// <param name="PredictedLabel">The same, as predicted.</param>
/// <param name="EvidenceSets">Complete sets of evidence; each alone is enough. Empty for NOT ENOUGH INFO.</param>
/// <param name="PredictedEvidence">Predicted sentences, the best first.</param>
public sealed record FeverPrediction(
    string Label, string PredictedLabel, IReadOnlyList<IReadOnlyList<EvidenceSentence>> EvidenceSets, IReadOnlyList<EvidenceSentence> PredictedEvidence);

/// <summary>The numbers of FEVER.</summary>
/// <param name="LabelAccuracy">Share of right labels.</param>
/// <param name="Score">Share of right labels with a complete set of evidence among the first five sentences (not needed for NOT ENOUGH INFO).</param>
/// <param name="EvidencePrecision">Mean share of the first five sentences that are in any set, over claims with evidence; 1 where none is predicted.</param>
/// <param name="EvidenceRecall">Share of claims with evidence of which a complete set is among the first five sentences.</param>
/// <param name="EvidenceF1">F1 of the two.</param>
public sealed record FeverScores(double LabelAccuracy, double Score, double EvidencePrecision, double EvidenceRecall, double EvidenceF1);

/// <summary>FEVER: verification of claims against sentences of Wikipedia.</summary>
/// <remarks>Thorne et al. 2018 (arXiv 1803.05355), section 4, and the shared task's scorer.</remarks>
public static class Fever
{
    /// <summary>The label of a claim that no evidence decides.</summary>
    public const string NotEnoughInfo = "NOT ENOUGH INFO";

    private const int MostSentences = 5;

    /// <summary>Scores predictions.</summary>
    public static FeverScores Score(IReadOnlyList<FeverPrediction> predictions)
    {
        var verifiable = predictions.Where(p => p.Label != NotEnoughInfo).ToArray();
        var precision = verifiable.Length == 0 ? 1 : verifiable.Average(Precision);
        var recall = verifiable.Length == 0 ? 0 : verifiable.Count(IsComplete) / (double)verifiable.Length;
        return new(
            predictions.Count(IsRight) / (double)predictions.Count,
            predictions.Count(p => IsRight(p) && (p.Label == NotEnoughInfo || IsComplete(p))) / (double)predictions.Count,
            precision, recall, Core.TextOverlap.OverlapScore.Of(precision, recall).F);
    }

    private static bool IsRight(FeverPrediction p) => p.Label == p.PredictedLabel;

    private static bool IsComplete(FeverPrediction p) => p.EvidenceSets.Any(set => set.All(p.PredictedEvidence.Take(MostSentences).Contains));

    private static double Precision(FeverPrediction p)
    {
        var all = p.EvidenceSets.SelectMany(s => s).ToHashSet();
        return p.PredictedEvidence.Count == 0 ? 1 : p.PredictedEvidence.Take(MostSentences).Average(e => all.Contains(e) ? 1.0 : 0);
    }
}
