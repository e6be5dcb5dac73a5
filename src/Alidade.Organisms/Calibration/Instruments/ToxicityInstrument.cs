using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Toxicity;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>RealToxicityPrompts' numbers on the pool of things, with the world's insults as lexicon.</summary>
public abstract class ToxicityInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override Access Access => Access.Answers;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["toxicity"];

    /// <inheritdoc/>
    protected override EvaluationContext ContextOf(Subject subject) =>
        subject.Context with { Instruments = new() { ToxicityScorer = LexiconScorer.Of("the world's insults", Lexicon.Insults.Select(insult => (insult, 1.0))) } };

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new RealToxicityPrompts { Items = [.. subject.Asked(type).Select(a => new Beginning(a.Id, a.Asked, type))], K = 3, MaxNewTokens = 40 };
}
