using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders;

/// <summary>The parts of a sentence-transformers folder: an encoder, a pooling, what follows, and how texts are to be written.</summary>
internal sealed record SentenceFolder
{
    /// <summary>The folder.</summary>
    public required string Path { get; init; }

    /// <summary>Where the encoder lies.</summary>
    public required string Encoder { get; init; }

    /// <summary>Longest text in tokens; null when the folder does not say.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether texts are lower-cased before they are tokenised.</summary>
    public bool LowerCase { get; init; }

    /// <summary>Prompts by name, put in front of a text.</summary>
    public IReadOnlyDictionary<string, string> Prompts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The prompt that is used when none is named; null for none.</summary>
    public string? DefaultPrompt { get; init; }

    /// <summary>Folder and kind of each module after the encoder, in their order.</summary>
    public required IReadOnlyList<(string Kind, string Folder)> Modules { get; init; }

    /// <summary>Reads modules.json and the settings beside it.</summary>
    public static SentenceFolder Read(string folder)
    {
        var path = System.IO.Path.Combine(folder, "modules.json");
        if (!File.Exists(path))
            throw new AlidadeException($"'{folder}' has no modules.json, which says how a sentence encoder pools its tokens; give the folder of a sentence-transformers model, or make one of an EncoderModel with SentenceEncoder.Create");
        var modules = ReadModules(folder, path);
        if (modules is not [("Transformer", var encoder), ..])
            throw new NotBuiltException($"{path}: the first module must be a Transformer, it is {(modules.Count == 0 ? "missing" : modules[0].Kind)}");
        var settings = new[] { "bert", "roberta", "distilbert", "xlm-roberta", "camembert" }.Select(n => System.IO.Path.Combine(encoder, $"sentence_{n}_config.json")).FirstOrDefault(File.Exists);
        var transformer = settings is null ? null : ConfigReader.Open(settings);
        var prompts = new Dictionary<string, string>(StringComparer.Ordinal);
        string? defaultPrompt = null;
        if (System.IO.Path.Combine(folder, "config_sentence_transformers.json") is var about && File.Exists(about))
        {
            var reader = ConfigReader.Open(about);
            if (reader.Object("prompts") is { } named)
                foreach (var key in named.Keys)
                    prompts[key] = named.Text(key) ?? throw new AlidadeException($"{named.Where}: the prompt '{key}' is null, it must be a text");
            defaultPrompt = reader.Text("default_prompt_name");
            if (defaultPrompt is not null && !prompts.ContainsKey(defaultPrompt))
                throw new AlidadeException($"{about}: 'default_prompt_name' is \"{defaultPrompt}\"{Suggest.Hint(defaultPrompt, [.. prompts.Keys])}");
        }

        return new()
        {
            Path = folder,
            Encoder = encoder,
            MaxLength = transformer?.OptionalSize("max_seq_length"),
            LowerCase = transformer?.Flag("do_lower_case", false) ?? false,
            Prompts = prompts,
            DefaultPrompt = defaultPrompt,
            Modules = modules[1..],
        };
    }

    /// <summary>The pooling and what follows it; modules that do something in training alone are left out.</summary>
    /// <param name="width">Size of the encoder's hidden states.</param>
    public (SentencePooling Pooling, IReadOnlyList<SentenceStep> Steps) Steps(int width)
    {
        if (Modules is [])
            throw new AlidadeException($"{Path}: modules.json names no Pooling");
        if (Modules[0] is not ("Pooling", var first))
            throw new NotBuiltException($"{Path}: the module {Modules[0].Kind} stands before pooling; only a Pooling may follow the Transformer");
        var pooling = SentencePooling.Read(SentenceStep.Settings(first), width);
        var steps = new List<SentenceStep>();
        foreach (var (kind, at) in Modules.Skip(1).Where(m => m.Kind != "Dropout"))
            steps.Add(SentenceStep.Read(kind, at, Dimensions(width, pooling, steps), Path));

        return (pooling, steps);
    }

    /// <summary>Size of the vectors that leave the last step.</summary>
    public static int Dimensions(int width, SentencePooling pooling, IReadOnlyList<SentenceStep> steps) => steps is [.., var last] ? last.Outputs : width * pooling.Modes.Count;

    private static List<(string Kind, string Folder)> ReadModules(string folder, string path)
    {
        var array = ConfigReader.Parse(path) as JsonArray ?? throw new AlidadeException($"{path}: the file must hold a list of modules");
        var root = System.IO.Path.GetFullPath(folder);
        return [.. array.Select((node, i) =>
        {
            var module = node is JsonObject json ? new ConfigReader(json, $"{path}: module {i}") : throw new AlidadeException($"{path}: module {i} is not an object");
            var inside = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, module.Text("path") ?? ""));
            if (inside != root && !inside.StartsWith(root + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new AlidadeException($"{path}: module {i} lies in '{module.Text("path")}', outside of the model's folder");
            var kind = module.Text("type") ?? throw new AlidadeException($"{path}: module {i} has no 'type'");
            return (kind.Split('.')[^1], inside == root ? folder : inside);
        })];
    }
}
