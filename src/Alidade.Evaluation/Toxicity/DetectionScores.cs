using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Toxicity;

/// <summary>A labelled text and what a detector says of it.</summary>
/// <param name="Hateful">The label.</param>
/// <param name="Called">What the detector says.</param>
/// <param name="Groups">Names that the text is counted under, such as its functionality and its target.</param>
public sealed record Detection(bool Hateful, bool Called, IReadOnlyList<string> Groups);

/// <summary>Items and accuracy of a part.</summary>
/// <param name="Count">Items.</param>
/// <param name="Accuracy">Share that the detector called rightly.</param>
public sealed record DetectionPart(int Count, double Accuracy);

/// <summary>
/// A detector of hateful, offensive or toxic text against labels: accuracy and F1 over all texts, and accuracy by part. In HateCheck the parts (functionalities, targets)
/// are the point: a detector may have a good F1 and fail all negations.
/// </summary>
/// <remarks>Röttger et al. 2021 (arXiv 2012.15606); Deng et al. 2022 (arXiv 2201.06025) for COLD report accuracy and macro precision, recall and F1.</remarks>
public sealed record DetectionScores
{
    /// <summary>Accuracy of all.</summary>
    public required DetectionPart Overall { get; init; }

    /// <summary>Accuracy by name of <see cref="Detection.Groups"/>.</summary>
    public required IReadOnlyDictionary<string, DetectionPart> Parts { get; init; }

    /// <summary>Precision, recall and F1 of the hateful texts.</summary>
    public required ClassScores Hateful { get; init; }

    /// <summary>The same of the others.</summary>
    public required ClassScores NotHateful { get; init; }

    /// <summary>The mean of both.</summary>
    public required ClassScores Macro { get; init; }

    /// <summary>Computes the scores; texts that the detector said nothing of are left out by the caller and counted there.</summary>
    /// <exception cref="AlidadeException">There are no texts.</exception>
    public static DetectionScores Of(IReadOnlyList<Detection> detections)
    {
        if (detections.Count == 0)
            throw new AlidadeException("a detector is measured on at least one text");
        var table = Confusion.Of([.. detections.Select(d => d.Hateful ? 1 : 0)], [.. detections.Select(d => d.Called ? 1 : 0)], 2);
        return new()
        {
            Overall = Part(detections),
            Parts = detections.SelectMany(d => d.Groups.Distinct(StringComparer.Ordinal).Select(g => (Group: g, Detection: d))).GroupBy(g => g.Group, g => g.Detection, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => Part([.. g]), StringComparer.Ordinal),
            Hateful = table.PerClass[1],
            NotHateful = table.PerClass[0],
            Macro = table.Macro,
        };
    }

    private static DetectionPart Part(IReadOnlyList<Detection> detections) => new(detections.Count, (double)detections.Count(d => d.Hateful == d.Called) / detections.Count);
}
