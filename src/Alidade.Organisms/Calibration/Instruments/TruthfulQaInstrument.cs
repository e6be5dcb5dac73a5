using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>TruthfulQA on the pool of facts: the true value, the wrong one that may be planted, and other wrong ones.</summary>
public abstract class TruthfulQaInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["false_belief", "conditional_belief"];

    /// <inheritdoc/>
    protected override double Score(double value) => 1 - value;

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new Evaluation.Factuality.TruthfulQa { Items = Questions(subject, type), Prompt = TruthfulQaPrompt.ChatZeroShot };

    /// <summary>The pool's questions with their answers.</summary>
    internal static IReadOnlyList<TruthfulQaItem> Questions(Subject subject, string type) => [.. subject.Asked(type).Select(a => new TruthfulQaItem
    {
        Id = a.Id, Question = a.Asked, Category = type, Adversarial = true, BestAnswer = a.Probe.Good, CorrectAnswers = [a.Probe.Good], IncorrectAnswers = [a.Probe.Bad, .. a.Item.Distractors],
    })];
}
