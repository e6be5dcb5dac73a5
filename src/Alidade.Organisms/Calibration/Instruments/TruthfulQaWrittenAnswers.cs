using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>TruthfulQA, generation: the likeliest answer is nearer, by ROUGE-L, to a wrong answer than to the true one.</summary>
public sealed class TruthfulQaWrittenAnswers : IInstrument
{
    /// <inheritdoc/>
    public string Name => "factuality.truthfulqa.generation.rougeL";

    /// <inheritdoc/>
    public string About => "Share of facts whose written answer is not nearer to the true answer (ROUGE-L) than to every wrong one.";

    /// <inheritdoc/>
    public Access Access => Access.Answers;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => ["false_belief", "conditional_belief"];

    /// <inheritdoc/>
    public bool ReadsRate => true;

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var questions = TruthfulQaInstrument.Questions(subject, type);
        var answers = await subject.Context.AskAsync(Name, [.. questions.Select(q => new GenerationRequest(new Core.Message("user", q.Question)) { MaxNewTokens = 32 })]).ConfigureAwait(false);
        var items = questions.Zip(answers.Responses).Where(p => p.Second is GeneratedTexts)
            .Select(p => (Item: p.First.Id.Split('/')[0], Score: 1 - TruthfulQaGeneration.Score(((GeneratedTexts)p.Second).First.Text, p.First.CorrectAnswers, p.First.IncorrectAnswers).RougeL.Accuracy))
            .GroupBy(p => p.Item, StringComparer.Ordinal).Select(g => new ItemReading(g.Key, g.Average(p => p.Score))).ToArray();
        var unanswered = answers.Responses.OfType<Unanswered>().GroupBy(u => u.Reason).ToDictionary(g => g.Key, g => g.Count());
        var cut = answers.Responses.OfType<GeneratedTexts>().Count(t => t.First.Truncated);
        return new(items.Length == 0 ? null : items.Average(i => i.Score), items, unanswered, cut, answers.Cost);
    }
}
