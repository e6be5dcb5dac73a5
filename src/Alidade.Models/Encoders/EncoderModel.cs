using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Hooks;
using Alidade.Models.Native;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>
/// The white box of an encoder (BERT, RoBERTa, DistilBERT, DeBERTa-v2/v3): its weights, hooks, hidden states and tokenizer. <see cref="MaskedLM"/>,
/// <see cref="SequenceClassifier"/> and <see cref="SentenceEncoder"/> put a head on it.
/// </summary>
/// <remarks>
/// Forward passes may run at once on several threads while no hook is registered. Hidden states lie at the hook points <c>hook_full_embed</c> (what enters the
/// first block) and <c>blocks.N.hook_normalized_resid_post</c> (what leaves block N), attention at <c>blocks.N.attn.hook_pattern</c>; keep them with
/// <see cref="ActivationCache.Record"/>.
/// </remarks>
public sealed class EncoderModel : IDisposable
{
    private readonly Encoder encoder;
    private readonly OrderedDictionary<string, Tensor> parameters;
    private readonly Linear? pooler;
    private readonly OptionalTokenizer tokenizer;

    internal EncoderModel(EncoderConfig config, Encoder encoder, Linear? pooler, OrderedDictionary<string, Tensor> parameters, OptionalTokenizer tokenizer, string name)
    {
        (Config, this.encoder, this.pooler, this.parameters, this.tokenizer, Name) = (config, encoder, pooler, parameters, tokenizer, name);
        Hooks = new(Encoder.HookNames(config));
    }

    /// <summary>What the model was loaded from, as a person would name it.</summary>
    public string Name { get; }

    /// <summary>The architecture's facts.</summary>
    public EncoderConfig Config { get; }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="AlidadeException">The model came without one.</exception>
    /// <exception cref="NotBuiltException">It came with one that is not supported.</exception>
    public Tokenizer Tokenizer => tokenizer.Needed;

    /// <summary>True when the model came with a tokenizer.</summary>
    public bool HasTokenizer => tokenizer.Found is not null;

    /// <summary>The hooks; see <see cref="ModelHooks"/>.</summary>
    public ModelHooks Hooks { get; }

    /// <summary>The weights by the names of the file, those of the head with which the model was opened included; a tied head is not listed apart.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => parameters;

    /// <summary>Number of weights, a tied head counted once.</summary>
    public long ParameterCount => parameters.Values.Sum(p => p.numel());

    /// <summary>Where the weights lie.</summary>
    public Device Device => encoder.Embedding.device;

    /// <summary>Number type of the weights.</summary>
    public ScalarType DType => encoder.Embedding.dtype;

    /// <summary>True when the model has the pooler that its family defines.</summary>
    public bool HasPooler => pooler is not null;

    /// <summary>Loads a Hugging Face folder (config.json, safetensors, tokenizer.json) without its head.</summary>
    /// <exception cref="AlidadeException">A file is missing, malformed or does not fit its own configuration, or the model is no encoder; the message says what to do.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a part of it, is not supported.</exception>
    public static EncoderModel Load(string path, LoadOptions? options = null) => EncoderLoader.Load(path, options ?? new());

    /// <summary>The last hidden states.</summary>
    /// <returns>[rows, positions, width]; differentiable. Positions of padding mean nothing.</returns>
    /// <exception cref="AlidadeException">A row is longer than the context, or an id is outside of the vocabulary.</exception>
    public Tensor Hidden(EncoderBatch batch)
    {
        Check(batch);
        return NativeErrors.Run("forward pass", () => encoder.Run(batch, Hooks.Any ? new HookRun(Hooks) : null), batch.Ids);
    }

    /// <summary>The pooler's output: tanh(W h₀ + b) of the first token.</summary>
    /// <param name="hidden">[rows, positions, width], of <see cref="Hidden"/>.</param>
    /// <returns>[rows, width].</returns>
    /// <exception cref="AlidadeException">The model has no pooler.</exception>
    public Tensor Pooled(Tensor hidden)
    {
        if (pooler is null)
            throw new AlidadeException($"{Name} has no pooler; take the first token's hidden state, or the mean over tokens");
        using var scope = NewDisposeScope();
        return pooler.Apply(hidden.select(1, 0)).tanh().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in parameters.Values)
            parameter.Dispose();
    }

    private void Check(EncoderBatch batch)
    {
        if (batch.Width > Config.ContextLength)
            throw new AlidadeException($"a row of {batch.Width} tokens is longer than the model's context of {Config.ContextLength}; shorten it or cut it with a maximum length");
        if (batch.LargestId >= Config.VocabularySize)
            throw new AlidadeException($"token id {batch.LargestId} is outside of the model's vocabulary of {Config.VocabularySize}; the tokens are those of another model");
        if (Config.TokenTypes > 0 && batch.LargestType >= Config.TokenTypes)
            throw new AlidadeException($"type id {batch.LargestType} is outside of the model's {Config.TokenTypes} token types");
    }
}
