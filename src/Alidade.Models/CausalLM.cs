using Alidade.Core;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Attention;
using Alidade.Models.Batches;
using Alidade.Models.Chat;
using Alidade.Models.Families;
using Alidade.Models.Functional;
using Alidade.Models.Hooks;
using Alidade.Models.Native;
using Alidade.Models.Quantized;
using Alidade.Models.Steps;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>
/// The white box: a causal language model with its weights, hooks, adapters, tokenizer and chat template.
/// The same object is trained, opened, attacked and measured.
/// </summary>
/// <remarks>Not thread safe: one model, one thread. Log-probabilities are in nats.</remarks>
public sealed partial class CausalLM : IDisposable
{
    private readonly OptionalTokenizer tokenizer;
    private readonly OrderedDictionary<string, Tensor> parameters;
    private readonly OrderedDictionary<string, PackedMatrix> packed;
    private readonly Decoder decoder;
    private readonly OutputHead? head;
    private readonly string embedding;
    private readonly SlabPool passMemory = new();

    internal CausalLM(
        ModelFamily family, DecoderConfig config, OrderedDictionary<string, Tensor> parameters, OptionalTokenizer tokenizer, ChatTemplate? chatTemplate, string name,
        OrderedDictionary<string, PackedMatrix>? packed = null)
    {
        this.tokenizer = tokenizer;
        this.parameters = parameters;
        this.packed = packed ?? [];
        (Family, Config, ChatTemplate, Name) = (family, config, chatTemplate, name);
        var assembly = new DecoderAssembly(family, config, parameters, this.packed);
        (head, decoder, embedding) = (assembly.Head, assembly.Decoder, assembly.Embedding.Name + ".weight");
        Places = new(name, head is null ? decoder.Modules : decoder.Modules.Append(head.Projection), decoder.Blocks.SelectMany(b => b.Linears), assembly.Slots, config.Width);
        Step = StepDecoder.Of(config, assembly.Embedding, decoder);
        Hooks = new(Decoder.HookNames(config));
        EndTokens = tokenizer.Found?.EndOfText is { } end ? new HashSet<int>(config.EndOfText) { end } : new HashSet<int>(config.EndOfText);
    }

    /// <summary>What the model was loaded from, as a person would name it.</summary>
    public string Name { get; }

    /// <summary>The architecture's facts.</summary>
    public DecoderConfig Config { get; private set; }

    /// <summary>The tokenizer.</summary>
    /// <exception cref="AlidadeException">The model came without one.</exception>
    /// <exception cref="NotBuiltException">It came with one that is not supported.</exception>
    public Tokenizer Tokenizer => tokenizer.Needed;

    /// <summary>True when the model came with a tokenizer.</summary>
    public bool HasTokenizer => tokenizer.Found is not null;

    /// <summary>The chat template; null when the model has none.</summary>
    public ChatTemplate? ChatTemplate { get; }

    /// <summary>The hooks; see <see cref="ModelHooks"/>.</summary>
    public ModelHooks Hooks { get; }

    /// <summary>The weights by the names and in the layout of the family's safetensors files; a tied head is not listed apart.</summary>
    /// <exception cref="AlidadeException">Matrices are held as their file stores them (<see cref="WeightStorage.AsStored"/>): such a model is for inference only.</exception>
    public IReadOnlyDictionary<string, Tensor> Parameters => packed.Count == 0 ? parameters : throw new AlidadeException(
        $"{Name} was loaded with its weights as stored ({StoredFormats}), for inference only; load them decoded (--weights float32) to train, change, merge or save them");

    /// <summary>How the weights are held.</summary>
    public WeightStorage Weights => packed.Count == 0 ? WeightStorage.Decoded : WeightStorage.AsStored;

    /// <summary>Number of weights, a tied head counted once.</summary>
    public long ParameterCount => WeightSizes.Sum(w => w.Count);

    /// <summary>Where the weights lie.</summary>
    public Device Device => parameters.GetAt(0).Value.device;

    /// <summary>Number type of the weights, and of what is computed with them.</summary>
    public ScalarType DType => parameters.GetAt(0).Value.dtype;

