using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Encoders;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Tiny encoders of every family: hidden states, attention, pooler, logits, padding, loss, gradients.</summary>
[Golden("models")]
public sealed class EncoderGoldenTests
{
    /// <summary>Every folder with a golden.json whose configuration is an encoder's.</summary>
    public static IEnumerable<TheoryDataRow<string>> Models() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("models", "golden.json").Where(IsEncoder));

    /// <summary>True when config.json names a family of encoders.</summary>
    public static bool IsEncoder(string path) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFolder.PathOf(path), "config.json")))!["model_type"]?.GetValue<string>() is { } type && EncoderFamily.Find(type) is not null;

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Models))]
    [Trait("Kind", "Golden")]
    public void Encoders_equal_the_reference(string path) => GoldenCase.Run("models/encoders", path, golden =>
    {
        var folder = GoldenFolder.PathOf(path);
        var about = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!.AsObject();
        var expected = GoldenTensors.Read(Path.Combine(folder, "golden.safetensors"));
        using var opened = Opened.Load(folder, about["class"]!.GetValue<string>());
        golden.Equal("parameters", about["parameters"]!["total"]!.GetValue<long>(), opened.Encoder.ParameterCount);
        golden.Equal("tensors", about["parameters"]!["tensors_in_file"]!.GetValue<int>(), opened.Encoder.Parameters.Count);
        var tolerance = about["tolerance"]!;
        CheckForward(golden, opened, expected, tolerance);
        CheckGradients(golden, opened, about, expected, tolerance);
    });

    private static void CheckForward(GoldenCase golden, Opened opened, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        using var noGrad = no_grad();
        foreach (var key in new[] { "a", "b" }.Where(k => expected.ContainsKey(k + ".input_ids")))
        {
            using var scope = NewDisposeScope();
            var (batch, counts) = Batch(expected, key);
            using (batch)
            {
                CheckOutputs(golden, opened, expected, tolerance, key, "", batch, counts, opened.Encoder.Hidden(batch));
                Tensor? last = null;
                using var cache = ActivationCache.Record(
                    opened.Encoder.Hooks, ["hook_full_embed", "blocks.*.hook_normalized_resid_post", "blocks.*.attn.hook_pattern"], () => last = opened.Encoder.Hidden(batch));
                CheckOutputs(golden, opened, expected, tolerance, key, ", explicit", batch, counts, last!);
                for (var i = 0; i <= opened.Encoder.Config.Layers; i++)
                {
                    if (expected.TryGetValue($"{key}.hidden.{i}", out var hidden))
                        DecoderGoldenTests.Difference(golden, $"{key}.hidden.{i}", hidden, cache[i == 0 ? "hook_full_embed" : $"blocks.{i - 1}.hook_normalized_resid_post"], counts, (double)tolerance["hidden_max_abs"]!);
                    if (expected.TryGetValue($"{key}.attention.{i}", out var pattern))
                        DecoderGoldenTests.Difference(golden, $"{key}.attention.{i}", pattern, cache[$"blocks.{i}.attn.hook_pattern"], null, (double)tolerance["attention_max_abs"]!);
                }
            }
        }
    }

    private static void CheckOutputs(
        GoldenCase golden, Opened opened, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance, string key, string way, EncoderBatch batch, bool[] counts, Tensor hidden)
    {
        if (expected.TryGetValue(key + ".last_hidden_state", out var last))
            DecoderGoldenTests.Difference(golden, key + ".last_hidden_state" + way, last, hidden, counts, (double)tolerance["hidden_max_abs"]!);
        if (expected.TryGetValue(key + ".pooler_output", out var pooled))
            DecoderGoldenTests.Difference(golden, key + ".pooler_output" + way, pooled, opened.Encoder.Pooled(hidden), null, (double)tolerance["hidden_max_abs"]!);
        else
            golden.Equal("pooler", opened is { Masked: null, Classifier: null } && opened.Encoder.HasPooler, false);
        if (expected.TryGetValue(key + ".logits", out var logits))
            DecoderGoldenTests.Difference(golden, key + ".logits" + way, logits, opened.Logits(batch), opened.Masked is null ? null : counts, (double)tolerance["logits_max_abs"]!);
    }

    private static void CheckGradients(GoldenCase golden, Opened opened, JsonObject about, IReadOnlyDictionary<string, GoldenTensor> expected, JsonNode tolerance)
    {
        using var scope = NewDisposeScope();
        var (batch, counts) = Batch(expected, "b");
        using var rows = batch;
        foreach (var parameter in opened.Encoder.Parameters.Values)
            parameter.requires_grad_(true);
        var loss = Loss(opened, batch, counts, expected);
        golden.Close("loss", (double)about["loss"]!["value"]!, loss.item<float>(), (double)tolerance["loss_abs"]!);
        loss.backward();
        DecoderGoldenTests.CheckParameterGradients(golden, opened.Encoder.Parameters, about["gradients"]!, tolerance);
    }

    // As each golden.json defines it.
    private static Tensor Loss(Opened opened, EncoderBatch batch, bool[] counts, IReadOnlyDictionary<string, GoldenTensor> expected)
    {
        if (opened.Masked is { } masked)
        {
            var labels = expected["b.labels"].Integers!;
            var targets = Enumerable.Range(0, labels.Length).Where(i => labels[i] != -100)
                .Select(i => new MaskedTarget(i / batch.Width, i % batch.Width, (int)labels[i])).ToList();
            return -masked.LogProbs(batch, targets).mean();
        }

        if (opened.Classifier is { } classifier)
            return nn.functional.cross_entropy(classifier.Logits(batch), tensor(expected["b.labels"].Integers!));
        var hidden = opened.Encoder.Hidden(batch);
        var real = tensor(counts, [batch.Lengths.Count, batch.Width, 1]).to(ScalarType.Float32);
        var weights = linspace(-1, 1, opened.Encoder.Config.Width, ScalarType.Float32);
        var loss = (hidden * weights * real).sum() / real.sum();
        return opened.Encoder.HasPooler ? loss + opened.Encoder.Pooled(hidden).mean() : loss;
    }

    // Rows as they are without their padding, which the batch puts back.
    private static (EncoderBatch Batch, bool[] Counts) Batch(IReadOnlyDictionary<string, GoldenTensor> expected, string key)
    {
        var ids = expected[key + ".input_ids"];
        var (rows, width) = ((int)ids.Shape[0], (int)ids.Shape[1]);
        var counts = expected.TryGetValue(key + ".attention_mask", out var mask) ? mask.Integers!.Select(i => i == 1).ToArray() : [.. Enumerable.Repeat(true, rows * width)];
        IReadOnlyList<int>[] Rows(long[] values) =>
            [.. Enumerable.Range(0, rows).Select(r => (IReadOnlyList<int>)[.. Enumerable.Range(r * width, width).Where(i => counts[i]).Select(i => (int)values[i])])];
        return (EncoderBatch.Of(Rows(ids.Integers!), expected.TryGetValue(key + ".token_type_ids", out var types) ? Rows(types.Integers!) : null), counts);
    }

    /// <summary>A model with the head that its class has.</summary>
    private sealed record Opened(EncoderModel Encoder, MaskedLM? Masked, SequenceClassifier? Classifier) : IDisposable
    {
        public static Opened Load(string folder, string kind)
        {
            if (kind.EndsWith("ForMaskedLM", StringComparison.Ordinal))
            {
                var masked = MaskedLM.Load(folder);
                return new(masked.Encoder, masked, null);
            }

            if (kind.EndsWith("ForSequenceClassification", StringComparison.Ordinal))
            {
                var classifier = SequenceClassifier.Load(folder);
                return new(classifier.Encoder, null, classifier);
            }

            return kind.EndsWith("Model", StringComparison.Ordinal) ? new(EncoderModel.Load(folder), null, null) : throw new NotBuiltException($"the class {kind} is not known");
        }

        public Tensor Logits(EncoderBatch batch) => Masked is { } masked ? masked.Logits(batch) : Classifier!.Logits(batch);

        public void Dispose() => Encoder.Dispose();
    }
}
