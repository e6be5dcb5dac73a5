using System.Text.Json;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Data;
using Alidade.Training.Optimisation;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>Whole training runs of the reference's trainers, update by update, from the recorded rows.</summary>
[Golden("trainers/traces")]
[Golden("trainers/index.json")]
[Golden("trainers/traps.json")]
[Golden("trainers/generator")]
public sealed partial class TraceGoldenTests
{
    private const string Kind = "trainers/traces";

    private static readonly Dictionary<string, string> OurNames = new(StringComparer.Ordinal)
    {
        ["entropy"] = "mean_entropy",
        ["mean_token_accuracy"] = "token_accuracy",
        ["rewards/chosen"] = "rewards_chosen",
        ["rewards/rejected"] = "rewards_rejected",
        ["rewards/margins"] = "rewards_margin",
        ["rewards/accuracies"] = "rewards_accuracy",
        ["logps/chosen"] = "logps_chosen",
        ["logps/rejected"] = "logps_rejected",
        ["logits/chosen"] = "logits_chosen",
        ["logits/rejected"] = "logits_rejected",
        ["kl"] = "kl",
        ["delta"] = "delta",
        ["nll_loss"] = "nll",
        ["log_odds_ratio"] = "log_odds_ratio",
        ["log_odds_chosen"] = "log_odds_chosen",
        ["min_reward"] = "min_reward",
        ["max_reward"] = "max_reward",
        ["mean_reward"] = "mean_reward",
        ["accuracy"] = "accuracy",
        ["margin"] = "margin",
    };