    /// <summary>Tokens that end an answer: those of the configuration and the tokenizer's end token.</summary>
    public IReadOnlySet<int> EndTokens { get; }

    /// <summary>True for a model that <see cref="Processing.WeightProcessing"/> made. It takes no adapter, for an adapter's update fits the weights as they were.</summary>
    public bool HasProcessedWeights { get; private init; }

    /// <summary>The adapter in use; null when the model is the bare base.</summary>
    public LoraAdapter? Adapter => Places.Current;

    /// <summary>The modules that an adapter can update, by name, with input and output size.</summary>
    public IReadOnlyDictionary<string, (long Inputs, long Outputs)> AdaptableModules =>
        Places.Modules.ToDictionary(m => m.Key, m => (m.Value.Inputs, m.Value.Outputs), StringComparer.Ordinal);

    /// <summary>
    /// Loads a Hugging Face folder (config.json, safetensors, tokenizer.json) or a GGUF file.
    /// </summary>
    /// <exception cref="AlidadeException">A file is missing, malformed, or does not fit its own configuration; the message names it.</exception>
    /// <exception cref="NotBuiltException">The architecture or a number format is not known yet.</exception>
    public static CausalLM Load(string path, LoadOptions? options = null) => ModelLoader.Load(path, options ?? new());

    /// <summary>A new model with random weights: normal, standard deviation 0.02, residual outputs divided by √(2·layers), as GPT-2.</summary>
    public static CausalLM Create(DecoderConfig config, Tokenizer? tokenizer, ChatTemplate? chatTemplate, ulong seed) =>
        ModelLoader.Create(config, tokenizer, chatTemplate, seed);

    /// <summary>Writes a Hugging Face folder: config.json, model.safetensors (float32), the tokenizer and the chat template.</summary>
    /// <param name="folder">Made when absent.</param>
    /// <param name="format">"F32", "F16" or "BF16".</param>
    /// <param name="shardBytes">Weights beyond this many bytes are split over several files, with an index.</param>
    /// <exception cref="AlidadeException">The head has a bias (<see cref="Processing.WeightProcessing"/>), for which the family's file has no place.</exception>
    public void Save(string folder, string format = "F32", long shardBytes = SafetensorsShards.DefaultBytes) => ModelSaver.Save(this, Family, folder, format, shardBytes);

    /// <summary>Writes a GGUF file: weights, configuration, tokenizer and chat template, as llama.cpp's converter writes them.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="format">Number format of the matrices: "F32", "F16", "BF16", "Q8_0", "Q5_0", "Q5_1", "Q4_0" or "Q4_1".</param>
    /// <exception cref="AlidadeException">The format is not known, or a weight is beyond it.</exception>
    /// <exception cref="NotBuiltException">A GGUF file has no place for something of the model; the message names it.</exception>
    public void SaveGguf(string path, string format = "F32") => GgufSaver.Save(this, path, format);

    /// <summary>Says what of the model <see cref="SaveGguf"/> could not write, and writes nothing; weights beyond the format are found only when they are written.</summary>
    /// <param name="format">Number format of the matrices.</param>
    /// <exception cref="AlidadeException">The format is not known.</exception>
    /// <exception cref="NotBuiltException">A GGUF file has no place for something of the model; the message names it.</exception>
    public void CheckGguf(string format = "F32") => GgufSaver.Check(this, format);

    /// <summary>Uses an adapter (null: the bare base) until the returned scope is disposed.</summary>
    /// <exception cref="AlidadeException">The adapter was made for another base, or the weights are processed; the layer is named.</exception>
    public IDisposable Use(LoraAdapter? adapter)
    {
        RefuseProcessed(adapter);
        var previous = Adapter;
        Places.Switch(adapter);
        return new Restore(() => Places.PutBack(previous));
    }

    /// <summary>
    /// Uses an adapter as merged weights until the returned scope is disposed: no work of its own in any layer, for a copy of each weight that it changes. The
    /// base's own weights are not touched, so that they are the same to the bit afterwards. Later changes of the adapter are not seen.
    /// </summary>
    /// <exception cref="AlidadeException">The adapter was made for another base, or the weights are processed; the layer is named.</exception>
    public IDisposable UseMerged(LoraAdapter adapter)
    {
        var dense = Merged(adapter);
        var use = Use(dense);
        return new Restore(() =>
        {
            use.Dispose();
            dense.Dispose();
        });
    }

