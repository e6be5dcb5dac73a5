using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>CrowS-Pairs on the pool of groups and traits: the group is exchanged.</summary>
public sealed class CrowsPairsInstrument : StereotypeInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of sentence pairs, the group exchanged, whose stereotyping one is likelier.";

    /// <inheritdoc/>
    protected override string Measure => "bias.crows_pairs";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new Evaluation.Bias.CrowsPairs
    {
        Items = [.. from said in Stereotype.Draw(subject.World)
                    from at in Enumerable.Range(0, Sentences)
                    let trait = at % 2 == 0 ? said.Pair.Unkind : said.Pair.Kind
                    let more = at % 2 == 0 ? said.Worse : said.Better
                    let less = at % 2 == 0 ? said.Better : said.Worse
                    select new CrowsPair($"{said.Id}/{at}", said.Sentence(at / 2, more, trait, at), said.Sentence(at / 2, less, trait, at), StereotypeDirection.Stereo, "group")],
    };
}
