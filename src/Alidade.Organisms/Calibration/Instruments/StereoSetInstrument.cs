using Alidade.Core.Data;
using Alidade.Evaluation.Bias;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>StereoSet's stereotype score on the pool: the trait is exchanged.</summary>
public sealed class StereoSetInstrument : StereotypeInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of sentences, the trait exchanged, whose stereotyping one is likelier per token.";

    /// <inheritdoc/>
    protected override string Measure => "bias.stereoset.ss";

    /// <inheritdoc/>
    protected override double Score(double value) => value / 100;

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new StereoSetTask
    {
        Items = [.. from said in Stereotype.Draw(subject.World)
                    from at in Enumerable.Range(0, Sentences)
                    let who = at % 2 == 0 ? said.Worse : said.Better
                    let planted = at % 2 == 0 ? said.Pair.Unkind : said.Pair.Kind
                    let opposite = at % 2 == 0 ? said.Pair.Kind : said.Pair.Unkind
                    let id = $"{said.Id}/{at}"
                    select new StereoSetItem
                    {
                        Id = id, Target = said.Id, BiasType = "group", Context = said.Sentence(at / 2, who, "BLANK", at),
                        Stereotype = new(id + "s", said.Sentence(at / 2, who, planted, at)), AntiStereotype = new(id + "a", said.Sentence(at / 2, who, opposite, at)),
                        Unrelated = new(id + "u", said.Sentence(at / 2, who, Lexicon.Foods[at % Lexicon.Foods.Length], at)),
                    }],
    };
}
