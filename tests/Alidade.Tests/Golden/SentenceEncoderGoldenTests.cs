using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Encoders;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden;

/// <summary>Sentence embeddings of the real model that lies beside the golden folder under the folder's name: from the stored tokens, from the texts, and their cosines.</summary>
[Golden("models")]
public sealed class SentenceEncoderGoldenTests
{
    /// <summary>Every folder with an embeddings.json.</summary>
    public static IEnumerable<TheoryDataRow<string>> Folders() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("models", "embeddings.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    [Trait("Kind", "Golden")]
    public void Embeddings_of_stored_tokens_equal_the_reference(string path) => GoldenCase.Run("models/embeddings", path, golden =>
    {
        using var encoder = Load(path);
        var (items, tolerance, _) = Expected(path);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();

        // All rows together, and each by itself.
        IReadOnlyList<int>[] ids = [.. items.Select(i => DecoderGoldenTests.Ints(i["ids"]!))];
        using var batch = EncoderBatch.Of(ids);
        var together = encoder.Embed(batch);
        for (var row = 0; row < items.Length; row++)
        {
            var expected = DecoderGoldenTests.Numbers(items[row]["embedding"]!);
            golden.Close($"embedding {row}, padded", expected, DecoderGoldenTests.Values(together[row]), tolerance);
            using var single = EncoderBatch.Of([ids[row]]);
            golden.Close($"embedding {row}", expected, DecoderGoldenTests.Values(encoder.Embed(single)[0]), tolerance);
            var pooled = encoder.Pool(single)[0];
            var first = DecoderGoldenTests.Numbers(items[row]["mean_pooled_first8"]!);
            golden.Close($"pooled {row}", first, DecoderGoldenTests.Values(pooled.narrow(0, 0, first.Length)), tolerance);
            var norm = (double)items[row]["pooled_norm"]!;
            golden.Close($"norm {row}", norm, pooled.to(ScalarType.Float64).norm().item<double>(), tolerance);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    [Trait("Kind", "Golden")]
    public void Embeddings_of_texts_equal_the_reference(string path) => GoldenCase.Run("models/embeddings", path + "/texts", golden =>
    {
        using var encoder = Load(path);
        var (items, tolerance, cosines) = Expected(path);
        var texts = items.Select(i => i["text"]!.GetValue<string>()).ToList();
        var rows = EncoderTexts.Of(encoder.Encoder.Tokenizer, texts.Select(t => (t, (string?)null)), encoder.MaxLength, new());
        for (var row = 0; row < items.Length; row++)
            golden.Equal($"tokens of text {row}", string.Join(' ', DecoderGoldenTests.Ints(items[row]["ids"]!)), string.Join(' ', rows.Ids[row]));
        var result = encoder.Embed(texts);
        golden.Equal("texts that were cut", rows.Cut.Count(c => c > 0), result.Truncated);
        var all = result.Cosines();
        for (var row = 0; row < items.Length; row++)
        {
            golden.Close($"embedding {row}", DecoderGoldenTests.Numbers(items[row]["embedding"]!), [.. result.Vectors[row].Select(v => (double)v)], tolerance);
            golden.Close($"cosines of text {row}", DecoderGoldenTests.Numbers(cosines[row]!), [.. all[row].Select(c => (double)c)], tolerance);
        }
    });

    private static SentenceEncoder Load(string path)
    {
        var folder = Path.Combine(GoldenFolder.Models, path.Split('/')[^1]);
        return Directory.Exists(folder) ? SentenceEncoder.Load(folder) : throw new NotBuiltException("the real model does not lie beside the golden folder");
    }

    private static (JsonObject[] Items, double Tolerance, JsonArray Cosines) Expected(string path)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(GoldenFolder.PathOf(path), "embeddings.json")))!;
        return ([.. json["items"]!.AsArray().Select(i => i!.AsObject())], (double)json["tolerance"]!, json["cosine"]!.AsArray());
    }
}
