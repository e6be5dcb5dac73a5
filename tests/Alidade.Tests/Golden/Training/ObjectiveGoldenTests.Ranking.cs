using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/ranking/sigmoid.json")]
[Golden("objectives/ranking/cdpo.json")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Ranking() => new(StringComparer.Ordinal)
    {
        ["ranking/sigmoid"] = c => new Dpo { Beta = c.Number("beta") }.Evaluate(c.Pairs()),
        ["ranking/cdpo"] = c => new Dpo { Beta = c.Number("beta"), LabelSmoothing = c.Number("label_smoothing") }.Evaluate(c.Pairs()),
    };
}
