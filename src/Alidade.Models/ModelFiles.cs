using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;
using Alidade.Models.Hub;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>A tensor that a model asks of its file.</summary>
/// <param name="Name">In the model.</param>
/// <param name="InFile">In the file.</param>
/// <param name="Shape">In the model.</param>
/// <param name="Layout">How the file stores it.</param>
internal sealed record WantedTensor(string Name, string InFile, long[] Shape, TensorLayout Layout);

/// <summary>
/// A model as its files describe it: configuration and headers are read and checked, every tensor's name and shape compared, and no tensor is read. Needs no
/// tensor library.
/// </summary>
internal sealed class ModelFiles : IDisposable
{
    private readonly Func<OptionalTokenizer> tokenizer;

    private ModelFiles(string path, ModelFamily family, DecoderConfig config, IWeightFile weights, IEnumerable<WantedTensor> tensors, TensorNames names, Func<OptionalTokenizer> tokenizer)
    {
        (Path, Family, Config, Weights, this.tokenizer) = (path, family, config, weights, tokenizer);
        // One after the other, so that a configuration of a thousand million layers ends at the first tensor that is missing.
        Tensors = [.. tensors.Select(Checked)];
        // A tied head may be stored a second time.
        TensorCheck.NoOther(weights, Tensors.Select(t => t.InFile).Append(names.Head + ".weight"), n => names.Ignored.Any(i => n.EndsWith(i, StringComparison.Ordinal)));
    }

    /// <summary>The folder or GGUF file.</summary>
    public string Path { get; }

    public ModelFamily Family { get; }

    public DecoderConfig Config { get; }

    public IWeightFile Weights { get; }

    /// <summary>The tensors of the model, in its order.</summary>
    public IReadOnlyList<WantedTensor> Tensors { get; }

    /// <summary>The GGUF file; null for a folder.</summary>
    public GgufFile? Gguf => Weights as GgufFile;

    /// <summary>Opens a folder, a GGUF file, or a model of the hub's cache by its name.</summary>
    /// <exception cref="AlidadeException">A file is missing, malformed, or does not fit its own configuration; the message names it.</exception>
    /// <exception cref="NotBuiltException">The architecture is not known.</exception>
    public static ModelFiles Open(string pathOrId)
    {
        var path = ModelLocation.Resolve(pathOrId);
        if (Directory.Exists(path))
            return OpenFolder(path);
        if (!File.Exists(path))
            throw new AlidadeException($"'{path}' is neither a model folder nor a file; give a Hugging Face folder (config.json, model.safetensors), a .gguf file, or the hub's name of a model that was pulled (ORG/NAME)");
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            return OpenGguf(path);
        throw new AlidadeException($"'{path}' is not a model: give a Hugging Face folder (config.json, model.safetensors) or a .gguf file");
    }

    /// <summary>The tokenizer.</summary>
    public OptionalTokenizer Tokenizer() => tokenizer();

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    /// <summary>What GGUF metadata and tensors say of a model together: biases, a tied head and the divisors of rotary frequencies stand in the tensors.</summary>
    /// <param name="family">The family that reads the metadata.</param>
    /// <param name="metadata">The metadata.</param>
    /// <param name="has">Whether there is a tensor of that name.</param>
    /// <param name="divisors">The numbers of a tensor; null when there is none.</param>
    public static DecoderConfig GgufConfig(ModelFamily family, GgufConfigReader metadata, Func<string, bool> has, Func<string, int, IReadOnlyList<double>?> divisors)
    {
        var config = family.ReadGguf(metadata);
        var names = TensorNames.Gguf;
        bool Has(string name) => has(name.Replace("{0}", "0", StringComparison.Ordinal));
        return config with
        {
            TiedHead = !Has(names.Head + ".weight"),
            HeadBias = Has(names.Head + ".bias"),
            QueryKeyValueBias = Has((family.Names.Block.Query is null ? names.Block.QueryKeyValue : names.Block.Query) + ".bias"),
            OutputBias = Has(names.Block.Output + ".bias"),
            MlpBias = Has(names.Block.Up + ".bias"),
            Rotary = config.Rotary is { } rotary ? WithDivisors(rotary) : null,
        };

        RotaryConfig WithDivisors(RotaryConfig rotary)
        {
            if (divisors("rope_freqs.weight", rotary.Dimensions / 2) is { } all)
                return rotary with { Scaling = RotaryScaling.Divisors, ShortFactors = all };
            return divisors("rope_factors_short.weight", rotary.Dimensions / 2) is { } shorts && divisors("rope_factors_long.weight", rotary.Dimensions / 2) is { } longs
                ? rotary with { Scaling = RotaryScaling.LongRope, ShortFactors = shorts, LongFactors = longs }
                : rotary;
        }
    }