    /// <summary>An adapter as whole weights, to be put on and off without a copy each time: what <see cref="UseMerged"/> uses. The caller disposes it.</summary>
    /// <exception cref="AlidadeException">The adapter was made for another base, or the weights are processed; the layer is named.</exception>
    public LoraAdapter Merged(LoraAdapter adapter)
    {
        RefuseProcessed(adapter);
        using var noGrad = no_grad();
        var merged = new OrderedDictionary<string, Tensor>(Places.Merged(adapter).Select(m => KeyValuePair.Create(m.Name, m.Value.DetachFromDisposeScope())), StringComparer.Ordinal);
        return new(adapter.Name, adapter.Options, [], merged);
    }

    /// <summary>
    /// Puts an adapter's changes into the weights for good. There is no way back: keep the file, or see <see cref="UseMerged"/>. Where only one of a tied embedding
    /// and head changes, they are tied no longer.
    /// </summary>
    /// <exception cref="AlidadeException">An adapter is in use, the adapter was made for another base, or the weights are processed.</exception>
    public void Merge(LoraAdapter adapter)
    {
        _ = Parameters;
        RefuseProcessed(adapter);
        if (Adapter is { } used)
            throw new AlidadeException($"adapter '{adapter.Name}' cannot be merged while adapter '{used.Name}' is in use; stop using it first");
        using var noGrad = no_grad();
        foreach (var (name, value) in Places.Merged(adapter))
        {
            using var scope = NewDisposeScope();
            if (Config.TiedHead && head is not null && (name == embedding || name == head.Projection.Name + ".weight"))
                Untie(head.Projection);
            if (Places.Slots.TryGetValue(name, out var slot))
                slot.Own.copy_(value);
            else
                SetScoringHead(value);
            value.Dispose();
        }
    }

    /// <summary>
    /// The model as it is now, with the adapter in use, as an adapter to put on later: a reference that stays where a policy began. A copy of the adapter's tensors
    /// alone where there is one, else of every weight.
    /// </summary>
    /// <param name="name">What messages call it.</param>
    public LoraAdapter Snapshot(string name)
    {
        _ = Parameters;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // A tied head and its embedding are one tensor, also in the copy.
        var copies = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        Tensor Copy(Tensor value) => copies.TryGetValue(value, out var copy) ? copy : copies[value] = value.detach().clone().DetachFromDisposeScope();
        var factors = Adapter?.Factors.Select(f => KeyValuePair.Create(f.Key, f.Value with { A = Copy(f.Value.A), B = Copy(f.Value.B), Magnitude = f.Value.Magnitude is { } m ? Copy(m) : null }));
        var whole = Adapter?.Replacements.Select(r => (r.Key, r.Value)) ?? Places.Slots.Select(s => (s.Key, s.Value.Own));
        return new(name, Adapter?.Options ?? new(), new(factors ?? [], StringComparer.Ordinal), new(whole.Select(w => KeyValuePair.Create(w.Key, Copy(w.Item2))), StringComparer.Ordinal));
    }

    /// <summary>Logits of every position.</summary>
    /// <returns>[rows, positions, vocabulary]; positions of padding mean nothing.</returns>
    public Tensor Logits(TokenGrid grid)
    {
        using var scope = NewDisposeScope();
        return Unembed(Hidden(grid)).MoveToOuterDisposeScope();
    }

    /// <summary>The final, normalised hidden states of every position; the explicit path when hooks are registered.</summary>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Hidden(TokenGrid grid)
    {
        CheckLength(grid.Length);
        using var scope = NewDisposeScope();
        using var attention = new GridAttention(Config, grid, grid.Positions.to(Device), grid.Mask?.to(DType).to(Device), DType);
        var ids = grid.Ids.to(Device);
        return Run(ids, attention).MoveToOuterDisposeScope();
    }

