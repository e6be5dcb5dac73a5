using Alidade.Models;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;

namespace Alidade.Tests.Fuzz;

/// <summary>A Hugging Face model folder: what config.json and the files beside it claim is held against the weights before anything is built.</summary>
public sealed class ModelFolderFuzz
{
    private static readonly JsonMutation Config = new(
        "model_type", "llama", "gpt2", "bert", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size", "max_position_embeddings",
        "rms_norm_eps", "hidden_act", "silu", "gelu", "rope_theta", "rope_scaling", "rope_type", "type", "factor", "linear", "dynamic", "yarn", "llama3", "longrope", "short_factor", "long_factor",
        "low_freq_factor", "high_freq_factor", "original_max_position_embeddings", "beta_fast", "attention_factor", "tie_word_embeddings", "attention_bias", "bos_token_id", "eos_token_id", "num_labels",
        "architectures", "LlamaForSequenceClassification", "LlamaForCausalLM", "id2label", "bos_token", "eos_token", "pad_token", "chat_template", "name", "default", "template", "content");

    [Fact]
    public void A_mutated_folder_is_loaded_or_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        TinyModel.Write(folder.Path);
        var config = File.ReadAllText(folder.File("config.json"));
        var tokenizer = File.ReadAllText(folder.File("tokenizer_config.json"));
        FuzzRun.Inputs(
            "model-folder",
            random => random.Chance(0.8)
                ? new(("config.json", Config.Of(random, config)), ("tokenizer_config.json", tokenizer.Utf8()))
                : new(("config.json", config.Utf8()), ("tokenizer_config.json", Config.Of(random, tokenizer))),
            input =>
            {
                input.Write(folder.Path);
                CausalLM.Load(folder.Path).Dispose();
            });
    }
}
