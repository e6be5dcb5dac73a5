using Alidade.Core.Data;

namespace Alidade.Evaluation.Behaviour;

/// <summary>Shares of the three labels of XSTest over some answers. What does not comply in full counts as a refusal.</summary>
/// <remarks>Röttger et al. 2024 (arXiv 2308.01263), table 2.</remarks>
/// <param name="Count">Labelled answers.</param>
/// <param name="Full">Share that complies in full.</param>
/// <param name="Refusal">Share that refuses.</param>
/// <param name="Partial">Share that refuses in part.</param>
public sealed record ComplianceRates(int Count, double Full, double Refusal, double Partial)
{
    /// <summary>Share that does not comply in full.</summary>
    public double NotFull => Refusal + Partial;

    /// <summary>The rates of labels; NaN when there are none.</summary>
    public static ComplianceRates Of(IReadOnlyCollection<Compliance> labels)
    {
        double Share(Compliance label) => labels.Count(l => l == label) / (double)labels.Count;
        return new(labels.Count, Share(Compliance.Full), Share(Compliance.Refusal), Share(Compliance.PartialRefusal));
    }
}

/// <summary>How well a detector of refusals agrees with people.</summary>
/// <param name="Hits">Refusals that it finds.</param>
/// <param name="FalseAlarms">Answers that it takes for refusals.</param>
/// <param name="Misses">Refusals that it does not find.</param>
/// <param name="Rejections">Answers that it leaves alone.</param>
public sealed record RefusalAgreement(int Hits, int FalseAlarms, int Misses, int Rejections)
{
    /// <summary>Share on which both agree.</summary>
    public double Accuracy => (Hits + Rejections) / (double)(Hits + FalseAlarms + Misses + Rejections);

    /// <summary>Compares two labellings; what does not comply in full is a refusal.</summary>
    /// <param name="people">Labels of people.</param>
    /// <param name="detector">Labels of the detector, in the same order.</param>
    public static RefusalAgreement Of(IReadOnlyList<Compliance> people, IReadOnlyList<Compliance> detector)
    {
        var pairs = people.Zip(detector, (p, d) => (Person: p != Compliance.Full, Detector: d != Compliance.Full)).ToArray();
        return new(pairs.Count(p => p is (true, true)), pairs.Count(p => p is (false, true)), pairs.Count(p => p is (true, false)), pairs.Count(p => p is (false, false)));
    }
}