    /// <summary>How a trainer of the reference is run here; a table for each family.</summary>
    private static readonly Dictionary<string, Func<TraceRun, TrainingResult>> Trainers =
        new[] { Supervised, Ranking, Reward }.SelectMany(f => f()).ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);

    public static IEnumerable<TheoryDataRow<string>> Traces() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith(Kind, "trace.json").Where(p => !PolicyTraceGoldenTests.IsPolicy(p)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Traces))]
    [Trait("Kind", "Golden")]
    public void A_training_run_equals_the_reference_update_by_update(string path) => GoldenCase.Run(Kind, path, golden =>
    {
        var trace = Read(path + "/trace.json");
        var options = trace.GetProperty("options");
        var tolerance = Read("trainers/index.json").EnumerateArray().Single(t => t.GetProperty("name").GetString() == path.Split('/')[^1]).GetProperty("tolerance");
        Refuse(trace, options);
        using var thread = new OneThread();

        using var model = CausalLM.Load(GoldenFolder.PathOf("trainers/base/" + trace.GetProperty("base").GetString()));
        AddHead(model, trace);
        using var adapter = trace.TryGetProperty("lora", out var lora) ? Adapter(model, lora, path) : null;
        var trained = (adapter?.Parameters ?? model.Parameters.Select(p => (Name: p.Key, p.Value))).ToDictionary(p => p.Item1, p => p.Item2);
        using var before = Copies.Of(trained);
        Copies? early = null;
        var training = Options(options);
        CheckPlan(golden, trace, training);
        foreach (var (list, decays) in new[] { ("weight_decay_parameters", true), ("no_weight_decay_parameters", false) })
            foreach (var name in trace.GetProperty(list).EnumerateArray())
                golden.Equal($"decay of {name}", decays, AdamW.Decays(name.GetString()!));

        var context = new TrainingContext
        {
            OnStep = step => early = step.Update == trace.GetProperty("early_step").GetInt32() ? Copies.Of(trained) : early,
        };
        var result = Trainers[trace.GetProperty("trainer").GetString()!](new(trace, options, model, adapter, training, context));

        CompareSteps(golden, trace, tolerance, result);
        CheckTraps(golden, trace, tolerance, result);
        CompareWeights(golden, path + "/early.safetensors", "early", early, before, tolerance);
        using (early)
        using (var after = Copies.Of(trained))
        {
            CompareWeights(golden, path + "/final.safetensors", "final", after, before, tolerance);
            foreach (var tensor in trace.GetProperty("final").GetProperty("tensors").EnumerateObject())
            {
                var wanted = tensor.Value.GetProperty("l2").GetDouble();
                golden.Close($"norm of {tensor.Name}", 1, after.Values[OurName(tensor.Name)].to(ScalarType.Float64).norm().item<double>() / wanted, tolerance.GetProperty("tensor_l2").GetDouble());
            }
        }
    });

    // What a run needs and is not built yet; decided by its options, never by its name.
    private static void Refuse(JsonElement trace, JsonElement options)
    {
        var trainer = trace.GetProperty("trainer").GetString()!;
        if (!Trainers.ContainsKey(trainer))
            throw new NotBuiltException($"the trainer {trainer}");
        if (Text(options, "optim") is { } optimiser && optimiser != "adamw_torch_fused")
            throw new NotBuiltException($"optimiser '{optimiser}'");
    }

    internal static TrainingOptions Options(JsonElement options) => new()
    {
        BatchRows = options.GetProperty("per_device_train_batch_size").GetInt32(),
        Accumulation = options.GetProperty("gradient_accumulation_steps").GetInt32(),
        Epochs = options.GetProperty("num_train_epochs").GetDouble(),
        MaxUpdates = options.GetProperty("max_steps").GetInt32() is > 0 and var most ? most : null,
        Schedule = ScheduleReader.Read(
            options.GetProperty("lr_scheduler_type").GetString()!, options.GetProperty("learning_rate").GetDouble(), options.GetProperty("warmup_steps").GetDouble(), 0,
            options.TryGetProperty("lr_scheduler_kwargs", out var arguments) ? arguments : null),
        AdamW = new()
        {
            Beta1 = options.GetProperty("adam_beta1").GetDouble(),
            Beta2 = options.GetProperty("adam_beta2").GetDouble(),
            Epsilon = options.GetProperty("adam_epsilon").GetDouble(),
            WeightDecay = options.GetProperty("weight_decay").GetDouble(),
        },
        MaxGradientNorm = options.GetProperty("max_grad_norm").GetDouble(),
        Order = DataOrder.Sequential,
    };

    private static void CheckPlan(GoldenCase golden, JsonElement trace, TrainingOptions training)
    {
        var plan = new TrainingPlan(trace.GetProperty("rows").GetArrayLength(), training);
        golden.Equal("updates", trace.GetProperty("options").GetProperty("num_training_steps").GetInt32(), plan.Updates);
        var update = 0;
        foreach (var step in trace.GetProperty("steps").EnumerateArray())
            golden.Equal($"rows of update {update + 1}",
                string.Join(" | ", step.GetProperty("micro_batches").EnumerateArray().Select(b => string.Join(' ', b.GetProperty("rows").EnumerateArray().Select(r => r.GetInt32())))),
                string.Join(" | ", plan.Window(update++).Select(b => string.Join(' ', b))));
    }

    private static void CompareSteps(GoldenCase golden, JsonElement trace, JsonElement tolerance, TrainingResult result)
    {
        var steps = trace.GetProperty("steps").EnumerateArray().ToArray();
        golden.Equal("updates", steps.Length, result.Curve.Count);
        foreach (var (want, got) in steps.Zip(result.Curve))
        {
            void Relative(string name, double expected, double actual, double floor, string kind)
            {
                var scale = Math.Max(floor, Math.Abs(expected));
                golden.Close($"update {got.Update}, {name}", expected / scale, actual / scale, tolerance.GetProperty(kind).GetDouble());
            }

            golden.Close($"update {got.Update}, learning rate", want.GetProperty("learning_rate").GetDouble(), got.LearningRate, 1e-15);
            Relative("loss", want.GetProperty("loss").GetDouble(), got.Loss, 1, "loss");
            Relative("gradient norm", want.GetProperty("grad_norm").GetDouble(), got.GradientNorm, 1e-12, "grad_norm");
            foreach (var metric in want.GetProperty("logged").EnumerateObject())
                if (Logged(trace, metric.Name, got) is { } value)
                    Relative(metric.Name, metric.Value.GetDouble(), value, 1, "metrics");
        }
    }

    // Our number under the reference's name; null for one that it takes over other positions than those that are scored.
    private static double? Logged(JsonElement trace, string name, TrainingStep step) => (trace.GetProperty("trainer").GetString(), name) switch
    {
        (_, "num_tokens") => step.Tokens,
        ("ORPOTrainer" or "CPOTrainer" or "BCOTrainer", "logits/chosen" or "logits/rejected") => null,
        // Of means over all rows of the update, not a mean of the margins of its micro-batches.
        ("BCOTrainer", "rewards/margins") => step.Metrics["rewards_chosen"] - step.Metrics["rewards_rejected"],
        // Logged as 0 where its weight is 0.
        ("CPOTrainer", "nll_loss") when trace.GetProperty("options").GetProperty("cpo_alpha").GetDouble() == 0 => null,
        _ => step.Metrics[OurNames[name]],
    };

    // The numbers that usual mistakes give stand beside the right one, which must be nearer.
    private static void CheckTraps(GoldenCase golden, JsonElement trace, JsonElement tolerance, TrainingResult result)
    {
        foreach (var trap in Read("trainers/traps.json").EnumerateArray().Where(t => t.GetProperty("trace").GetString() == trace.GetProperty("name").GetString()))
        {
            if (!trap.TryGetProperty("step", out var step) || trap.TryGetProperty("micro_batch", out _))
                continue;
            var (right, got) = (trap.GetProperty("right").GetDouble(), result.Curve[step.GetInt32() - 1].Loss);
            golden.Close("right loss", right, got, tolerance.GetProperty("loss").GetDouble() * Math.Max(1, Math.Abs(right)));
            foreach (var wrong in trap.GetProperty("wrong").EnumerateObject())
                Assert.True(Math.Abs(got - right) < Math.Abs(got - wrong.Value.GetDouble()), $"the loss is that of the mistake '{wrong.Name}'");
        }
    }

    // By norm relative to the whole update; single weights may differ by a step where a gradient is rounding noise.
    internal static void CompareWeights(GoldenCase golden, string file, string which, Copies? mine, Copies before, JsonElement tolerance)
    {
        if (!tolerance.TryGetProperty(which + "_weights_relative_to_update", out var allowed))
            return;
        using var scope = NewDisposeScope();
        double difference = 0, update = 0;
        foreach (var (name, reference) in GoldenTensors.Read(GoldenFolder.PathOf(file)))
        {
            var ours = OurName(name);
            var wanted = tensor(reference.Values, reference.Shape);
            Tensor got = mine!.Values[ours].to(ScalarType.Float64), start = before.Values[ours].to(ScalarType.Float64);
            // The softmax does not see a key's bias: its gradient is rounding noise, and so is what becomes of it.
            foreach (var part in ours.EndsWith("attn.c_attn.bias", StringComparison.Ordinal) ? [0L, 2L] : new[] { -1L })
            {
                Tensor Part(Tensor t) => part < 0 ? t : t.narrow(0, part * t.size(0) / 3, t.size(0) / 3);
                difference += (Part(got) - Part(wanted)).square().sum().item<double>();
                update += (Part(start) - Part(wanted)).square().sum().item<double>();
            }
        }

        golden.Within(which + " weights", Math.Sqrt(difference / update), allowed.GetDouble());
    }

    private static LoraAdapter Adapter(CausalLM model, JsonElement lora, string path)
    {
        var adapter = LoraAdapter.Create(model, "trace", new()
        {
            Rank = lora.GetProperty("r").GetInt32(),
            Alpha = lora.GetProperty("lora_alpha").GetDouble(),
            Targets = [.. lora.GetProperty("target_modules").EnumerateArray().Select(t => t.GetString()!)],
        }, seed: 0);
        var initial = GoldenTensors.Read(GoldenFolder.PathOf(path + "/adapter_init.safetensors")).ToDictionary(t => OurName(t.Key), t => t.Value);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in adapter.Parameters)
            value.copy_(tensor(initial[name].Singles, initial[name].Shape));
        return adapter;
    }

    private static TokenRows<T> Rows<T>(JsonElement trace, Func<string, JsonElement, T> make) =>
        new([.. trace.GetProperty("rows").EnumerateArray().Select((row, i) => make(i.ToString(System.Globalization.CultureInfo.InvariantCulture), row))], new Dictionary<string, int>(), 0);

    private static int[] Ints(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    private static string? Text(JsonElement options, string name) => options.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string OurName(string name) => name.Replace(".default.", ".", StringComparison.Ordinal);

    internal static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(file))).RootElement;

    /// <summary>A recorded run with what it is repeated on.</summary>
    private sealed record TraceRun(JsonElement Trace, JsonElement Options, CausalLM Model, LoraAdapter? Adapter, TrainingOptions Training, TrainingContext Context);

    internal sealed record Copies(Dictionary<string, Tensor> Values) : IDisposable
    {
        public static Copies Of(Dictionary<string, Tensor> values)
        {
            using var noGrad = no_grad();
            return new(values.ToDictionary(v => v.Key, v => v.Value.detach().clone().DetachFromDisposeScope()));
        }

        public void Dispose()
        {
            foreach (var value in Values.Values)
                value.Dispose();
        }
    }
}
