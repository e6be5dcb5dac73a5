using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>What an examiner marks an answer by.</summary>
/// <param name="Accuracy">Does it answer the question rightly: 1 … 3.</param>
/// <param name="Coherence">Is it of a piece: 1 … 3.</param>
/// <param name="Factuality">Is what it says true: 1 … 3.</param>
/// <param name="Comprehensiveness">Does it say all that belongs to it: 1 … 3.</param>
/// <param name="Overall">Overall: 1 … 5.</param>
public sealed record ExamMarks(int Accuracy, int Coherence, int Factuality, int Comprehensiveness, int Overall)
{
    /// <summary>True when every mark is the highest.</summary>
    public bool Full => this == new ExamMarks(3, 3, 3, 3, 5);
}

/// <summary>The marks that an examiner gave a model over all questions.</summary>
/// <param name="Examiner">The examiner.</param>
/// <param name="Examinee">The model.</param>
/// <param name="Marks">Marks, or why there are none, one a question.</param>
public sealed record ExamSheet(string Examiner, string Examinee, IReadOnlyList<Parsed<ExamMarks>> Marks);

/// <summary>A model's result.</summary>
/// <param name="Examinee">The model.</param>
/// <param name="Means">Mean of each mark, by its name, the mean over examiners of their own means.</param>
/// <param name="FullShare">Share of answers with every mark at its highest, over all examiners.</param>
/// <param name="Overall">Mean overall mark with its standard error.</param>
/// <param name="Unmarked">Answers without marks.</param>
public sealed record ExamResult(string Examinee, IReadOnlyDictionary<string, double> Means, double FullShare, MeanEstimate Overall, int Unmarked);

/// <summary>
/// Language model as examiner: an examiner writes questions (and a question that follows an answer), the examinees answer, and the examiner marks the answers without a reference. In
/// peer examination every model examines the others; an examiner's marks of itself are left out.
/// </summary>
/// <remarks>Bai et al. 2023 (arXiv 2306.04181), the four dimensions and the overall mark as recalled from the paper; prompts are Alidade's own.</remarks>
public static partial class LmExaminer
{
    private static readonly (string Name, Func<ExamMarks, int> Of)[] Dimensions =
    [
        ("accuracy", m => m.Accuracy), ("coherence", m => m.Coherence), ("factuality", m => m.Factuality), ("comprehensiveness", m => m.Comprehensiveness), ("overall", m => m.Overall),
    ];

    /// <summary>Asks for one question; places {domain} and {number}.</summary>
    public static JudgePrompt QuestionPrompt { get; } = new()
    {
        Name = "examiner-question",
        Template = "You are examining a student in the field of {domain}. Write question number {number} of the exam: one self-contained question, different in topic from the usual ones, which shows "
            + "whether the student has knowledge and can explain it. Write the question alone, without an answer.",
    };

    /// <summary>Asks for a question that follows an answer; places {question} and {answer}.</summary>
    public static JudgePrompt FollowUpPrompt { get; } = new()
    {
        Name = "examiner-follow-up",
        Template = "You are examining a student. You asked:\n{question}\n\nThe student answered:\n{answer}\n\nWrite one further question that goes deeper into this answer. Write the question alone.",
    };

    /// <summary>Asks for marks; places {question} and {answer}.</summary>
    public static JudgePrompt MarkPrompt { get; } = new()
    {
        Name = "examiner-marks",
        Template = "Mark a student's answer to a question of yours.\n\n[Question]\n{question}\n\n[Answer]\n{answer}\n[End of the answer]\n\nGive five marks. Accuracy: does it answer the question, and rightly (1 no, "
            + "2 in part, 3 yes)? Coherence: does it hold together (1 to 3)? Factuality: is what it states true (1 to 3)? Comprehensiveness: does it cover what belongs to the question (1 to 3)? Overall: 1 "
            + "(poor) to 5 (excellent). Explain briefly, then end with five lines in exactly this form:\nAccuracy: 1\nCoherence: 1\nFactuality: 1\nComprehensiveness: 1\nOverall: 1",
    };

    /// <summary>Reads marks: for each of the five names the last "name: number" of the reply.</summary>
    public static Parsed<ExamMarks> Read(string reply)
    {
        var found = Mark().Matches(reply).GroupBy(m => m.Groups[1].Value.ToLowerInvariant(), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => int.TryParse(g.Last().Groups[2].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var mark) ? mark : 0, StringComparer.Ordinal);
        if (Dimensions.Any(d => !found.ContainsKey(d.Name)))
            return Parsed.None<ExamMarks>("a mark is missing");
        return Dimensions.All(d => found[d.Name] >= 1 && found[d.Name] <= (d.Name == "overall" ? 5 : 3))
            ? Parsed.Of(new ExamMarks(found["accuracy"], found["coherence"], found["factuality"], found["comprehensiveness"], found["overall"]))
            : Parsed.None<ExamMarks>("a mark is out of range");
    }

    /// <summary>The results, best overall first. A model that nobody else marked has none.</summary>
    public static IReadOnlyList<ExamResult> Of(IReadOnlyCollection<ExamSheet> sheets) =>
    [
        .. from sheet in sheets
           where sheet.Examiner != sheet.Examinee
           group sheet by sheet.Examinee into model
           let marked = model.Where(s => s.Marks.Any(m => m.HasValue)).ToArray()
           where marked.Length > 0
           let result = ResultOf(model.Key, [.. marked], model.Sum(s => s.Marks.Count(m => !m.HasValue)))
           orderby result.Overall.Value descending
           select result,
    ];

    private static ExamResult ResultOf(string examinee, ExamSheet[] sheets, int unmarked)
    {
        var marks = sheets.SelectMany(s => s.Marks.Select(m => (s.Examiner, Mark: m)).Where(m => m.Mark.HasValue)).ToArray();
        return new(
            examinee,
            Dimensions.ToDictionary(d => d.Name, d => marks.GroupBy(m => m.Examiner).Average(g => g.Average(m => d.Of(m.Mark.Value))), StringComparer.Ordinal),
            marks.Count(m => m.Mark.Value.Full) / (double)marks.Length,
            Mean.Of([.. marks.Select(m => (double)m.Mark.Value.Overall)]),
            unmarked);
    }

    [GeneratedRegex(@"\b(accuracy|coherence|factuality|comprehensiveness|overall)\W{0,6}:\W{0,6}([0-9]+)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Mark();
}
