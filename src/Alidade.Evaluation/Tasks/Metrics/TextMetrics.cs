using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Factuality;
using Alidade.Evaluation.Tasks.Filters;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Tasks.Metrics;

/// <summary>Numbers of written answers.</summary>
internal static class TextMetrics
{
    private static readonly TaskKind[] Kinds = [TaskKind.Generate];

    public static IEnumerable<(string Name, Func<MetricEntry, IReadOnlyList<TaskMetric>> Make)> All =>
    [
        ("contains", _ => [Best("contains", (answer, reference) => answer.Contains(reference, StringComparison.OrdinalIgnoreCase) ? 1 : 0, "share", "Share of answers that hold a right text, whatever its case.")]),
        ("bleu", _ => [Best("bleu", TruthfulQaGeneration.BleuOf, "points of 100", "BLEU of each answer with the nearest right text, mean over the items.")]),
        ("rouge1", _ => [Best("rouge1", (a, r) => TruthfulQaGeneration.RougeOf(a, r).One, "points of 100", "ROUGE-1 F of each answer with the nearest right text, mean over the items.")]),
        ("rouge2", _ => [Best("rouge2", (a, r) => TruthfulQaGeneration.RougeOf(a, r).Two, "points of 100", "ROUGE-2 F of each answer with the nearest right text, mean over the items.")]),
        ("rougeL", _ => [Best("rougeL", (a, r) => TruthfulQaGeneration.RougeOf(a, r).LSum, "points of 100", "ROUGE-Lsum F of each answer with the nearest right text, mean over the items.")]),
        ("truthful_overlap", Overlaps),
    ];

    /// <summary>Whether the answer equals a right text.</summary>
    internal static TaskMetric ExactMatch(MetricEntry entry)
    {
        var match = new Filters.ExactMatch { IgnoreCase = entry.IgnoreCase, IgnorePunctuation = entry.IgnorePunctuation, IgnoreNumbers = entry.IgnoreNumbers, RegexesToIgnore = entry.RegexesToIgnore };
        foreach (var pattern in entry.RegexesToIgnore)
            Matches.Pattern(pattern);
        return Best("exact_match", (answer, reference) => match.Holds(answer, reference) ? 1 : 0, "share", "Share of answers that equal a right text.");
    }

    private static TaskMetric Best(string name, Func<string, string, double> of, string unit, string meaning) =>
        new() { Name = name, Of = d => [References(d).Max(r => of(d.Answer, r))], Unit = unit, Meaning = meaning, Kinds = Kinds };

    private static IReadOnlyList<string> References(ScoredDocument document) => document.Texts.Gold?.Texts
        ?? throw new AlidadeException($"{document.Asked.Row.Place}: the task names no 'answer', which its metrics need");

    private static IReadOnlyList<TaskMetric> Overlaps(MetricEntry entry)
    {
        if (entry.Correct is null || entry.Incorrect is null)
            throw new AlidadeException("the metric 'truthful_overlap' needs 'correct' and 'incorrect': lists of true and false answers");
        TextTemplate correct = TextTemplate.Parse(entry.Correct, "correct"), incorrect = TextTemplate.Parse(entry.Incorrect, "incorrect");
        // Twelve numbers come from one comparison.
        var compared = new ConditionalWeakTable<ScoredDocument, TruthfulQaOverlaps>();
        TruthfulQaOverlaps Compare(ScoredDocument d)
        {
            var (right, wrong) = TruthfulQaGeneration.References(new TruthfulQaItem
            {
                Id = d.Asked.Row.Id,
                Question = "",
                Category = "",
                Adversarial = false,
                BestAnswer = "",
                CorrectAnswers = TaskTexts.List(correct, d.Asked.Row),
                IncorrectAnswers = TaskTexts.List(incorrect, d.Asked.Row),
            });
            return TruthfulQaGeneration.Score(d.Answer, right, wrong);
        }

        (string Name, Func<TruthfulQaOverlaps, TruthfulOverlap> Pick)[] overlaps = [("bleu", o => o.Bleu), ("rouge1", o => o.Rouge1), ("rouge2", o => o.Rouge2), ("rougeL", o => o.RougeL)];
        TaskMetric One(string name, Func<TruthfulQaOverlaps, double> of, string unit, string meaning) => new() { Name = name, Of = d => [of(compared.GetValue(d, Compare))], Unit = unit, Meaning = meaning, Kinds = Kinds };
        return
        [
            .. overlaps.SelectMany(o => (TaskMetric[])
            [
                One(o.Name + "_max", all => o.Pick(all).True, "points of 100", $"Overlap ({o.Name}) with the nearest true answer, mean over the items."),
                One(o.Name + "_acc", all => o.Pick(all).Accuracy, "share", $"Share of answers nearer to a true answer than to every false one, by {o.Name}."),
                One(o.Name + "_diff", all => o.Pick(all).Difference, "points of 100", $"Overlap ({o.Name}) with the nearest true answer minus that with the nearest false one, mean over the items."),
            ]),
        ];
    }
}
