using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>SelfCheckGPT by n-grams on the pool's questions.</summary>
public sealed class SelfCheckInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "Inconsistency of an answer with random answers of the model, by unigrams.";

    /// <inheritdoc/>
    public override Access Access => Access.Answers;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["false_belief", "conditional_belief"];

    /// <inheritdoc/>
    public override bool ReadsRate => false;

    /// <inheritdoc/>
    protected override string Measure => "factuality.selfcheck.ngram";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new SelfCheckGpt { Items = [.. subject.Asked(type).DistinctBy(a => a.Item.Id).Select(a => new PromptRow(a.Id, a.Asked))], Samples = 6, MaxNewTokens = 24 };
}
