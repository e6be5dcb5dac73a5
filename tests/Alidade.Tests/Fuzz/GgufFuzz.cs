using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Families;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Weights;

namespace Alidade.Tests.Fuzz;

/// <summary>GGUF: the container with every tensor, the model that its metadata describe, and the tokenizer in it.</summary>
public sealed class GgufFuzz
{
    private static readonly string[] Kinds = ["llama", "gpt2", "bert", "t5"];

    private static readonly string[] Keys =
    [
        "general.architecture", "general.alignment", "general.name", "llama.context_length", "llama.embedding_length", "llama.block_count", "llama.feed_forward_length",
        "llama.attention.head_count", "llama.attention.head_count_kv", "llama.attention.key_length", "llama.attention.layer_norm_rms_epsilon", "llama.rope.dimension_count",
        "llama.rope.freq_base", "llama.rope.scaling.type", "llama.rope.scaling.factor", "llama.vocab_size", "split.count", "tokenizer.ggml.model", "tokenizer.ggml.pre",
        "tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
        "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id", "tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_space_prefix",
        "tokenizer.ggml.precompiled_charsmap", "tokenizer.chat_template",
    ];

    private static readonly object[] Values =
    [
        0u, 1u, 2u, 3u, 8u, uint.MaxValue, 1u << 31, -1, int.MaxValue, 0L, -1L, long.MaxValue, ulong.MaxValue, (byte)1, (ushort)7, 0f, 1f, -1f, float.NaN, float.PositiveInfinity, 1e30f,
        1e300, double.NaN, true, false, "", "llama", "gpt2", "bert", "t5", "linear", "yarn", "llama3", "longrope", "default", "llama-bpe", "smollm", "a\nb", "{% for m in messages %}{{ m }}{% endfor %}", "{{",
        Array.Empty<string>(), new[] { "a" }, new[] { "a b" }, new[] { "a  b c", " " }, Array.Empty<float>(), new[] { 1f }, new[] { float.NaN }, Array.Empty<int>(), new[] { 7 }, new byte[9],
    ];

    // Else every input could be refused for a fault of its seed.
    [Fact]
    public void The_unchanged_models_load()
    {
        using var folder = new TemporaryFolder();
        foreach (var (metadata, tensors) in Kinds.Select(Model))
        {
            File.WriteAllBytes(folder.File("model.gguf"), Bytes(metadata, tensors));
            Read(folder.File("model.gguf"));
        }
    }

    [Fact]
    public void A_mutated_model_is_loaded_or_refused_in_one_line()
    {
        var seeds = Kinds.Select(Model).ToArray();
        var damaged = PublishedDamage();
        using var folder = new TemporaryFolder();
        FuzzRun.Inputs(
            "gguf",
            random =>
            {
                if (damaged.Length > 0 && random.Chance(0.2))
                    return new(("model.gguf", Mutation.Bytes(random, random.One(damaged))));
                var (metadata, tensors) = random.One(seeds);
                metadata = [.. metadata];
                for (var edits = random.Next(0, 4); edits > 0; edits--)
                    Edit(random, metadata);
                var file = Bytes(metadata, tensors);
                return new(("model.gguf", random.Chance(0.5) ? Mutation.Bytes(random, file) : file));
            },
            input =>
            {
                input.Write(folder.Path);
                Read(folder.File("model.gguf"));
            });
    }

    // The container first: a file that describes no model may still hold tensors.
    private static void Read(string path)
    {
        try
        {
            Damage.ReadAll(path, GgufFile.Open);
        }
        catch (NotBuiltException)
        {
            // A format that cannot be decoded; the model may do without.
        }

        using (var file = GgufFile.Open(path))
            if (file.Metadata.ContainsKey("tokenizer.ggml.tokens"))
                TokenizerFuzz.Use(Tokenizer.FromGguf(file.Metadata, path));
        CausalLM.Load(path).Dispose();
    }

