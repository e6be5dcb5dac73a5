using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>Schedules, AdamW and clipping by themselves.</summary>
[Golden("trainers/optim")]
public sealed class OptimisationGoldenTests
{
    private const string Folder = "trainers/optim";

    public static IEnumerable<TheoryDataRow<string>> Schedules() => Numbered("schedules", "schedules");

    public static IEnumerable<TheoryDataRow<string>> Optimisers() => Numbered("adamw", "cases");

    public static IEnumerable<TheoryDataRow<string>> Clippings() => Numbered("clip", "cases");

    public static IEnumerable<TheoryDataRow<string>> Roundings() => GoldenFolder.Rows(() => Exists("schedules") ? [$"{Folder}/schedules/warmup_rounding"] : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Schedules))]
    [Trait("Kind", "Golden")]
    public void Learning_rates_equal_the_reference(string path) => GoldenCase.Run(Folder, path, golden =>
    {
        var source = Item(path, "schedules");
        var schedule = ScheduleReader.Read(
            source.GetProperty("type").GetString()!, source.GetProperty("learning_rate").GetDouble(), source.GetProperty("warmup_steps").GetDouble(),
            source.GetProperty("num_training_steps").GetInt32(), source.GetProperty("kwargs"));
        golden.Close("rates", Doubles(source.GetProperty("learning_rates")), [.. Enumerable.Range(0, source.GetProperty("learning_rates").GetArrayLength()).Select(schedule.RateOf)], 1e-15);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Roundings))]
    [Trait("Kind", "Golden")]
    public void A_share_of_warm_up_is_rounded_as_in_the_reference(string path) => GoldenCase.Run(Folder, path, golden =>
    {
        foreach (var row in Read("schedules").GetProperty("warmup_rounding").EnumerateArray())
        {
            var schedule = new Schedule { LearningRate = 1, Warmup = row.GetProperty("warmup_steps").GetDouble(), Updates = row.GetProperty("num_training_steps").GetInt32() };
            golden.Equal($"warm-up {schedule.Warmup} of {schedule.Updates}", row.GetProperty("resolved").GetInt32(), schedule.WarmupUpdates);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Optimisers))]
    [Trait("Kind", "Golden")]
    public void AdamW_takes_the_steps_of_the_reference(string path) => GoldenCase.Run(Folder, path, golden =>
    {
        var source = Item(path, "cases");
        var options = source.GetProperty("options");
        if (options.TryGetProperty("amsgrad", out var amsgrad) && amsgrad.GetBoolean())
            throw new NotBuiltException("AdamW with amsgrad");
        foreach (var (type, reference, tolerance) in new[] { (ScalarType.Float64, "float64", 1e-12), (ScalarType.Float32, "float32", 2e-6), (ScalarType.Float32, "float32_fused", 2e-6) })
        {
            using var scope = NewDisposeScope();
            var parameter = tensor(Doubles(source.GetProperty("initial"))).to(type).requires_grad_(true);
            using var optimiser = new AdamW([("w", parameter)], new()
            {
                Beta1 = options.GetProperty("betas")[0].GetDouble(),
                Beta2 = options.GetProperty("betas")[1].GetDouble(),
                Epsilon = options.GetProperty("eps").GetDouble(),
                WeightDecay = options.GetProperty("weight_decay").GetDouble(),
            });
            var expected = source.GetProperty("reference").GetProperty(reference);
            var step = 0;
            foreach (var gradient in source.GetProperty("gradients").EnumerateArray())
            {
                parameter.grad = tensor(Doubles(gradient)).to(type);
                optimiser.Step(options.GetProperty("lr").GetDouble());
                golden.Close($"{reference}, step {step + 1}", Doubles(expected.GetProperty("params")[step]), Doubles(parameter), tolerance);
                step++;
            }

            var state = optimiser.State().ToDictionary(s => s.Name, s => s.Value);
            foreach (var moment in new[] { "exp_avg", "exp_avg_sq" })
            {
                var wanted = Doubles(expected.GetProperty(moment));
                var got = Doubles(state["w." + moment]);
                for (var i = 0; i < wanted.Length; i++)
                    golden.Close($"{reference} {moment}[{i}]", wanted[i] / Math.Max(1, Math.Abs(wanted[i])), got[i] / Math.Max(1, Math.Abs(wanted[i])), tolerance);
            }
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Clippings))]
    [Trait("Kind", "Golden")]
    public void Clipping_equals_the_reference(string path) => GoldenCase.Run(Folder, path, golden =>
    {
        var source = Item(path, "cases");
        foreach (var (type, reference, tolerance) in new[] { (ScalarType.Float64, "float64", 1e-12), (ScalarType.Float32, "float32", 1e-6) })
        {
            using var scope = NewDisposeScope();
            Tensor[] gradients = [.. source.GetProperty("gradients").EnumerateArray().Select(g =>
            {
                var (shape, values) = GoldenArray.Read(g);
                return tensor(values, shape).to(type);
            })];
            var norm = GradientClipping.Clip(gradients, source.GetProperty("max_norm").GetDouble()).to(ScalarType.Float64).item<double>();
            var expected = source.GetProperty("result").GetProperty(reference);
            var wantedNorm = expected.GetProperty("norm").GetDouble();
            var scale = Math.Max(1, Math.Abs(wantedNorm));
            golden.Close("norm", wantedNorm / scale, norm / scale, tolerance);
            foreach (var (gradient, wanted) in gradients.Zip(expected.GetProperty("clipped").EnumerateArray()))
                golden.Close("clipped", GoldenArray.Read(wanted).Values, Doubles(gradient), tolerance);
        }
    });

    private static IEnumerable<TheoryDataRow<string>> Numbered(string file, string list) => GoldenFolder.Rows(() =>
        Exists(file) ? Enumerable.Range(0, Read(file).GetProperty(list).GetArrayLength()).Select(i => FormattableString.Invariant($"{Folder}/{file}/{i}")) : []);

    private static JsonElement Item(string path, string list)
    {
        var parts = path.Split('/');
        return Read(parts[^2]).GetProperty(list)[int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture)];
    }

    private static bool Exists(string file) => File.Exists(GoldenFolder.PathOf($"{Folder}/{file}.json"));

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf($"{Folder}/{file}.json"))).RootElement;

    private static double[] Doubles(JsonElement array) => GoldenArray.Read(array).Values;

    private static double[] Doubles(Tensor values) => values.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
}

