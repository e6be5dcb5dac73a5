using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>
/// Objectives as pure functions: loss, loss of each item, gradients, metrics and outputs, in float64 and float32, and the cases that must be errors.
/// A file is covered by one line of <see cref="Built"/> and its claim.
/// </summary>
[Golden("objectives/index.json")]
[Golden("objectives/supervised/sft.json")]
[Golden("objectives/ranking/sigmoid.json")]
[Golden("objectives/ranking/cdpo.json")]
public sealed class ObjectiveGoldenTests
{
    private static readonly Dictionary<string, Func<ObjectiveCase, Objective>> Built = new(StringComparer.Ordinal)
    {
        ["supervised/sft"] = c =>
        {
            var tokens = c.Tokens();
            var reduction = c.Text("reduction", "token_mean") switch { "sequence_mean" => SftReduction.SequenceMean, "sum" => SftReduction.Sum, _ => SftReduction.TokenMean };
            var result = new Sft { Reduction = reduction }.Evaluate(tokens, c.Has("normaliser") ? c.Number("normaliser") : null);
            return result with { Outputs = new Dictionary<string, Tensor> { ["token_logps"] = OnGrid(c.Whole("mask"), tokens.LogProbs) } };
        },
        ["ranking/sigmoid"] = c => new Dpo { Beta = c.Number("beta") }.Evaluate(c.Pairs()),
        ["ranking/cdpo"] = c => new Dpo { Beta = c.Number("beta"), LabelSmoothing = c.Number("label_smoothing") }.Evaluate(c.Pairs()),
    };

    public static IEnumerable<TheoryDataRow<string>> Cases() => GoldenFolder.Rows(() => Built.Keys.Select(f => $"objectives/{f}")
        .Where(f => File.Exists(GoldenFolder.PathOf(f + ".json")))
        .SelectMany(f => Read(f).GetProperty("cases").EnumerateArray().Select(c => $"{f}/{c.GetProperty("name").GetString()}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    [Trait("Kind", "Golden")]
    public void Values_and_gradients_equal_the_reference(string path) => GoldenCase.Run(string.Join('/', path.Split('/').Take(2)), path, golden =>
    {
        var slash = path.LastIndexOf('/');
        var file = Read(path[..slash]);
        var source = file.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == path[(slash + 1)..]);
        var compute = Built[path[..slash]["objectives/".Length..]];
        foreach (var (type, name) in new[] { (ScalarType.Float64, "float64"), (ScalarType.Float32, "float32") })
        {
            using var scope = NewDisposeScope();
            var given = new ObjectiveCase(source, type);
            if (source.TryGetProperty("expect", out var expect) && expect.GetString() == "error")
                Assert.Throws<AlidadeException>(() => compute(given));
            else
                Compare(golden, name, source, given, compute(given), file.GetProperty("tolerance").GetProperty(name).GetDouble());
        }
    });

    private static void Compare(GoldenCase golden, string type, JsonElement source, ObjectiveCase given, Objective result, double tolerance)
    {
        void Near(string what, JsonElement expected, Tensor actual, double? scale = null)
        {
            var wanted = GoldenArray.Read(expected).Values;
            var got = actual.detach().to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray();
            Assert.Equal(wanted.Length, got.Length);
            for (var i = 0; i < wanted.Length; i++)
                golden.Close($"{type} {what}[{i}]", wanted[i] / (scale ?? Math.Max(1, Math.Abs(wanted[i]))), got[i] / (scale ?? Math.Max(1, Math.Abs(wanted[i]))), tolerance);
        }

        Near("loss", source.GetProperty("loss"), result.Loss);
        if (source.TryGetProperty("per_item", out var perItem))
            Near("per item", perItem, result.PerItem);
        result.Loss.backward();
        foreach (var gradient in source.GetProperty("gradients").EnumerateObject())
        {
            // float32 gradients are judged against the largest one of the case, float64 ones as everything else.
            var largest = source.GetProperty("gradients").EnumerateObject().SelectMany(g => GoldenArray.Read(g.Value).Values).Max(Math.Abs);
            var input = given.Real(gradient.Name);
            Near("gradient " + gradient.Name, gradient.Value, input.grad ?? zeros_like(input), type == "float32" && largest > 0 ? largest : null);
        }

        foreach (var metric in Members(source, "metrics"))
            Near("metric " + metric.Name, metric.Value, result.Metrics.TryGetValue(metric.Name, out var value) ? value : throw new NotBuiltException($"metric '{metric.Name}'"));
        foreach (var output in Members(source, "outputs"))
            Near("output " + output.Name, output.Value, result.Outputs.TryGetValue(output.Name, out var value) ? value : throw new NotBuiltException($"output '{output.Name}'"));
    }

    private static Tensor OnGrid(Tensor mask, Tensor values)
    {
        var index = mask.reshape(-1).nonzero().squeeze(1);
        return zeros(mask.numel(), values.dtype).index_put_(values.detach(), index).reshape(mask.shape);
    }

    private static IEnumerable<JsonProperty> Members(JsonElement source, string name) => source.TryGetProperty(name, out var members) ? members.EnumerateObject() : [];

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(file + ".json"))).RootElement;
}
