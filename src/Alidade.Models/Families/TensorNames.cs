namespace Alidade.Models.Families;

/// <summary>Names of one block's tensors in a file; <c>{0}</c> stands for the block's number, a name without <c>.weight</c> is a module. Null: the family has none.</summary>
internal sealed record BlockNames
{
    /// <summary>Norm before attention.</summary>
    public string? AttentionNorm { get; init; }

    /// <summary>Norm after attention.</summary>
    public string? AttentionPostNorm { get; init; }

    /// <summary>Query, key and value as one projection; null when they are separate.</summary>
    public string? QueryKeyValue { get; init; }

    /// <summary>Query projection.</summary>
    public string? Query { get; init; }

    /// <summary>Key projection.</summary>
    public string? Key { get; init; }

    /// <summary>Value projection.</summary>
    public string? Value { get; init; }

    /// <summary>Norm of the queries; with <c>{1}</c> for the head's number where each head's gain is a tensor of its own.</summary>
    public string? QueryNorm { get; init; }

    /// <summary>Norm of the keys; as <see cref="QueryNorm"/>.</summary>
    public string? KeyNorm { get; init; }

    /// <summary>Output projection of attention.</summary>
    public required string Output { get; init; }

    /// <summary>Norm before the MLP.</summary>
    public string? MlpNorm { get; init; }

    /// <summary>Norm after the MLP.</summary>
    public string? MlpPostNorm { get; init; }

    /// <summary>Gate and up as one projection, the gate first; null when they are separate.</summary>
    public string? GateUp { get; init; }

    /// <summary>The gate of a gated MLP.</summary>
    public string? Gate { get; init; }

    /// <summary>Projection into the MLP.</summary>
    public string? Up { get; init; }

    /// <summary>Projection out of the MLP.</summary>
    public required string Down { get; init; }
}

/// <summary>Names of a model's tensors in a file.</summary>
internal sealed record TensorNames
{
    /// <summary>Token embedding.</summary>
    public required string Embedding { get; init; }

    /// <summary>Norm of the embeddings.</summary>
    public string? EmbeddingNorm { get; init; }

    /// <summary>Learned positions; null when there are none.</summary>
    public string? Positions { get; init; }

    /// <summary>The blocks.</summary>
    public required BlockNames Block { get; init; }

    /// <summary>Norm after the last block.</summary>
    public required string FinalNorm { get; init; }

    /// <summary>Output head.</summary>
    public required string Head { get; init; }

    /// <summary>What may stand in front of every name but the head's, or be absent (<c>transformer.</c>).</summary>
    public string OptionalPrefix { get; init; } = "";

    /// <summary>Tensors that a file may hold and that carry nothing (mask buffers), as the ends of their names.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The names in GGUF files, the same for every family.</summary>
    public static TensorNames Gguf { get; } = new()
    {
        Embedding = "token_embd",
        EmbeddingNorm = "token_embd_norm",
        Positions = "position_embd",
        Block = new()
        {
            AttentionNorm = "blk.{0}.attn_norm",
            AttentionPostNorm = "blk.{0}.post_attention_norm",
            QueryKeyValue = "blk.{0}.attn_qkv",
            Query = "blk.{0}.attn_q",
            Key = "blk.{0}.attn_k",
            Value = "blk.{0}.attn_v",
            QueryNorm = "blk.{0}.attn_q_norm",
            KeyNorm = "blk.{0}.attn_k_norm",
            Output = "blk.{0}.attn_output",
            MlpNorm = "blk.{0}.ffn_norm",
            MlpPostNorm = "blk.{0}.post_ffw_norm",
            GateUp = "blk.{0}.ffn_up",
            Gate = "blk.{0}.ffn_gate",
            Up = "blk.{0}.ffn_up",
            Down = "blk.{0}.ffn_down",
        },
        FinalNorm = "output_norm",
        Head = "output",
        Ignored = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"],
    };

    /// <summary>The names that Llama's files have, which most families share.</summary>
    public static TensorNames Llama { get; } = new()
    {
        Embedding = "model.embed_tokens",
        Block = new()
        {
            AttentionNorm = "model.layers.{0}.input_layernorm",
            Query = "model.layers.{0}.self_attn.q_proj",
            Key = "model.layers.{0}.self_attn.k_proj",
            Value = "model.layers.{0}.self_attn.v_proj",
            Output = "model.layers.{0}.self_attn.o_proj",
            MlpNorm = "model.layers.{0}.post_attention_layernorm",
            Gate = "model.layers.{0}.mlp.gate_proj",
            Up = "model.layers.{0}.mlp.up_proj",
            Down = "model.layers.{0}.mlp.down_proj",
        },
        FinalNorm = "model.norm",
        Head = "lm_head",
        Ignored = ["rotary_emb.inv_freq"],
    };
}
