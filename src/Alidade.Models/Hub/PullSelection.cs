using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Downloads;
using Alidade.Models.Weights;

namespace Alidade.Models.Hub;

/// <summary>A file that was not fetched, and why.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Why">In a few words.</param>
public sealed record FileLeftOut(string Name, string Why);

/// <summary>Which of a repository's files a model needs: configuration, tokenizer, templates, licence, and the weights as safetensors or as a chosen GGUF file. Never a pickle.</summary>
internal static partial class PullSelection
{
    /// <summary>The files to fetch first: all but the shards of weights, which the index names.</summary>
    /// <exception cref="AlidadeException">A chosen file is not there or may not be opened; or the repository has no weights that can be.</exception>
    public static IReadOnlyList<RemoteFile> First(HubModelId id, HubListing listing, IReadOnlyList<string> chosen)
    {
        var names = listing.Files.Select(f => f.Name).ToList();
        foreach (var name in chosen)
        {
            if (!names.Contains(name))
                throw new AlidadeException($"{id} has no file '{name}'{Suggest.Hint(name, [.. names.Where(n => Path.GetExtension(n) == Path.GetExtension(name))])}");
            if (IsPickle(name))
                throw new AlidadeException($"'{name}' of {id} can run code when it is opened, so it is not fetched; choose safetensors or a GGUF file");
        }

        if (chosen.Count == 0)
            chosen = Weights(id, listing);
        var takesConfiguration = !chosen.Any(IsGguf);
        return [.. listing.Files.Where(f => chosen.Contains(f.Name) || About().IsMatch(f.Name) || (takesConfiguration && Configuration().IsMatch(f.Name)))];
    }

    /// <summary>The shards that the fetched index names.</summary>
    /// <exception cref="AlidadeException">The index is malformed, names no plain .safetensors file, or one that the repository does not have.</exception>
    public static IReadOnlyList<RemoteFile> Shards(HubModelId id, HubListing listing, string indexPath) =>
    [
        .. SafetensorsFolder.ReadIndex(indexPath).Values.Distinct(StringComparer.Ordinal).Select(shard => listing.Files.FirstOrDefault(f => f.Name == shard)
            ?? throw new AlidadeException($"{id}: {SafetensorsFolder.Index} names '{shard}', which is not there")),
    ];

    /// <summary>What stays on the hub, with reasons; files that are no part of a model (pictures, .gitattributes) are not named.</summary>
    public static IReadOnlyList<FileLeftOut> LeftOut(HubListing listing, IReadOnlyCollection<string> taken) =>
    [
        .. from file in listing.Files
           where !taken.Contains(file.Name)
           let why = IsPickle(file.Name) ? "a pickle can run code when it is opened"
               : IsGguf(file.Name) ? "GGUF files are fetched by name: --file"
               : file.Name.EndsWith(".safetensors", StringComparison.Ordinal) ? "other weights than those of the model"
               : OtherWeights().IsMatch(file.Name) ? "a format that Alidade does not read"
               : null
           where why is not null
           select new FileLeftOut(file.Name, why),
    ];

    private static IReadOnlyList<string> Weights(HubModelId id, HubListing listing)
    {
        var names = listing.Files.Select(f => f.Name).ToList();
        foreach (var usual in new[] { SafetensorsFolder.Single, SafetensorsFolder.Index, "adapter_model.safetensors" })
            if (names.Contains(usual))
                return [usual];
        var ggufs = listing.Files.Where(f => IsGguf(f.Name)).ToList();
        if (ggufs.Count == 1)
            return [ggufs[0].Name];
        if (ggufs.Count > 1)
            throw new AlidadeException($"{id} holds {ggufs.Count} GGUF files; choose with --file: {string.Join(", ", ggufs.Select(f => $"{f.Name} ({Size(f.Bytes)})"))}");
        throw new AlidadeException(names.FirstOrDefault(IsPickle) is { } pickle
            ? $"{id} holds its weights as '{pickle}', which can run code when it is opened; look on its page for a conversion to safetensors, often at a revision such as {id.Repository}@refs/pr/1"
            : $"{id} holds no weights that Alidade reads: neither safetensors nor GGUF");
    }

    private static string Size(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1e6:n0} MB");

    private static bool IsGguf(string name) => name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static bool IsPickle(string name) => Path.GetExtension(name).ToLowerInvariant() is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl" or ".pickle" or ".joblib" or ".npy" or ".npz";

    // A sentence encoder has its further modules in numbered folders.
    [GeneratedRegex(@"\A(?:(?:config|generation_config|adapter_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|modules|sentence_bert_config|config_sentence_transformers|chat_template)\.json|merges\.txt|vocab\.txt|tokenizer\.model|spiece\.model|sentencepiece\.bpe\.model|chat_template\.jinja|additional_chat_templates/[^/]+\.jinja|\d+_[A-Za-z]+/(?:config\.json|model\.safetensors))\z")]
    private static partial Regex Configuration();

    [GeneratedRegex(@"\A(?:README\.md|(?:LICEN[CS]E|NOTICE|USE_POLICY)[^/]*)\z", RegexOptions.IgnoreCase)]
    private static partial Regex About();

    [GeneratedRegex(@"\.(?:h5|msgpack|onnx|onnx_data|ot|tflite|mlmodel|engine)\z", RegexOptions.IgnoreCase)]
    private static partial Regex OtherWeights();
}
