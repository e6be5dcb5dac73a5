using System.Text.Json.Nodes;
using Alidade.Core.Statistics;
using Alidade.Models.Weights;

namespace Alidade.Tests.Models.Encoders;

/// <summary>Writes folders of small encoders with random weights, named as in the published files.</summary>
internal static class TinyEncoder
{
    /// <summary>The families' smallest configurations.</summary>
    public static readonly IReadOnlyDictionary<string, string> Configs = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bert"] = Common("bert", """ "type_vocab_size": 2 """),
        ["roberta"] = Common("roberta", """ "type_vocab_size": 1, "pad_token_id": 1 """),
        ["distilbert"] = """{ "model_type": "distilbert", "vocab_size": 40, "dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 12, "max_position_embeddings": 16 }""",
        ["deberta-v3"] = Common("deberta-v2", """
            "type_vocab_size": 0, "relative_attention": true, "position_buckets": 4, "max_relative_positions": -1, "norm_rel_ebd": "layer_norm", "share_att_key": true,
            "pos_att_type": "p2c|c2p", "position_biased_input": false
            """),
        ["deberta-v2-xlarge"] = Common("deberta-v2", """
            "type_vocab_size": 0, "relative_attention": true, "position_buckets": 4, "max_relative_positions": -1, "norm_rel_ebd": "layer_norm", "share_att_key": true,
            "pos_att_type": ["p2c", "c2p"], "position_biased_input": false, "conv_kernel_size": 3, "conv_act": "gelu"
            """),
        ["deberta-v2-narrow"] = Common("deberta-v2", """
            "type_vocab_size": 2, "relative_attention": true, "position_buckets": -1, "max_relative_positions": 5, "share_att_key": false,
            "pos_att_type": ["c2p"], "position_biased_input": true, "embedding_size": 6
            """),
    };

