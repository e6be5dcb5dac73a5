using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Architecture;
using Alidade.Models.Chat;
using Alidade.Models.Encoders;
using Alidade.Models.Hub;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>A tokenizer, as a person asks for it.</summary>
/// <param name="Kind">Such as "byte-level BPE".</param>
/// <param name="Tokens">One more than the largest id.</param>
/// <param name="AddedTokens">Tokens that are found in a text as they stand.</param>
/// <param name="SpecialTokens">Begin, end and padding (of an encoder: first, separator, padding, mask, unknown), where they are known, and the other control tokens.</param>
public sealed record TokenizerInfo(string Kind, int Tokens, int AddedTokens, IReadOnlyDictionary<string, string> SpecialTokens);

/// <summary>
/// What a model is, from its configuration and the headers of its files: no tensor is read and no tensor library loaded.
/// </summary>
public sealed partial record ModelInfo
{
    /// <summary>Folder or file.</summary>
    public required string Path { get; init; }

    /// <summary>"Hugging Face folder", "sentence-transformers folder" or "GGUF file".</summary>
    public required string Kind { get; init; }

    /// <summary>Its shape in words.</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of weights, a tied head counted once.</summary>
    public required long Parameters { get; init; }

    /// <summary>Number of weights of each part.</summary>
    public required IReadOnlyDictionary<string, long> Parts { get; init; }

    /// <summary>Number of weights that the files hold in each number format.</summary>
    public required IReadOnlyDictionary<string, long> Formats { get; init; }

    /// <summary>Size of the weights' files, in bytes.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Bytes of the weights in memory, by number format.</summary>
    public required IReadOnlyDictionary<string, long> MemoryBytes { get; init; }

    /// <summary>Bytes of keys and values that 1,000 tokens of one sequence take, by number format, where no window forgets them; empty for an encoder, which keeps none.</summary>
    public IReadOnlyDictionary<string, long> CacheBytesPer1000Tokens { get; init; } = new Dictionary<string, long>();

    /// <summary>Longest sequence, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The tokenizer; null where there is none, or its kind is not supported.</summary>
    public TokenizerInfo? Tokenizer { get; init; }

    /// <summary>Heads, labels and pooling of an encoder; null for a model that writes text.</summary>
    public EncoderInfo? Encoder { get; init; }

    /// <summary>Whether there is a chat template.</summary>
    public bool HasChatTemplate { get; init; }

    /// <summary>What the chat template can do: system messages, tools, documents, thinking, marks of what the assistant wrote.</summary>
    public IReadOnlyList<string> ChatTemplateFeatures { get; init; } = [];

    /// <summary>The tokens that end an answer.</summary>
    public IReadOnlyList<string> EndTokens { get; init; } = [];

    /// <summary>The licence that the files name; null where they name none.</summary>
    public string? License { get; init; }

    /// <summary>The files that the weights are read from, with their SHA-256; empty unless asked for.</summary>
    public IReadOnlyList<HashedFile> Hashes { get; init; } = [];

    /// <summary>Describes a model.</summary>
    /// <param name="pathOrId">A folder, a GGUF file, or the hub's name of a pulled model.</param>
    /// <param name="hash">Whether the files are hashed, which reads them whole.</param>
    /// <exception cref="AlidadeException">It is no model, or not a whole one; the message says what is wrong.</exception>
    /// <exception cref="NotBuiltException">The architecture is not known.</exception>
    public static ModelInfo Read(string pathOrId, bool hash = false)
    {
        var path = ModelLocation.Resolve(pathOrId);
        bool Has(string file) => File.Exists(System.IO.Path.Combine(path, file));
        // A decoder may have a modules.json too; the encoder of a sentence-transformers folder may lie in a folder of its own.
        return (Has("config.json") ? EncoderFiles.Is(path) : Has("modules.json"))
            ? OfEncoder(path, Has("modules.json") ? SentenceFolder.Read(path) : null, hash)
            : OfDecoder(path, hash);
    }

