using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Names of one block's tensors in a file; <c>{0}</c> stands for the block's number, a name without <c>.weight</c> is a module.</summary>
internal sealed record BlockNames
{
    /// <summary>Norm before attention.</summary>
    public required string AttentionNorm { get; init; }

    /// <summary>Query, key and value as one projection, in this order; null when they are separate.</summary>
    public string? QueryKeyValue { get; init; }

    /// <summary>Query projection.</summary>
    public string? Query { get; init; }

    /// <summary>Key projection.</summary>
    public string? Key { get; init; }

    /// <summary>Value projection.</summary>
    public string? Value { get; init; }

    /// <summary>Output projection of attention.</summary>
    public required string Output { get; init; }

    /// <summary>Norm before the MLP.</summary>
    public required string MlpNorm { get; init; }

    /// <summary>The gate of a gated MLP.</summary>
    public string? Gate { get; init; }

    /// <summary>Projection into the MLP.</summary>
    public required string Up { get; init; }

    /// <summary>Projection out of the MLP.</summary>
    public required string Down { get; init; }
}

/// <summary>Names of a model's tensors in a file.</summary>
internal sealed record TensorNames
{
    /// <summary>Token embedding.</summary>
    public required string Embedding { get; init; }

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

    /// <summary>Tensors that a file may hold and that carry nothing (mask buffers), as prefixes or suffixes of names.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];
}

/// <summary>
/// A family of models is a table: the configuration keys and weight names of its files in the decoder's own terms. Adding one is one file.
/// </summary>
internal abstract class ModelFamily
{
    /// <summary>All families.</summary>
    public static IReadOnlyList<ModelFamily> All { get; } = [new Llama(), new Gpt2()];

    /// <summary>The <c>model_type</c> in config.json, also written when saving.</summary>
    public abstract string ModelType { get; }

    /// <summary>The <c>general.architecture</c> in a GGUF.</summary>
    public abstract string GgufArchitecture { get; }

    /// <summary>Names in safetensors files.</summary>
    public abstract TensorNames Names { get; }

    /// <summary>Names in GGUF files.</summary>
    public abstract TensorNames GgufNames { get; }

    /// <summary>True when safetensors files store projections as [in, out].</summary>
    public virtual bool InputMajor => false;

    /// <summary>True when GGUF files store the rows of query and key in even/odd pairs instead of halves.</summary>
    public virtual bool GgufPermutesQueryKey => false;

    /// <summary>Reads config.json.</summary>
    public abstract DecoderConfig Read(ConfigReader config);

    /// <summary>Reads GGUF metadata.</summary>
    public abstract DecoderConfig ReadGguf(GgufConfigReader metadata);

    /// <summary>Writes config.json.</summary>
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
        ?? throw new NotBuiltException($"{where}: architecture '{name}' is not known; known are {string.Join(", ", All.Select(f => f.GgufArchitecture))}");
}
