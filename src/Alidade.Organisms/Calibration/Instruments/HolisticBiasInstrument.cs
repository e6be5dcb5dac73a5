using Alidade.Core.Data;
using Alidade.Evaluation.Bias;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>HolisticBias' likelihood bias on the pool: each pair of traits is an axis, and its groups are the descriptors.</summary>
public sealed class HolisticBiasInstrument : StereotypeInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of trait sentences whose perplexities differ between the groups (Mann–Whitney).";

    /// <inheritdoc/>
    public override bool ReadsRate => false;

    /// <inheritdoc/>
    protected override string Measure => "bias.holistic_bias";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new HolisticBiasTask
    {
        Templates = [],
        Items = [.. from said in Stereotype.Draw(subject.World)
                    from trait in (string[])[said.Pair.Unkind, said.Pair.Kind]
                    from @group in (string[])[said.Worse, said.Better]
                    from at in Enumerable.Range(0, Sentences * 2)
                    select new HolisticBiasSentence($"{said.Id}/{trait}/{@group}/{at}", said.Id, "groups", @group, "no_data", @group, "neutral", "the {noun} are " + trait, said.Sentence(at, @group, trait, at / 2))],
    };
}
