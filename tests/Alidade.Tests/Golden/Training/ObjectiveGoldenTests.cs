using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>
/// Objectives as pure functions: loss, loss of each item, gradients, metrics and outputs, in float64 and float32, and the cases that must be errors.
/// A file is covered by one line of its family's table and its claim.
/// </summary>
[Golden("objectives/index.json")]
public sealed partial class ObjectiveGoldenTests
{
    private static readonly Dictionary<string, Func<ObjectiveCase, Objective>> Built =
        new[] { Supervised, Ranking, Reward, Reinforcement }.SelectMany(f => f()).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);

    public static IEnumerable<TheoryDataRow<string>> Cases() => GoldenFolder.Rows(() => Built.Keys.Select(f => $"objectives/{f}")
        .Where(f => File.Exists(GoldenFolder.PathOf(f + ".json")))
        .SelectMany(f => Read(f).GetProperty("cases").EnumerateArray().Select(c => $"{f}/{c.GetProperty("name").GetString()}")).Distinct());

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Cases))]
    [Trait("Kind", "Golden")]
    public void Values_and_gradients_equal_the_reference(string path) => GoldenCase.Run(string.Join('/', path.Split('/').Take(2)), path, golden =>
    {
        var slash = path.LastIndexOf('/');
        var file = Read(path[..slash]);
        var compute = Built[path[..slash]["objectives/".Length..]];
        // Some files give one name to several cases.
        var sources = file.GetProperty("cases").EnumerateArray().Where(c => c.GetProperty("name").GetString() == path[(slash + 1)..]).ToArray();
        Assert.NotEmpty(sources);
        foreach (var source in sources)
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
                if (double.IsNaN(wanted[i]))
                    Assert.True(double.IsNaN(got[i]), $"{type} {what}[{i}]: expected no answer, got {got[i]}");
                else
                    golden.Close($"{type} {what}[{i}]", wanted[i] / (scale ?? Math.Max(1, Math.Abs(wanted[i]))), got[i] / (scale ?? Math.Max(1, Math.Abs(wanted[i]))), tolerance);
        }

        // A case without a loss is a pure function of data: outputs and metrics alone.
        if (source.TryGetProperty("loss", out var loss))
            Near("loss", loss, result.Loss);
        if (source.TryGetProperty("per_item", out var perItem))
            Near("per item", perItem, result.PerItem);
        if (source.TryGetProperty("gradients", out _))
            result.Loss.backward();
        foreach (var gradient in Members(source, "gradients"))
        {
            // float32 gradients are judged against the largest one of the case, and against 1e-3 where all are smaller, as the reference measured them; float64 ones as everything else.
            var largest = Members(source, "gradients").SelectMany(g => GoldenArray.Read(g.Value).Values).Max(Math.Abs);
            var input = given.Real(gradient.Name);
            Near("gradient " + gradient.Name, gradient.Value, input.grad ?? zeros_like(input), type == "float32" && largest > 0 ? Math.Max(largest, 1e-3) : null);
        }

        foreach (var metric in Members(source, "metrics"))
            Near("metric " + metric.Name, metric.Value, result.Metrics.TryGetValue(metric.Name, out var value) ? value : throw new NotBuiltException($"metric '{metric.Name}'"));
        // An output that is itself a table of values has a name for each of them.
        foreach (var output in Members(source, "outputs"))
            foreach (var (name, value) in output.Value.ValueKind == JsonValueKind.Object ? output.Value.EnumerateObject().Select(o => ($"{output.Name}/{o.Name}", o.Value)) : [(output.Name, output.Value)])
                Near("output " + name, value, result.Outputs.TryGetValue(name, out var got) ? got : throw new NotBuiltException($"output '{name}'"));
    }

    private static Objective Only(params (string Name, Tensor Value)[] outputs) =>
        new(zeros([]), zeros([0])) { Outputs = outputs.ToDictionary(o => o.Name, o => o.Value, StringComparer.Ordinal) };

    private static Tensor OnGrid(Tensor mask, Tensor values)
    {
        var index = mask.reshape(-1).nonzero().squeeze(1);
        return zeros(mask.numel(), values.dtype).index_put_(values.detach(), index).reshape(mask.shape);
    }

    private static IEnumerable<JsonProperty> Members(JsonElement source, string name) => source.TryGetProperty(name, out var members) ? members.EnumerateObject() : [];

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(file + ".json"))).RootElement;
}