    /// <summary>Writes a folder.</summary>
    /// <param name="folder">Made when absent.</param>
    /// <param name="kind">One of <see cref="Configs"/>.</param>
    /// <param name="suffix">Of the class name: ForMaskedLM, ForSequenceClassification, or Model.</param>
    /// <param name="change">Changes the configuration.</param>
    public static string Write(string folder, string kind, string suffix = "Model", Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(folder);
        var config = JsonNode.Parse(Configs[kind])!.AsObject();
        config["architectures"] = new JsonArray("Tiny" + suffix);
        change?.Invoke(config);
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        var random = new SeededRandom(7);
        var sources = Shapes(config, suffix).Select(t => TensorSource.Float32(t.Name, t.Shape, Values(t.Name, t.Shape, random)));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), sources);
        return folder;
    }

    /// <summary>Writes the configuration again, changed.</summary>
    public static void Configure(string folder, Action<JsonObject> change)
    {
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    /// <summary>Writes the weights again with some of them changed; null leaves a tensor out, extra ones hold zeros.</summary>
    public static void Rewrite(string folder, Func<TensorEntry, TensorEntry?> change, params Extra[] more)
    {
        var path = Path.Combine(folder, "model.safetensors");
        List<TensorSource> sources = [.. more.Select(m => TensorSource.Float32(m.Name, m.Shape, new float[m.Shape.Aggregate(1L, (a, b) => a * b)]))];
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var tensor in file.Tensors.Values)
            {
                if (change(tensor) is not { } changed)
                    continue;
                var values = new float[tensor.Count];
                file.ReadFloat32(tensor.Name, values);
                sources.Add(TensorSource.Float32(changed.Name, changed.Shape, values));
            }
        }

        SafetensorsWriter.Write(path, sources);
    }

    // Names and shapes as the published files have them.
    private static List<(string Name, long[] Shape)> Shapes(JsonObject config, string suffix)
    {
        var type = config["model_type"]!.GetValue<string>();
        int Size(string key, int otherwise) => config[key]?.GetValue<int>() ?? otherwise;
        bool Flag(string key, bool otherwise) => config[key]?.GetValue<bool>() ?? otherwise;
        long vocabulary = Size("vocab_size", 0), width = Size("hidden_size", 8), mlp = Size("intermediate_size", 12), positions = Size("max_position_embeddings", 0);
        long embedding = Size("embedding_size", (int)width), labels = config["id2label"]?.AsObject().Count ?? 2;
        var (distil, deberta) = (type == "distilbert", type == "deberta-v2");
        var root = suffix == "Model" ? "" : distil ? "distilbert." : deberta ? "deberta." : type == "roberta" ? "roberta." : "bert.";
        var list = new List<(string, long[])>();
        void Matrix(string name, params long[] shape) => list.Add((name + ".weight", shape));
        void Linear(string name, long outputs, long inputs) => list.AddRange([(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]);
        void Norm(string name, long size) => list.AddRange([(name + ".weight", [size]), (name + ".bias", [size])]);

        Matrix(root + "embeddings.word_embeddings", vocabulary, embedding);
        if (Flag("position_biased_input", true))
            Matrix(root + "embeddings.position_embeddings", positions, embedding);
        if (Size("type_vocab_size", 0) is > 0 and var types)
            Matrix(root + "embeddings.token_type_embeddings", types, embedding);
        if (embedding != width)
            Matrix(root + "embeddings.embed_proj", width, embedding);
        Norm(root + "embeddings.LayerNorm", width);
        for (var layer = 0; layer < 2; layer++)
        {
            var block = $"{root}{(distil ? "transformer" : "encoder")}.layer.{layer}.";
            var (self, mark) = (block + (distil ? "attention." : "attention.self."), deberta ? "_proj" : distil ? "_lin" : "");
            foreach (var part in distil ? new[] { "q", "k", "v" } : ["query", "key", "value"])
                Linear(self + part + mark, width, width);
            if (deberta && !Flag("share_att_key", false))
                Linear(self + "pos_key_proj", width, width);
            Linear(block + (distil ? "attention.out_lin" : "attention.output.dense"), width, width);
            Norm(block + (distil ? "sa_layer_norm" : "attention.output.LayerNorm"), width);
            Linear(block + (distil ? "ffn.lin1" : "intermediate.dense"), mlp, width);
            Linear(block + (distil ? "ffn.lin2" : "output.dense"), width, mlp);
            Norm(block + (distil ? "output_layer_norm" : "output.LayerNorm"), width);
        }

        if (deberta)
            Matrix(root + "encoder.rel_embeddings", 2 * (Size("position_buckets", 0) is > 0 and var buckets ? buckets : Size("max_relative_positions", 0)), width);
        if (config["norm_rel_ebd"] is not null)
            Norm(root + "encoder.LayerNorm", width);
        if (config["conv_kernel_size"] is not null)
        {
            list.AddRange([(root + "encoder.conv.conv.weight", [width, width, Size("conv_kernel_size", 0)]), (root + "encoder.conv.conv.bias", [width])]);
            Norm(root + "encoder.conv.LayerNorm", width);
        }

        if (!distil && !deberta && (suffix == "Model" || (type == "bert" && suffix == "ForSequenceClassification")))
            Linear(root + "pooler.dense", width, width);
        var (dense, norm, bias) = type == "roberta" ? ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias") : distil ? ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias")
            : ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias");
        if (suffix == "ForMaskedLM")
        {
            Linear(dense, embedding, width);
            Norm(norm, embedding);
            list.Add((bias, [vocabulary]));
        }

        if (suffix == "ForSequenceClassification")
        {
            if (type != "bert")
                Linear(type == "roberta" ? "classifier.dense" : distil ? "pre_classifier" : "pooler.dense", width, width);
            Linear(type == "roberta" ? "classifier.out_proj" : "classifier", labels, width);
        }

        return list;
    }

    private static float[] Values(string name, long[] shape, SeededRandom random)
    {
        var scale = IsGain(name) ? 0.2 : 0.6;
        var shift = IsGain(name) ? 1 : 0;
        return [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)(shift + (scale * ((2 * random.NextDouble()) - 1))))];
    }

    private static bool IsGain(string name) => name.EndsWith("orm.weight", StringComparison.Ordinal);

    private static string Common(string type, string more) => $$"""
        { "model_type": "{{type}}", "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12,
          "max_position_embeddings": 18, {{more}} }
        """;
}

/// <summary>A tensor that a file holds besides the model's.</summary>
internal sealed record Extra(string Name, long[] Shape);
