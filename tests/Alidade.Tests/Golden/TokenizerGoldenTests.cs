using System.IO.Compression;
using System.Text.Json;
using Alidade.Core;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;

namespace Alidade.Tests.Golden;

/// <summary>Ids, tokens, offsets, decoded texts, streams, pairs and batches of every tokenizer in the golden folder, to the letter.</summary>
[Golden("tokenizers")]
[Golden("gguf/models/tokens.json")]
public sealed class TokenizerGoldenTests
{
    private const string GgufTokens = "gguf/models/tokens.json";

    public static IEnumerable<TheoryDataRow<string>> Tokenizers() => GoldenFolder.Rows(() =>
        new[] { "tokenizers/real", "tokenizers/made" }
            .Where(folder => Directory.Exists(GoldenFolder.PathOf(folder)))
            .SelectMany(folder => Directory.EnumerateDirectories(GoldenFolder.PathOf(folder)).Select(GoldenFolder.Relative).Order(StringComparer.Ordinal)));

    public static IEnumerable<TheoryDataRow<string>> Components() => GoldenFolder.Rows(() =>
        GoldenFolder.Files("tokenizers/components", "*.jsonl").SelectMany(file =>
            Lines(GoldenFolder.PathOf(file)).Select((line, i) => (line, i)).Where(x => x.line.Value.TryGetProperty("config", out _)).Select(x => $"{file}/{x.i}")));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tokenizers))]
    [Trait("Kind", "Golden")]
    public void A_tokenizer_gives_the_reference_numbers(string path) =>
        GoldenCase.Run(string.Join('/', path.Split('/')[..2]), path, g =>
        {
            foreach (var tokenizer in Load(path))
            {
                TokenizerChecks.Vectors(g, tokenizer, GoldenFolder.PathOf(path), Texts(path));
                TokenizerChecks.Streams(g, tokenizer, GoldenFolder.PathOf(path));
                TokenizerChecks.Pairs(g, tokenizer, GoldenFolder.PathOf(path));
                TokenizerChecks.Batches(g, tokenizer, GoldenFolder.PathOf(path));
                TokenizerChecks.Published(g, tokenizer, GoldenFolder.PathOf(path));
            }
        });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Components))]
    [Trait("Kind", "Golden")]
    public void A_component_gives_the_reference_output(string path) =>
        GoldenCase.Run("tokenizers/components", path, g =>
        {
            var file = path[..path.LastIndexOf('/')];
            var lines = Lines(GoldenFolder.PathOf(file));
            var line = lines[int.Parse(path[(path.LastIndexOf('/') + 1)..], System.Globalization.CultureInfo.InvariantCulture)];
            switch (Path.GetFileNameWithoutExtension(file))
            {
                case "normalizers":
                    TokenizerChecks.Normalizer(g, line, Texts("tokenizers"), GoldenFolder.PathOf("tokenizers/real/spm-unigram-1k/tokenizer.json"));
                    break;
                case "pre_tokenizers":
                    TokenizerChecks.PreTokenizer(g, line, Texts("tokenizers"));
                    break;
                case "decoders":
                    TokenizerChecks.Decoder(g, line, lines[0]);
                    break;
                default:
                    throw new NotBuiltException($"nothing checks {file}");
            }
        });

    public static IEnumerable<TheoryDataRow<string>> GgufModels() => GoldenFolder.Rows(() => File.Exists(GoldenFolder.PathOf(GgufTokens))
        ? JsonDocument.Parse(File.ReadAllText(GoldenFolder.PathOf(GgufTokens))).RootElement.GetProperty("models").EnumerateObject().Select(m => $"{GgufTokens}/{m.Name}")
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(GgufModels))]
    [Trait("Kind", "Golden")]
    public void The_vocabulary_of_a_GGUF_model_gives_the_ids_of_the_reference(string path) => GoldenCase.Run("gguf/models tokens", path, g =>
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        var tokenizer = FromGguf(GoldenFolder.PathOf($"gguf/models/{name}.gguf"));
        var models = new JsonField(JsonDocument.Parse(File.ReadAllText(GoldenFolder.PathOf(GgufTokens))).RootElement, "tokens.json", "")["models"];
        foreach (var row in models[name].Items)
            g.Equal($"'{row["text"].Text}'", string.Join(' ', row["ids"].Items.Select(i => i.Integer)), string.Join(' ', tokenizer.EncodeUntrusted(row["text"].Text)));
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tokenizers))]
    [Trait("Kind", "Golden")]
    public void A_saved_tokenizer_is_the_same_when_read_again(string path) => GoldenCase.Run("tokenizers/saved", path, g =>
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            foreach (var tokenizer in Load(path))
            {
                tokenizer.Save(folder.FullName);
                var again = Tokenizer.FromFolder(folder.FullName);
                foreach (var (id, row) in Texts(path))
                {
                    var (expected, actual) = (tokenizer.EncodeWithOffsets(row.Text, new()), again.EncodeWithOffsets(row.Text, new()));
                    g.Equal($"{id} ids", string.Join(' ', expected.Ids), string.Join(' ', actual.Ids));
                    g.Equal($"{id} offsets", string.Join(' ', expected.Offsets), string.Join(' ', actual.Offsets));
                    g.Equal($"{id} untrusted", string.Join(' ', tokenizer.EncodeUntrusted(row.Text)), string.Join(' ', again.EncodeUntrusted(row.Text)));
                    g.Equal($"{id} decoded", tokenizer.Decode(expected.Ids), again.Decode(actual.Ids));
                }
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    });

    /// <summary>The tokenizer from each file that the folder has: tokenizer.json and GGUF must agree.</summary>
    private static IEnumerable<Tokenizer> Load(string path)
    {
        var folder = GoldenFolder.PathOf(path);
        var found = false;
        foreach (var name in new[] { "tokenizer.json", "tokenizer.json.gz" })
            if (File.Exists(Path.Combine(folder, name)))
            {
                found = true;
                yield return Tokenizer.FromJson(Path.Combine(folder, name));
            }

        foreach (var name in new[] { "vocab.gguf", "vocab.gguf.gz" })
            if (File.Exists(Path.Combine(folder, name)))
            {
                found = true;
                yield return FromGguf(Path.Combine(folder, name));
            }

        if (!found)
            throw new FileNotFoundException($"{path} has no tokenizer file");
    }

    private static Tokenizer FromGguf(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var file = GgufFile.Open(path);
            return Tokenizer.FromGguf(file.Metadata, path);
        }

        var temporary = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gguf");
        try
        {
            using (var packed = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
            using (var plain = File.Create(temporary))
                packed.CopyTo(plain);
            return FromGguf(temporary);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static Dictionary<string, TextRow> Texts(string path)
    {
        var texts = new Dictionary<string, TextRow>();
        foreach (var file in new[] { GoldenFolder.PathOf("tokenizers/texts_fixed.jsonl"), GoldenFolder.PathOf("tokenizers/texts.jsonl"), Path.Combine(GoldenFolder.PathOf(path), "texts.jsonl") })
            foreach (var line in Lines(file))
                texts[line["id"].Text] = new(line["text"].Text, line["tag"].OptionalText ?? "", line["unassigned"].Flag(false));
        return texts;
    }

    /// <summary>The lines of a JSONL file; none when it is absent.</summary>
    internal static IReadOnlyList<JsonField> Lines(string path) =>
        !File.Exists(path) ? []
        : [.. File.ReadAllText(path).Split('\n').Where(l => l.Length > 0).Select((l, i) => new JsonField(JsonDocument.Parse(l).RootElement, $"{Path.GetFileName(path)}:{i + 1}", ""))];

    /// <summary>A text of the set; <see cref="Unassigned"/> marks those whose reference depends on the Unicode version.</summary>
    internal sealed record TextRow(string Text, string Tag, bool Unassigned);
}