    private static void Edit(Random random, List<(string Key, object Value)> metadata)
    {
        if (metadata.Count == 0)
            return;
        var at = random.Next(metadata.Count);
        var (key, value) = metadata[at];
        switch (random.Next(6))
        {
            case 0:
                metadata.RemoveAt(at);
                break;
            case 1:
                metadata.Add((random.One(Keys), random.One(Values)));
                break;
            case 2 when value is string[] texts && texts.Length > 0:
                var changed = texts.ToArray();
                for (var edits = random.Next(1, 6); edits > 0; edits--)
                    changed[random.Next(texts.Length)] = random.One([texts[random.Next(texts.Length)], "", "\u2581", "<0x41>", "<0xZZ>", "é", "a b", new string('a', 500)]);
                metadata[at] = (key, changed);
                break;
            case 2 when value is int[] numbers && numbers.Length > 0:
                var types = numbers.ToArray();
                types[random.Next(types.Length)] = random.One([0, 1, 2, 3, 4, 5, 6, 7, -1, int.MaxValue]);
                metadata[at] = (key, types);
                break;
            case 3:
                metadata[at] = (random.One(Keys), value);
                break;
            default:
                metadata[at] = (key, random.One(Values));
                break;
        }
    }

    private static byte[] Bytes(List<(string Key, object Value)> metadata, IReadOnlyList<(string Name, long[] Shape)> tensors)
    {
        var file = new GgufBytes();
        foreach (var (key, value) in metadata)
            file.With(key, value);
        foreach (var (name, shape) in tensors)
            file.Floats(name, shape, new float[shape.Aggregate(1L, (a, b) => a * b)]);
        return file.ToArray();
    }

    // A llama of one block with a vocabulary of a kind.
    private static (List<(string Key, object Value)> Metadata, IReadOnlyList<(string Name, long[] Shape)> Tensors) Model(string kind)
    {
        string[] tokens = kind switch
        {
            "gpt2" => ["<|end|>", "a", "b", "ab", "Ġ", "Ġa", "c"],
            "bert" => ["[UNK]", "[CLS]", "[SEP]", "a", "##b", "▁a", "b"],
            _ => ["<unk>", "<s>", "</s>", "▁", "a", "b", "ab", "▁a", "<0x41>", "<0x0A>"],
        };
        List<(string, object)> metadata =
        [
            ("general.architecture", "llama"), ("llama.context_length", 16u), ("llama.embedding_length", 8u), ("llama.block_count", 1u), ("llama.feed_forward_length", 4u),
            ("llama.attention.head_count", 2u), ("llama.attention.head_count_kv", 1u), ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.rope.dimension_count", 4u),
            ("llama.rope.freq_base", 10000f), ("tokenizer.ggml.model", kind), ("tokenizer.ggml.pre", "default"), ("tokenizer.ggml.tokens", tokens),
            ("tokenizer.ggml.scores", tokens.Select((_, i) => (float)-i).ToArray()), ("tokenizer.ggml.token_type", tokens.Select(t => t.StartsWith("<0x", StringComparison.Ordinal) ? 6 : t[0] is '<' or '[' ? 3 : 1).ToArray()),
            ("tokenizer.ggml.bos_token_id", 1u), ("tokenizer.ggml.eos_token_id", 2u), ("tokenizer.ggml.unknown_token_id", 0u),
            ("tokenizer.chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}"),
        ];
        if (kind == "gpt2")
            metadata.Add(("tokenizer.ggml.merges", new[] { "a b", "Ġ a" }));
        var config = new DecoderConfig
        {
            Family = "llama",
            VocabularySize = tokens.Length,
            Width = 8,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 1,
            HeadDim = 4,
            MlpWidth = 4,
            ContextLength = 16,
            Rotary = new() { Dimensions = 4 },
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            TiedHead = true,
        };
        return (metadata, [.. DecoderAssembly.Expected(ModelFamily.OfModelType("llama", "test"), config).Select(e => (e.GgufName, e.Shape))]);
    }

    // More seeds where the golden folder is at hand; without it the run is the same but for these.
    private static byte[][] PublishedDamage()
    {
        var folder = Path.Combine(Golden.GoldenFolder.Root, "gguf", "malformed");
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.gguf").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];
    }
}