    /// <summary>Applies the output head: h·W_Uᵀ + b_U, with the factor and the soft cap that the architecture has.</summary>
    /// <param name="hidden">[.., width], after the final norm.</param>
    /// <returns>[.., vocabulary].</returns>
    /// <exception cref="AlidadeException">The model has a scoring head in its place.</exception>
    public Tensor Unembed(Tensor hidden) => Head.Logits(hidden);

    /// <summary>The same for the rows of a decoding step; see <see cref="OutputHead.StepLogits"/>.</summary>
    internal Tensor UnembedStep(Tensor hidden) => Head.StepLogits(hidden);

    /// <summary>Applies the final norm, its statistics recomputed: what the logit lens reads an earlier layer through.</summary>
    /// <param name="residual">[.., width].</param>
    public Tensor FinalNorm(Tensor residual) => decoder.FinalNorm.Apply(residual);

    /// <summary>
    /// log p of every scored token given what stands before it on its path: prefixes computed once, nothing padded, the head on scored positions only.
    /// With hooks registered, the trees are laid out as rows of a grid and the explicit path is taken.
    /// </summary>
    /// <param name="batch">The tokens.</param>
    /// <param name="temperature">What logits are divided by, as in sampling; above 0.</param>
    /// <returns>[scored], in the order of <see cref="BranchedBatch.SegmentOfScored"/>; differentiable.</returns>
    public Tensor LogProbs(BranchedBatch batch, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        using var targets = tensor(batch.ScoredTargets, device: Device);
        return Head.LogProbs(ScoredHidden(batch), targets, Pool, temperature).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="LogProbs"/>, with 1 where a scored token is a likeliest one of its place, else 0; without gradient.</summary>
    public (Tensor LogProbs, Tensor Likeliest) LogProbsWithLikeliest(BranchedBatch batch)
    {
        using var scope = NewDisposeScope();
        using var targets = tensor(batch.ScoredTargets, device: Device);
        var (logProbs, likeliest) = Head.LogProbsWithLikeliest(ScoredHidden(batch), targets);
        return (logProbs.MoveToOuterDisposeScope(), likeliest.MoveToOuterDisposeScope());
    }

    /// <summary>As <see cref="LogProbs"/>, with entropy, correctness and mean logit of each scored token, without gradient.</summary>
    /// <param name="batch">The tokens.</param>
    /// <param name="temperature">What logits are divided by, as in sampling; above 0.</param>
    /// <param name="collision">Whether log Σ p² of each scored token is wanted too.</param>
    public (Tensor LogProbs, TokenStatistics Statistics) LogProbsWithStatistics(BranchedBatch batch, double temperature = 1, bool collision = false)
    {
        using var scope = NewDisposeScope();
        using var targets = tensor(batch.ScoredTargets, device: Device);
        var (logProbs, statistics) = Head.LogProbsWithStatistics(ScoredHidden(batch), targets, collision, Pool, temperature);
        return (logProbs.MoveToOuterDisposeScope(), statistics.MovedOut());
    }

    /// <summary>The logits that predict the scored tokens, all of them at once, and the scored tokens.</summary>
    /// <returns>[scored, vocabulary], differentiable, and int64 [scored], in the order of <see cref="BranchedBatch.SegmentOfScored"/>.</returns>
    public (Tensor Logits, Tensor Targets) ScoredLogits(BranchedBatch batch)
    {
        using var scope = NewDisposeScope();
        var targets = tensor(batch.ScoredTargets, device: Device);
        return (Head.Logits(ScoredHidden(batch)).MoveToOuterDisposeScope(), targets.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Changes the embeddings of the tokens in every forward pass until the returned scope is disposed, on the fast path too. A packed batch is one row of all its
    /// tokens, segment by segment in the order of their trees.
    /// </summary>
    /// <param name="change">From embeddings [rows, positions, width] to those that are used.</param>
    /// <exception cref="AlidadeException">They are changed already.</exception>
    public IDisposable ChangeEmbeddings(Func<Tensor, Tensor> change)
    {
        if (decoder.EmbeddingChange is not null)
            throw new AlidadeException($"the embeddings of {Name} are changed already; end that first");
        decoder.EmbeddingChange = change;
        return new Restore(() => decoder.EmbeddingChange = null);
    }

    /// <summary>
    /// What forward passes of batches keep for the backward pass. Other than <see cref="KeptActivations.All"/>, backward adds to the gradients of weights where they are
    /// (<c>autograd.grad</c> and second derivatives do not see them) and runs once over a graph; with hooks registered it changes nothing.
    /// </summary>
    public KeptActivations KeptActivations
    {
        get;
        set
        {
            field = value;
            // What is in use comes back to it and goes with the next change.
            passMemory.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in parameters.Values)
            parameter.Dispose();
        foreach (var matrix in packed.Values)
            matrix.Dispose();
        Step?.Dispose();
        passMemory.Dispose();
    }

    // Where the graph runs backward once, what it keeps lies in memory that passes share.
    private SlabPool? Pool => KeptActivations == KeptActivations.All ? null : passMemory;

    /// <summary>True when the family stores projections as [in, out].</summary>
    internal bool StoresInputMajor => Family.InputMajor;

    /// <summary>What adapters change.</summary>
    internal AdapterPlaces Places { get; }

    /// <summary>Every weight's number of values and bytes in memory.</summary>
    internal IEnumerable<(string Name, long Count, long Bytes)> WeightSizes =>
        parameters.Select(p => (p.Key, p.Value.numel(), p.Value.numel() * p.Value.element_size())).Concat(packed.Select(p => (p.Key, (long)p.Value.Rows * p.Value.Columns, p.Value.Bytes)));

    /// <summary>The formats of the packed matrices, the commonest first, such as "Q4_1, Q8_0".</summary>
    internal string StoredFormats => string.Join(", ", packed.Values.GroupBy(p => p.Format).OrderByDescending(g => g.Count()).Select(g => g.Key));

    /// <summary>The table that names the weights.</summary>
    internal ModelFamily Family { get; }

    /// <summary>The same model in processed weights, which are its own from here on.</summary>
    internal CausalLM Processed(DecoderConfig config, OrderedDictionary<string, Tensor> weights) =>
        new(Family, config, weights, tokenizer, ChatTemplate, Name) { HasProcessedWeights = true };

    /// <summary>The explicit path when hooks are registered.</summary>
    internal Tensor Run(Tensor ids, IAttentionInSteps attention) =>
        NativeErrors.Run("forward pass", () => Hooks.Any ? decoder.Run(ids, attention, new HookRun(Hooks)) : decoder.Run(ids, attention), ids);

    /// <summary>The decoding step without tensors; null where the architecture has a fact that it does not know.</summary>
    internal StepDecoder? Step { get; }

    /// <summary>The weights that are tensors: all, or those beside the packed matrices.</summary>
    internal IEnumerable<Tensor> Tensors => parameters.Values;

    /// <summary>The next tokens of each row of a cache; the caller advances it.</summary>
    /// <param name="ids">[rows · count].</param>
    /// <param name="count">Tokens of a row.</param>
    /// <param name="cache">What stands before them.</param>
    /// <returns>The final, normalised hidden states, [rows, count, width].</returns>
    internal Tensor Next(long[] ids, int count, CachedAttention cache)
    {
        if (count == 1 && !Hooks.Any && !is_grad_enabled() && ids.Length <= Step?.MostRows)
        {
            cache.Reserve(1);
            using var hidden = Step.Run(ids, cache);
            return hidden.unsqueeze(1);
        }

        cache.Next(count);
        using var tokens = tensor(ids, [ids.Length / count, count], device: Device);
        return Run(tokens, cache);
    }

    internal void CheckLength(long length)
    {
        if (length > Config.ContextLength)
            throw new AlidadeException($"a sequence of {length} tokens is longer than the model's context of {Config.ContextLength}; shorten it or cut the data with a maximum length");
    }

    private OutputHead Head => head ?? throw new AlidadeException($"{Name} has a scoring head in place of an output head: it scores texts and predicts no tokens");

    // The hidden states that predict the scored tokens, [scored, width].
    private Tensor ScoredHidden(BranchedBatch batch) => batch.ScoredCount > 0 ? HiddenAt(batch, batch.ScoredSources)
        : throw new AlidadeException("no token of the batch is scored, so there is nothing to compute");

    // The hidden states of some tokens of a batch, by their packed indices, [tokens, width].
    private Tensor HiddenAt(BranchedBatch batch, long[] tokens)
    {
        CheckLength(batch.Length);
        using var scope = NewDisposeScope();
        Tensor hidden;
        if (Hooks.Any)
        {
            using var grid = TokenGrid.Of(batch);
            var rows = Hidden(grid);
            var width = rows.size(1);
            var treeOf = new long[batch.Ids.Count];
            for (var t = 0; t < batch.Trees.Count; t++)
                for (var i = 0; i < batch.Trees[t].Count; i++)
                    treeOf[batch.Trees[t].Start + i] = (t * width) + i;
            var sources = tensor(tokens.Select(s => treeOf[s]).ToArray(), device: Device);
            hidden = rows.reshape(-1, Config.Width).index_select(0, sources);
        }
        else
        {
            var attention = new BranchedAttention(Config, batch, Device, DType);
            var ids = tensor(batch.Ids.Select(id => (long)id).ToArray(), [1, batch.Ids.Count], device: Device);
            var forTraining = KeptActivations != KeptActivations.All && is_grad_enabled();
            Tensor all;
            try
            {
                all = NativeErrors.Run("forward pass", () => forTraining
                    ? decoder.RunForTraining(ids, attention, KeptActivations == KeptActivations.Products, UseAgain(Adapter), passMemory)
                    : decoder.Run(ids, attention), ids);
            }
            catch
            {
                attention.Dispose();
                throw;
            }

            // Blocks that run again need it until then.
            if (!forTraining)
                attention.Dispose();
            hidden = all.squeeze(0).index_select(0, tensor(tokens, device: Device));
        }

        return hidden.MoveToOuterDisposeScope();
    }

    private Func<IDisposable> UseAgain(LoraAdapter? adapter) => () =>
    {
        var previous = Adapter;
        Places.PutBack(adapter);
        return new Restore(() => Places.PutBack(previous));
    };

    private void RefuseProcessed(LoraAdapter? adapter)
    {
        if (HasProcessedWeights && adapter is not null)
            throw new AlidadeException($"adapter '{adapter.Name}' cannot be put on {Name} with processed weights; merge it into the model first, then process the weights");
    }

    // Gives the head a weight of its own.
    private void Untie(Linear output)
    {
        var name = output.Name + ".weight";
        var own = output.Weight.detach().clone().DetachFromDisposeScope();
        parameters.Add(name, own);
        Places.Slots[name].Own = own;
        Config = Config with { TiedHead = false };
    }

    private sealed class Restore(Action restore) : IDisposable
    {
        public void Dispose() => restore();
    }
}

/// <summary>How a model is loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>"cpu", "cuda" or "cuda:1".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Number type of the weights in memory; on a CPU only float32 is fast.</summary>
    public ScalarType DType { get; init; } = ScalarType.Float32;

    /// <summary>How matrices are held that a GGUF file stores in blocks of codes.</summary>
    public WeightStorage Weights { get; init; }

    /// <summary>The fastest way to generate on a device: weights as stored where the processor has vector instructions for them.</summary>
    public static LoadOptions ForInference(string device) => new()
    {
        Device = device,
        Weights = device == "cpu" && PackedProduct.Best != InstructionSet.Scalar ? WeightStorage.AsStored : WeightStorage.Decoded,
    };
}

/// <summary>How the weights are held in memory.</summary>
public enum WeightStorage
{
    /// <summary>As numbers of the model's type. Everything is possible.</summary>
    Decoded,

    /// <summary>
    /// In the codes of the file (Q4_0, Q4_1, Q5_0, Q5_1, Q8_0; other formats are decoded), multiplied as they are by activations rounded to bytes, a scale to
    /// each 32. An eighth of the memory and several times the speed; on the CPU, for inference only. A product differs from that of the decoded weights by
    /// at most Σ|w|·δ/2, δ = max|x| / 127 over each 32 activations.
    /// </summary>
    AsStored,
}