    private static ModelInfo OfDecoder(string path, bool hash)
    {
        using var files = ModelFiles.Open(path);
        var (c, tokenizer) = (files.Config, files.Tokenizer().Found);
        // A template that does not parse is told now and not in the first chat.
        var template = ChatTemplate.Of(tokenizer, files.Path);
        string Named(int id) => tokenizer?.TokenOrNull(id) ?? id.ToString(CultureInfo.InvariantCulture);
        string? Token(int? id) => id is { } known ? Named(known) : null;
        var wanted = files.Tensors.ToDictionary(t => t.InFile, StringComparer.Ordinal);
        var stored = files.Weights.Tensors.Values.Where(t => wanted.ContainsKey(t.Name)).ToList();
        long cached = 2L * c.Layers * c.KeyValueHeads * c.HeadDim * 1000;
        IReadOnlyList<string> weights = FilesOf(files.Weights);
        return new()
        {
            Path = files.Path,
            Kind = files.Gguf is null ? "Hugging Face folder" : "GGUF file",
            Architecture = ModelSummary.Describe(c),
            Parts = ModelSummary.PartsOf(files.Family, c),
            Parameters = stored.Sum(t => t.Count),
            Formats = FormatsOf(stored),
            FileBytes = weights.Sum(Bytes),
            // Vectors stay 32-bit floats.
            MemoryBytes = MemoryOf(stored).Append(new("Q8_0", stored.Sum(t => t.Shape.Count > 1 ? t.Count / 32 * 34 : 4 * t.Count))).ToDictionary(),
            CacheBytesPer1000Tokens = new Dictionary<string, long> { ["F32"] = 4 * cached, ["F16"] = 2 * cached },
            ContextLength = c.ContextLength,
            VocabularySize = c.VocabularySize,
            Tokenizer = tokenizer is null ? null : TokenizerOf(tokenizer, [("begin", Token(tokenizer.BeginningOfText)), ("end", Token(tokenizer.EndOfText)), ("padding", Token(tokenizer.Padding))]),
            HasChatTemplate = template is not null,
            ChatTemplateFeatures = template is null ? [] : [.. Features.Where(f => Regex.IsMatch(template.Source, f.Pattern)).Select(f => f.Name)],
            EndTokens = [.. c.EndOfText.Concat(tokenizer?.EndOfText is { } end ? [end] : []).Distinct().Order().Select(Named)],
            License = ModelLicense.Of(files.Path, files.Gguf),
            Hashes = HashesOf(weights, hash),
        };
    }

    private static readonly (string Name, string Pattern)[] Features =
    [
        ("system message", @"['""]system['""]"), ("tools", @"\btools\b"), ("documents", @"\bdocuments\b"), ("thinking", @"\b(enable_thinking|thinking|reasoning_content|reasoning_effort)\b"),
        ("generation prompt", @"\badd_generation_prompt\b"), ("marks of the assistant's text", @"\{%-?\s*generation\b"),
    ];

    private static IReadOnlyList<string> FilesOf(IWeightFile weights) => weights is SafetensorsFolder folder ? [.. folder.Files] : [weights.Path];

    private static long Bytes(string file) => new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true) is FileInfo target ? target.Length : new FileInfo(file).Length;

    private static Dictionary<string, long> FormatsOf(IEnumerable<TensorEntry> stored) =>
        stored.GroupBy(t => t.Format).OrderByDescending(g => g.Sum(t => t.Count)).ToDictionary(g => g.Key, g => g.Sum(t => t.Count));

    private static Dictionary<string, long> MemoryOf(IReadOnlyList<TensorEntry> stored) => new() { ["F32"] = stored.Sum(t => 4 * t.Count), ["F16"] = stored.Sum(t => 2 * t.Count) };

    private static IReadOnlyList<HashedFile> HashesOf(IReadOnlyList<string> files, bool hash) => hash ? [.. files.Select(f => HashedFile.Of("weights", f))] : [];

    private static TokenizerInfo TokenizerOf(Tokenizer tokenizer, IEnumerable<(string Name, string? Token)> named)
    {
        var definition = tokenizer.Definition;
        var special = new OrderedDictionary<string, string>();
        foreach (var (name, token) in named)
            if (token is not null)
                special[name] = token;
        if (definition.AddedTokens.Where(t => t.Special && !special.ContainsValue(t.Content)).Select(t => t.Content).ToList() is { Count: > 0 } others)
            special["other"] = string.Join(' ', others.Take(12)) + (others.Count > 12 ? $" … ({others.Count} in all)" : "");
        var kind = definition.Model switch
        {
            BytePairVocabulary { ByteFallback: true } => "BPE with byte fallback (SentencePiece)",
            BytePairVocabulary => "byte-level BPE",
            var other => other.GetType().Name.Replace("Vocabulary", "", StringComparison.Ordinal),
        };
        return new(kind, tokenizer.VocabularySize, definition.AddedTokens.Count, special);
    }
}
