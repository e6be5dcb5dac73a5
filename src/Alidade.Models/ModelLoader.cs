using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Families;
using Alidade.Models.Hub;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>Loads models from Hugging Face folders and GGUF files, one tensor at a time, each checked against the configuration before it is read.</summary>
internal static class ModelLoader
{
    public static CausalLM Load(string path, LoadOptions options)
    {
        path = ModelLocation.Resolve(path);
        if (Directory.Exists(path))
            return LoadFolder(path, options);
        if (!File.Exists(path))
            throw new AlidadeException($"'{path}' is neither a model folder nor a file; give a Hugging Face folder (config.json, model.safetensors), a .gguf file, or the hub's name of a model that was pulled (ORG/NAME)");
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            return LoadGguf(path, options);
        throw new AlidadeException($"'{path}' is not a model: give a Hugging Face folder (config.json, model.safetensors) or a .gguf file");
    }

    public static CausalLM Create(DecoderConfig config, Tokenizer? tokenizer, ChatTemplate? chatTemplate, ulong seed)
    {
        var family = ModelFamily.OfModelType(config.Family, "new model");
        using var noGrad = no_grad();
        using var generator = new Generator(seed, CPU);
        var residual = new[] { family.Names.Block.Output, family.Names.Block.Down }.Select(n => n[(n.LastIndexOf("}.", StringComparison.Ordinal) + 1)..]).ToArray();
        var parameters = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, _, shape, role) in DecoderAssembly.Expected(family, config))
        {
            using var scope = NewDisposeScope();
            var value = role == TensorRole.Gain ? ones(shape) - config.NormGainOffset
                : shape.Length == 1 ? zeros(shape)
                : randn(shape, generator: generator) * (residual.Any(r => name.EndsWith(r + ".weight", StringComparison.Ordinal)) ? 0.02 / Math.Sqrt(2 * config.Layers) : 0.02);
            parameters.Add(name, value.DetachFromDisposeScope());
        }

        return new(family, config, parameters, tokenizer, chatTemplate, "new model");
    }

    private static CausalLM LoadFolder(string folder, LoadOptions options)
    {
        var configPath = Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new AlidadeException($"'{folder}' has no config.json; a model folder holds config.json, model.safetensors and tokenizer.json");
        var reader = ConfigReader.Open(configPath);
        var family = ModelFamily.OfModelType(reader.Text("model_type") ?? throw new AlidadeException($"{configPath}: 'model_type' is missing"), configPath);
        var config = (family.Read(reader) with { Scoring = ScoringConfig.Read(reader) }).Checked(configPath);
        using var file = SafetensorsFolder.Open(folder);
        var prefix = PrefixIn(file, family.Names);
        var expected = DecoderAssembly.Expected(family, config).Select(e => new Wanted(e.Name, InFile(e.Name, family.Names, prefix), e.Shape, TensorLayout.AsIs)).ToList();
        var parameters = ReadAll(file, expected, family.Names, options);
        var tokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) ? Tokenizer.FromFolder(folder) : null;
        return new(family, config, parameters, tokenizer, TemplateOf(tokenizer, folder), folder);
    }

    private static CausalLM LoadGguf(string path, LoadOptions options)
    {
        using var file = GgufFile.Open(path);
        var architecture = GgufModelMetadata.Read(file, [.. ModelFamily.All.Select(f => f.GgufArchitecture).OfType<string>()]).Architecture;
        var family = ModelFamily.OfGguf(architecture, path);
        var config = WithFactsOfTensors(family, family.ReadGguf(new(file.Metadata, architecture, path)), file).Checked(path);
        var expected = DecoderAssembly.Expected(family, config).Select(e => new Wanted(e.Name, e.GgufName, e.Shape, family.GgufLayout(config, e))).ToList();
        var parameters = ReadAll(file, expected, TensorNames.Gguf, options);
        var tokenizer = TokenizerOf(file);
        return new(family, config, parameters, tokenizer, TemplateOf(tokenizer, path), path);
    }

    // A vocabulary of a kind that is not supported yet does not keep the weights from being used.
    private static Tokenizer? TokenizerOf(GgufFile file)
    {
        try
        {
            return Tokenizer.FromGguf(file.Metadata, file.Path);
        }
        catch (NotBuiltException)
        {
            return null;
        }
    }

    // What the metadata does not say stands in the tensors.
    private static DecoderConfig WithFactsOfTensors(ModelFamily family, DecoderConfig config, GgufFile file)
    {
        var names = TensorNames.Gguf;
        bool Has(string name) => file.Tensors.ContainsKey(name.Replace("{0}", "0", StringComparison.Ordinal));
        return config with
        {
            TiedHead = !Has(names.Head + ".weight"),
            HeadBias = Has(names.Head + ".bias"),
            QueryKeyValueBias = Has((family.Names.Block.Query is null ? names.Block.QueryKeyValue : names.Block.Query) + ".bias"),
            OutputBias = Has(names.Block.Output + ".bias"),
            MlpBias = Has(names.Block.Up + ".bias"),
            Rotary = config.Rotary is { } rotary ? WithDivisors(rotary, file) : null,
        };
    }

    private static RotaryConfig WithDivisors(RotaryConfig rotary, GgufFile file)
    {
        if (Divisors("rope_freqs.weight") is { } divisors)
            return rotary with { Scaling = RotaryScaling.Divisors, ShortFactors = divisors };
        return Divisors("rope_factors_short.weight") is { } shorts && Divisors("rope_factors_long.weight") is { } longs
            ? rotary with { Scaling = RotaryScaling.LongRope, ShortFactors = shorts, LongFactors = longs }
            : rotary;

        IReadOnlyList<double>? Divisors(string name)
        {
            if (!file.Tensors.TryGetValue(name, out var entry))
                return null;
            if (entry.Shape is not [var count] || count != rotary.Dimensions / 2)
                throw new AlidadeException($"{file.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], the rotary dimensions ask for [{rotary.Dimensions / 2}]");
            var values = new float[count];
            file.ReadFloat32(name, values);
            return [.. values.Select(v => (double)v)];
        }
    }

    private static ChatTemplate? TemplateOf(Tokenizer? tokenizer, string where) =>
        tokenizer?.ChatTemplateSource is { } source ? ChatTemplate.Parse(source, where) : null;

    private static string PrefixIn(IWeightFile file, TensorNames names) =>
        names.OptionalPrefix.Length > 0 && !file.Tensors.ContainsKey(names.OptionalPrefix + names.Embedding + ".weight") ? "" : names.OptionalPrefix;

    private static string InFile(string name, TensorNames names, string prefix) =>
        names.OptionalPrefix.Length > 0 && name.StartsWith(names.OptionalPrefix, StringComparison.Ordinal) ? prefix + name[names.OptionalPrefix.Length..] : name;

    private static OrderedDictionary<string, Tensor> ReadAll(IWeightFile file, List<Wanted> expected, TensorNames names, LoadOptions options)
    {
        foreach (var wanted in expected)
        {
            if (!file.Tensors.TryGetValue(wanted.InFile, out var entry))
                throw new AlidadeException($"{file.Path}: tensor '{wanted.InFile}' is missing");
            var shape = wanted.Layout.ShapeInFile(wanted.Shape);
            if (!entry.Shape.SequenceEqual(shape))
                throw new AlidadeException($"{file.Path}: tensor '{wanted.InFile}' has shape [{string.Join(", ", entry.Shape)}], the configuration asks for [{string.Join(", ", shape)}]");
        }

        var known = expected.Select(w => w.InFile).ToHashSet(StringComparer.Ordinal);
        // A tied head may be stored a second time.
        known.Add(names.Head + ".weight");
        if (file.Tensors.Keys.FirstOrDefault(n => !known.Contains(n) && !names.Ignored.Any(i => n.EndsWith(i, StringComparison.Ordinal))) is { } stranger)
            throw new NotBuiltException($"{file.Path}: tensor '{stranger}' has no place in this architecture");

        using var noGrad = no_grad();
        var parameters = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (var wanted in expected)
                parameters.Add(wanted.Name, wanted.Layout.Read(file, wanted.InFile, wanted.Shape, options.DType, device(options.Device)));
            return parameters;
        }
        catch
        {
            foreach (var parameter in parameters.Values)
                parameter.Dispose();
            throw;
        }
    }

    /// <param name="Name">In the model.</param>
    /// <param name="InFile">In the file.</param>
    /// <param name="Shape">In the model.</param>
    private sealed record Wanted(string Name, string InFile, long[] Shape, TensorLayout Layout);
}
