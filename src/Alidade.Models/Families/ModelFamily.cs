using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Weights;

namespace Alidade.Models.Families;

/// <summary>
/// A family of models is a table: the configuration keys and tensor names of its files in the decoder's own terms. Adding one is one file with one
/// class: every class of this assembly that derives from this one and can be made is a family.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>All families, by name.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } =
    [
        .. FamilyTypes.Made<ModelFamily>(typeof(ModelFamily).Namespace!).OrderBy(f => f.ModelType, StringComparer.Ordinal),
    ];

    /// <summary>The <c>model_type</c> in config.json, also written when saving.</summary>
    public abstract string ModelType { get; }

    /// <summary>The class that config.json names as its architecture, such as <c>LlamaForCausalLM</c>.</summary>
    public abstract string ClassName { get; }

    /// <summary>The <c>general.architecture</c> in a GGUF; null when none is read.</summary>
    public virtual string? GgufArchitecture => null;

    /// <summary>Names in safetensors files; those in GGUF files are the same for all families (<see cref="TensorNames.Gguf"/>).</summary>
    public abstract TensorNames Names { get; }

    /// <summary>True when safetensors files store projections as [in, out].</summary>
    public virtual bool InputMajor => false;

    /// <summary>True when GGUF files store the rows of query and key in even/odd pairs and safetensors files in halves.</summary>
    public virtual bool GgufPermutesQueryKey => false;

    /// <summary>How a GGUF file stores a tensor against the safetensors file: norms hold their whole gain, projections are [out, in].</summary>
    public virtual TensorLayout GgufLayout(DecoderConfig config, ExpectedTensor tensor) => tensor.Role switch
    {
        TensorRole.Query when GgufPermutesQueryKey => TensorLayout.PairedRows(config.Heads),
        TensorRole.Key when GgufPermutesQueryKey => TensorLayout.PairedRows(config.KeyValueHeads),
        TensorRole.Gain when config.NormGainOffset != 0 => TensorLayout.Shifted((float)config.NormGainOffset),
        not TensorRole.Plain when InputMajor && tensor.Shape.Length == 2 => TensorLayout.Transposed,
        _ => TensorLayout.AsIs,
    };

    /// <summary>Reads config.json.</summary>
    public abstract DecoderConfig Read(ConfigReader config);

    /// <summary>Reads GGUF metadata. What lies in the tensors (biases, tied head, divisors of the rotary frequencies) is added by the loader.</summary>
    /// <remarks>The keys are the same for every family; a family adds the facts that its files imply.</remarks>
    public virtual DecoderConfig ReadGguf(GgufConfigReader metadata) => GgufMetadata.Read(metadata, ModelType);

    /// <summary>Writes config.json, in the form that released models have.</summary>
    public abstract JsonObject Write(DecoderConfig config);

    /// <summary>The family of a <c>model_type</c>.</summary>
    /// <exception cref="NotBuiltException">None has that name.</exception>
    public static ModelFamily OfModelType(string name, string where) =>
        All.FirstOrDefault(f => f.ModelType == name) ?? throw Unknown(name, where);

    private static AlidadeException Unknown(string name, string where) => Encoders.EncoderFamily.Find(name) is not null
        ? new($"{where}: '{name}' is an encoder, which writes no text; open it with MaskedLM, SequenceClassifier, SentenceEncoder or EncoderModel (on the command line: alidade classify, alidade embed)")
        : new NotBuiltException($"{where}: architecture '{name}' is not known; known are {string.Join(", ", All.Select(f => f.ModelType))}");

    /// <summary>The family of a GGUF <c>general.architecture</c>.</summary>
    /// <exception cref="NotBuiltException">None has that name.</exception>
    public static ModelFamily OfGguf(string name, string where) =>
        All.FirstOrDefault(f => f.GgufArchitecture == name)
        ?? throw new NotBuiltException($"{where}: architecture '{name}' is not known; known are {string.Join(", ", All.Select(f => f.GgufArchitecture).OfType<string>().Distinct())}");

    /// <summary>What every config.json holds.</summary>
    protected JsonObject WriteCommon(DecoderConfig config) => new()
    {
        ["architectures"] = new JsonArray(ClassName),
        ["model_type"] = ModelType,
        ["vocab_size"] = config.VocabularySize,
        ["tie_word_embeddings"] = config.TiedHead,
        ["bos_token_id"] = config.BeginningOfText,
        ["eos_token_id"] = config.EndOfText.Count == 1 ? config.EndOfText[0] : new JsonArray([.. config.EndOfText.Select(id => JsonValue.Create(id))]),
        ["torch_dtype"] = "float32",
    };
}
