using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;

namespace Alidade.Tests.Cli;

/// <summary>A model folder that a command can load: random weights, a vocabulary of the bytes and a few words, by default one block and a context of 32 tokens.</summary>
internal static class TinyModel
{
    private const string Template =
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    public static string Write(string folder, int context = 32, int layers = 1)
    {
        var tokenizer = new ByteLevelBpeTrainer
        {
            VocabularySize = 272,
            SpecialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            EndOfText = "<|im_end|>",
            ChatTemplateSource = Template,
        }.Train(["the cat sat on the mat", "the dog sat on the log"]);
        var config = new DecoderConfig
        {
            Family = "llama",
            VocabularySize = tokenizer.VocabularySize,
            Width = 16,
            Layers = layers,
            Heads = 2,
            KeyValueHeads = 2,
            HeadDim = 8,
            MlpWidth = 24,
            ContextLength = context,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            Rotary = new() { Dimensions = 8 },
            TiedHead = true,
            EndOfText = [tokenizer.IdOf("<|im_end|>")!.Value],
        };
        using var model = CausalLM.Create(config, tokenizer, ChatTemplate.Parse(Template, "tiny model"), seed: 1);
        model.Save(folder);
        return folder;
    }

    /// <summary>Writes the weights again with some of them changed; null leaves a tensor out.</summary>
    public static void Rewrite(string folder, Func<TensorEntry, TensorEntry?> change)
    {
        var path = Path.Combine(folder, "model.safetensors");
        List<TensorSource> sources = [];
        using (var file = SafetensorsFile.Open(path))
        {
            foreach (var tensor in file.Tensors.Values)
            {
                if (change(tensor) is not { } changed)
                    continue;
                var values = new float[changed.Count];
                if (changed.Count == tensor.Count)
                    file.ReadFloat32(tensor.Name, values);
                sources.Add(TensorSource.Float32(changed.Name, changed.Shape, values));
            }
        }

        SafetensorsWriter.Write(path, sources);
    }
}
