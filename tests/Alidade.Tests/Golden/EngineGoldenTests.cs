using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Families;
using Alidade.Models.Generation;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Packed rows, rotary tables, whole GGUF models, and the real 135 M model.</summary>
[Golden("gguf/models")]
public sealed class EngineGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Packed() => GoldenFolder.Rows(() => Cases("models/packed.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Packed))]
    [Trait("Kind", "Golden")]
    public void Packed_rows_equal_separate_runs(string path) => GoldenCase.Run("models/packed", path, golden =>
    {
        var (file, item) = Case(path);
        using var model = CausalLM.Load(GoldenFolder.PathOf("models/" + item["model"]!.GetValue<string>()));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var ids = DecoderGoldenTests.Ints(item["ids"]!);
        var borders = DecoderGoldenTests.Ints(item["boundaries"]!);
        var batch = BranchedBatch.OfTexts(borders.SkipLast(1).Zip(borders.Skip(1), (from, to) => (IReadOnlyList<int>)ids[from..to]));
        double[] expected = [.. item["logprobs"]!.AsArray().Where(n => n is not null).Select(n => n!.GetValue<double>())];
        golden.Close("log-probabilities", expected, DecoderGoldenTests.Values(model.LogProbs(batch)), (double)file["tolerance"]!["logprob_max_abs"]!);
    });

    public static IEnumerable<TheoryDataRow<string>> RotaryTables() => GoldenFolder.Rows(() => Cases("models/rope.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(RotaryTables))]
    [Trait("Kind", "Golden")]
    public void Rotary_frequencies_equal_the_reference(string path) => GoldenCase.Run("models/rope", path, golden =>
    {
        var (file, item) = Case(path);
        var parameters = item["rope_parameters"]!.DeepClone().AsObject();
        var head = item["head_dim"]!.GetValue<int>();
        var context = item["max_position_embeddings"]!.GetValue<int>();
        var rotary = RotaryReader.Read(new ConfigReader(new JsonObject { ["rope_parameters"] = parameters }, path), head, context);
        var tolerance = (double)file["tolerance_relative"]!;
        var expected = DecoderGoldenTests.Numbers(item["inv_freq"]!);
        var actual = rotary.InverseFrequencies(item["seq_len"]?.GetValue<int>() ?? 0);
        golden.Equal("pairs", expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            golden.Within($"frequency {i}", Math.Abs((actual[i] / expected[i]) - 1), tolerance);
        var factor = item["attention_factor"]!.GetValue<double>();
        golden.Within("factor of cos and sin", Math.Abs((rotary.CosineFactor / factor) - 1), tolerance);
    });

    public static IEnumerable<TheoryDataRow<string>> GgufModels() =>
        GoldenFolder.Rows(() => GoldenFolder.Files("gguf/models", "*.gguf").Select(f => f[..^".gguf".Length]));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GgufModels))]
    [Trait("Kind", "Golden")]
    public void Gguf_models_equal_the_reference(string path) => GoldenCase.Run("gguf/models", path, golden =>
    {
        using var model = CausalLM.Load(GoldenFolder.PathOf(path + ".gguf"));
        var about = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path + ".json")))!;
        var expected = GoldenTensors.Read(GoldenFolder.PathOf(path + ".golden.safetensors"));
        var tolerance = (double)about["tolerance"]!["logits_max_abs"]!;
        int[] ids = [.. expected["input_ids"].Integers!.Select(i => (int)i)];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, length) in new[] { ("logits", ids.Length), ("short.logits", (int)expected["short.logits"].Shape[0]) })
        {
            using var grid = TokenGrid.Of(ids[..length]);
            DecoderGoldenTests.Difference(golden, name, expected[name], model.Logits(grid).squeeze(0), null, tolerance);
        }

        var continuation = DecoderGoldenTests.Ints(about["greedy"]!["continuation"]!);
        var generated = TextGenerator.Generate(model, [DecoderGoldenTests.Ints(about["greedy"]!["prompt"]!)], new() { MaxNewTokens = continuation.Length, IgnoreEndTokens = true });
        golden.Equal("greedy", string.Join(' ', continuation), string.Join(' ', generated[0].Ids));
    });

    public static IEnumerable<TheoryDataRow<string>> SmolPrompts() => GoldenFolder.Rows(() =>
        !File.Exists(GoldenFolder.PathOf("models/smollm2/prompts.json")) ? []
            : Json("models/smollm2/prompts.json")["prompts"]!.AsArray().Select(p => "models/smollm2/prompts.json/" + p!["name"]!.GetValue<string>()));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmolPrompts))]
    [Trait("Kind", "Golden")]
    public void The_real_model_equals_the_reference(string path) => GoldenCase.Run("models/smollm2", path, golden =>
    {
        const double logits = 1e-4, logProbs = 1e-4, sum = 1e-3, hidden = 2e-4, norms = 1e-5;
        var model = GoldenModels.Smol;
        var prompt = Json("models/smollm2/prompts.json")["prompts"]!.AsArray().First(p => p!["name"]!.GetValue<string>() == path.Split('/')[^1])!;
        var ids = DecoderGoldenTests.Ints(prompt["ids"]!);
        if (prompt["text"] is not null)
            golden.Equal("tokens", string.Join(' ', ids), string.Join(' ', model.Tokenizer.Encode(prompt["text"]!.GetValue<string>())));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (ids.Length > 1)
        {
            var values = DecoderGoldenTests.Values(model.LogProbs(BranchedBatch.OfTexts([ids])));
            golden.Close("log-probabilities", DecoderGoldenTests.Numbers(prompt["logprobs"]!), values, logProbs);
            golden.Close("their sum", prompt["logprob_sum"]!.GetValue<double>(), values.Sum(), sum);
        }

        using var grid = TokenGrid.Of(ids);
        Tensor? last = null;
        using var cache = ActivationCache.Record(model.Hooks, ["blocks.0.hook_resid_pre", "blocks.*.hook_resid_post"], () => last = model.Hidden(grid));
        var lastLogits = DecoderGoldenTests.Values(model.Unembed(last!.narrow(1, ids.Length - 1, 1)).flatten());
        foreach (var top in prompt["last_top20"]!.AsArray())
            golden.Close($"logit of {top!["id"]}", top["logit"]!.GetValue<double>(), lastLogits[top["id"]!.GetValue<int>()], logits);
        foreach (var layer in prompt["hidden_last_position"]!.AsArray())
        {
            var index = layer!["index"]!.GetValue<int>();
            var state = index == model.Config.Layers ? last! : index == 0 ? cache["blocks.0.hook_resid_pre"] : cache[$"blocks.{index - 1}.hook_resid_post"];
            var vector = DecoderGoldenTests.Values(state.narrow(1, ids.Length - 1, 1).flatten());
            var l2 = layer["l2"]!.GetValue<double>();
            golden.Within($"hidden {index}: length, relative", Math.Abs((Math.Sqrt(vector.Sum(v => v * v)) / l2) - 1), norms);
            golden.Close($"hidden {index}", DecoderGoldenTests.Numbers(layer["first8"]!), vector[..8], hidden);
        }

        // Steps whose two best tokens are nearly tied may flip; what follows such a step is another text.
        if (prompt["greedy"] is not { } greedy)
            return;
        var tokens = DecoderGoldenTests.Ints(greedy["ids"]!);
        var ties = DecoderGoldenTests.Ints(greedy["steps_with_gap_below_0.02"]!);
        var certain = ties.Length == 0 ? tokens.Length : ties.Min();
        var generated = TextGenerator.Generate(model, [ids], new() { MaxNewTokens = tokens.Length, IgnoreEndTokens = true })[0];
        golden.Equal("greedy", string.Join(' ', tokens.Take(certain)), string.Join(' ', generated.Ids.Take(certain)));
    });

    public static IEnumerable<TheoryDataRow<string>> SmolWeights() =>
        GoldenFolder.Rows(() => GoldenFolder.Files("models/smollm2", "*.json").Where(f => f.EndsWith("weights.json", StringComparison.Ordinal)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmolWeights))]
    [Trait("Kind", "Golden")]
    public void The_real_models_weights_equal_the_reference(string path) => GoldenCase.Run("models/smollm2", path, golden =>
    {
        using var noGrad = no_grad();
        foreach (var (name, about) in Json(path)["weights"]!.AsObject())
        {
            using var scope = NewDisposeScope();
            var weight = GoldenModels.Smol.Parameters[name];
            golden.Equal(name, string.Join(',', DecoderGoldenTests.Ints(about!["shape"]!)), string.Join(',', weight.shape));
            golden.Close($"{name}, first values", DecoderGoldenTests.Numbers(about["first4"]!), DecoderGoldenTests.Values(weight.flatten().narrow(0, 0, 4)), 0);
            var l2 = about["l2"]!.GetValue<double>();
            golden.Within($"{name}: length, relative", Math.Abs((Math.Sqrt(weight.to(ScalarType.Float64).square().sum().item<double>()) / l2) - 1), 1e-5);
        }
    });

    public static IEnumerable<TheoryDataRow<string>> SmolGradients() =>
        GoldenFolder.Rows(() => GoldenFolder.Files("models/smollm2", "*.json").Where(f => f.EndsWith("gradients.json", StringComparison.Ordinal)));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SmolGradients))]
    [Trait("Kind", "Golden")]
    public void The_real_models_gradients_equal_the_reference(string path) => GoldenCase.Run("models/smollm2", path, golden =>
    {
        const double relative = 1e-3, lossTolerance = 5e-5;
        var about = Json(path);
        var model = GoldenModels.Smol;
        using var scope = NewDisposeScope();
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        try
        {
            var loss = -model.LogProbs(BranchedBatch.OfTexts([DecoderGoldenTests.Ints(about["ids"]!)])).mean();
            golden.Close("loss", about["loss"]!.GetValue<double>(), loss.item<float>(), lossTolerance);
            loss.backward();
            foreach (var (name, l2) in about["gradient_l2"]!.AsObject())
            {
                using var gradient = model.Parameters[name].grad!;
                golden.Within($"gradient of {name}, relative", Math.Abs((gradient.norm().item<float>() / l2!.GetValue<double>()) - 1), relative);
            }
        }
        finally
        {
            foreach (var parameter in model.Parameters.Values)
            {
                parameter.grad?.Dispose();
                parameter.grad = null;
                parameter.requires_grad_(false);
            }
        }
    });

    private static IEnumerable<string> Cases(string file) =>
        File.Exists(GoldenFolder.PathOf(file)) ? Json(file)["cases"]!.AsArray().Select((_, i) => $"{file}/{i}") : [];

    private static (JsonNode File, JsonNode Item) Case(string path)
    {
        var file = Json(path[..path.LastIndexOf('/')]);
        return (file, file["cases"]![int.Parse(path[(path.LastIndexOf('/') + 1)..], System.Globalization.CultureInfo.InvariantCulture)]!);
    }

    private static JsonNode Json(string path) => JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path)))!;
}