    private static ModelFiles OpenFolder(string folder)
    {
        var configPath = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new AlidadeException($"'{folder}' has no config.json; a model folder holds config.json, model.safetensors and tokenizer.json");
        var reader = ConfigReader.Open(configPath);
        var family = ModelFamily.OfModelType(reader.Text("model_type") ?? throw new AlidadeException($"{configPath}: 'model_type' is missing"), configPath);
        var read = family.Read(reader);
        var config = (read with { Scoring = ScoringConfig.Read(reader), EndOfText = EndOfText(read, folder) }).Checked(configPath);
        return Kept(SafetensorsFolder.Open(folder), file =>
        {
            var prefix = PrefixIn(file, family.Names);
            var tensors = DecoderAssembly.Expected(family, config).Select(e => new WantedTensor(e.Name, InFile(e.Name, family.Names, prefix), e.Shape, TensorLayout.AsIs));
            return new(folder, family, config, file, tensors, family.Names, () => OptionalTokenizer.OfFolder(folder));
        });
    }

    private static ModelFiles OpenGguf(string path) => Kept(GgufFile.Open(path), file =>
    {
        var architecture = GgufModelMetadata.Read(file, [.. ModelFamily.All.Select(f => f.GgufArchitecture).OfType<string>()]).Architecture;
        var family = ModelFamily.OfGguf(architecture, path);
        var config = GgufConfig(family, new(file.Metadata, architecture, path), file.Tensors.ContainsKey, Divisors).Checked(path);
        var tensors = DecoderAssembly.Expected(family, config).Select(e => new WantedTensor(e.Name, e.GgufName, e.Shape, family.GgufLayout(config, e)));
        return new(path, family, config, file, tensors, TensorNames.Gguf, () => OptionalTokenizer.OfGguf(file));

        IReadOnlyList<double>? Divisors(string name, int count)
        {
            if (!file.Tensors.TryGetValue(name, out var entry))
                return null;
            if (entry.Shape is not [var stored] || stored != count)
                throw new AlidadeException($"{path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], the rotary dimensions ask for [{count}]");
            var values = new float[count];
            file.ReadFloat32(name, values);
            return [.. values.Select(v => (double)v)];
        }
    });

    private static ModelFiles Kept<T>(T file, Func<T, ModelFiles> open)
        where T : IWeightFile
    {
        try
        {
            return open(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // The hub's generation goes by this file, which often ends answers with more tokens than config.json ends texts.
    private static IReadOnlyList<int> EndOfText(DecoderConfig config, string folder)
    {
        var path = System.IO.Path.Combine(folder, "generation_config.json");
        return File.Exists(path) ? [.. config.EndOfText.Union(ConfigReader.Open(path).TokenIds("eos_token_id"))] : config.EndOfText;
    }

    private static string PrefixIn(IWeightFile file, TensorNames names) =>
        names.OptionalPrefix.Length > 0 && !file.Tensors.ContainsKey(names.OptionalPrefix + names.Embedding + ".weight") ? "" : names.OptionalPrefix;

    private static string InFile(string name, TensorNames names, string prefix) =>
        names.OptionalPrefix.Length > 0 && name.StartsWith(names.OptionalPrefix, StringComparison.Ordinal) ? prefix + name[names.OptionalPrefix.Length..] : name;

    private WantedTensor Checked(WantedTensor wanted)
    {
        TensorCheck.Entry(Weights, wanted.InFile, Weights.Tensors.GetValueOrDefault(wanted.InFile), wanted.Layout.ShapeInFile(wanted.Shape));
        return wanted;
    }
}
