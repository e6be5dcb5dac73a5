using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/supervised/sft.json")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Supervised() => new(StringComparer.Ordinal)
    {
        ["supervised/sft"] = c =>
        {
            var tokens = c.Tokens();
            var reduction = c.Text("reduction", "token_mean") switch { "sequence_mean" => SftReduction.SequenceMean, "sum" => SftReduction.Sum, _ => SftReduction.TokenMean };
            var result = new Sft { Reduction = reduction }.Evaluate(tokens, c.Has("normaliser") ? c.Number("normaliser") : null);
            return result with { Outputs = new Dictionary<string, Tensor> { ["token_logps"] = OnGrid(c.Whole("mask"), tokens.LogProbs) } };
        },
    };
}
