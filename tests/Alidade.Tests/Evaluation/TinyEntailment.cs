using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Alidade.Core.Statistics;
using Alidade.Models.Encoders;
using Alidade.Models.Weights;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Evaluation;

/// <summary>An entailment model that knows nothing: the golden folder's tiny BERT under a random head.</summary>
internal static class TinyEntailment
{
    public static string Bert => GoldenFolder.PathOf("evaluation/tiny-bert");

    /// <summary>Writes and loads the model; skips the test where the golden folder is absent.</summary>
    public static SequenceClassifier Create(params string[] labels)
    {
        Assert.SkipUnless(Directory.Exists(Bert), GoldenFolder.Absent);
        var folder = Directory.CreateTempSubdirectory("alidade-entailment-").FullName;
        try
        {
            foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" })
                File.Copy(Path.Combine(Bert, file), Path.Combine(folder, file));
            var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Bert, "config.json")))!;
            config["architectures"] = new JsonArray("BertForSequenceClassification");
            config["id2label"] = new JsonObject(labels.Select((l, i) => KeyValuePair.Create($"{i}", (JsonNode?)l)));
            config["label2id"] = new JsonObject(labels.Select((l, i) => KeyValuePair.Create(l, (JsonNode?)i)));
            File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
            using var given = SafetensorsFile.Open(Path.Combine(Bert, "model.safetensors"));
            var random = new SeededRandom(7);
            TensorSource Random(string name, params long[] shape) =>
                TensorSource.Float32(name, shape, Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => (float)random.NextNormal()).ToArray());
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [
                .. given.Tensors.Values.Where(t => t.Name.StartsWith("bert.", StringComparison.Ordinal)).Select(t => TensorSource.Float32(t.Name, t.Shape, MemoryMarshal.Cast<byte, float>(given.Raw(t.Name)).ToArray())),
                Random("bert.pooler.dense.weight", 32, 32), Random("bert.pooler.dense.bias", 32), Random("classifier.weight", labels.Length, 32), Random("classifier.bias", labels.Length),
            ]);
            return SequenceClassifier.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