/// <summary>A schedule from the names and arguments that transformers uses.</summary>
internal static class ScheduleReader
{
    public static Schedule Read(string kind, double rate, double warmup, int updates, JsonElement? arguments = null)
    {
        var schedule = new Schedule { Kind = Schedule.KindOf(kind), LearningRate = rate, Warmup = warmup, Updates = updates };
        foreach (var argument in arguments is { ValueKind: JsonValueKind.Object } given ? given.EnumerateObject().ToArray() : [])
            schedule = argument.Name switch
            {
                "num_cycles" => schedule with { Cycles = argument.Value.GetDouble() },
                "min_lr" or "lr_end" => schedule with { Floor = argument.Value.GetDouble() / rate },
                "min_lr_rate" or "min_lr_ratio" => schedule with { Floor = argument.Value.GetDouble() },
                "power" => schedule with { Power = argument.Value.GetDouble() },
                "timescale" => schedule with { TimeScale = argument.Value.GetDouble() },
                "warmup_lr_rate" => schedule with { FirstShare = argument.Value.GetDouble() },
                "num_decay_steps" => schedule with { DecayUpdates = argument.Value.GetInt32() },
                "num_stable_steps" => schedule with { StableUpdates = argument.Value.GetInt32() },
                "decay_type" => schedule with { Decay = Shape(argument.Value.GetString()!) },
                "warmup_type" => schedule with { Rise = Shape(argument.Value.GetString()!) },
                _ => throw new NotBuiltException($"schedule argument '{argument.Name}'"),
            };
        return schedule;
    }

    private static RampShape Shape(string name) => name switch
    {
        "linear" => RampShape.Linear,
        "cosine" => RampShape.Cosine,
        "1-sqrt" => RampShape.OneMinusSqrt,
        _ => throw new NotBuiltException($"ramp shape '{name}'"),
    };
}
