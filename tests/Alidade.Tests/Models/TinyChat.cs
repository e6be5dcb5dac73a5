using System.Text.Json.Nodes;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models;

/// <summary>A chat model of random weights whose tokens are bytes; 0 is the end of a turn, 1 its beginning.</summary>
internal static class TinyChat
{
    private const string Template =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    public static CausalLM Create(int context = 256, ulong seed = 1)
    {
        var config = new DecoderConfig
        {
            Family = "llama",
            VocabularySize = 258,
            Width = 16,
            Layers = 2,
            Heads = 2,
            KeyValueHeads = 2,
            HeadDim = 8,
            MlpWidth = 32,
            ContextLength = context,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            TiedHead = false,
        };
        return CausalLM.Create(config, Bytes(), ChatTemplate.Parse(Template, "tiny"), seed);
    }

    /// <summary>Makes every token equally likely, so that the likeliest is the first: the end of a turn.</summary>
    public static void SayNothing(this CausalLM model)
    {
        using var noGrad = no_grad();
        model.Parameters["lm_head.weight"].zero_();
    }

    private static Tokenizer Bytes()
    {
        var vocabulary = new JsonObject();
        var next = 256;
        for (var b = 0; b < 256; b++)
        {
            // GPT-2's byte alphabet: printable bytes stand for themselves, the others for the characters from 256 on.
            var printable = b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
            vocabulary[((char)(printable ? b : next++)).ToString()] = b + 2;
        }

        JsonObject Special(int id, string content) => new()
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = true,
        };
        JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(Special(0, "<|im_end|>"), Special(1, "<|im_start|>")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        using var folder = new Core.TemporaryFolder();
        folder.Write("tokenizer.json", tokenizer.ToJsonString());
        folder.Write("tokenizer_config.json", """{"bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}""");
        return Tokenizer.FromFolder(folder.Path);
    }
}
