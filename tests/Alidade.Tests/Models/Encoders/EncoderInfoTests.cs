using System.Text.Json.Nodes;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Models.Encoders;

/// <summary>What <c>alidade model info</c> tells of an encoder is what is loaded; a folder that does not fit its configuration is one line.</summary>
public sealed class EncoderInfoTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Kinds() => [.. TinyEncoder.Configs.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parameters_are_those_that_are_loaded(string kind)
    {
        var (plain, masked, classes) = (Write("Model"), Write("ForMaskedLM"), Write("ForSequenceClassification"));
        using var encoder = EncoderModel.Load(plain);
        using var lm = MaskedLM.Load(masked);
        using var classifier = SequenceClassifier.Load(classes);
        Same(encoder, plain);
        Same(lm.Encoder, masked, "masked token");
        var info = Same(classifier.Encoder, classes, "classification");
        Assert.Equal(classifier.Labels, info.Encoder!.Labels);
        Assert.Equal(classifier.Problem, info.Encoder.Problem);

        string Write(string suffix) => TinyEncoder.Write(folder.File(suffix), kind, suffix);
        static ModelInfo Same(EncoderModel loaded, string path, params string[] heads)
        {
            var info = ModelInfo.Read(path);
            Assert.Equal(loaded.ParameterCount, info.Parameters);
            Assert.Equal(loaded.ParameterCount, info.Parts.Values.Sum());
            Assert.Equal(4 * loaded.ParameterCount, info.MemoryBytes["F32"]);
            Assert.Equal((loaded.Config.ContextLength, loaded.Config.VocabularySize), (info.ContextLength, info.VocabularySize));
            Assert.Equal(heads, info.Encoder!.Heads);
            return info;
        }
    }

    // 2 layers of width 32 with an MLP of 56.
    [Theory]
    [InlineData("bert_mlm", "masked token", (120 + 40 + 2) * 32, (32 * 32) + 32 + 120)]
    [InlineData("deberta_v3_cls", "classification", (120 + 8) * 32, (32 * 32) + 32 + (3 * 32) + 3)]
    public void Each_part_has_the_parameters_of_its_closed_form(string model, string head, int embedding, int inHead)
    {
        var result = CommandLine.Run("model", "info", Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden", "models", model), "--json");
        Assert.Equal("", result.Error);
        var info = JsonNode.Parse(result.Output)!;
        var parts = info["parts"]!.AsObject().ToDictionary(p => p.Key, p => (int)p.Value!);
        Assert.Equal((embedding, inHead), (parts["embedding"], parts["head"]));
        Assert.Equal((2 * 4 * ((32 * 32) + 32), 2 * ((2 * 32 * 56) + 56 + 32)), (parts["attention"], parts["mlp"]));
        // Two a block, one of the embeddings, and one of the masked-token head or of the relative positions; a gain and a shift each.
        Assert.Equal(6 * 2 * 32, parts["norms"]);
        Assert.Equal(head, (string)info["encoder"]!["heads"]![0]!);
        Assert.Equal(head == "classification" ? 3 : 0, info["encoder"]!["labels"]!.AsArray().Count);
    }

    [Fact]
    public void A_real_sentence_encoder_is_told_whole()
    {
        var path = Path.Combine(GoldenFolder.Models, "all-MiniLM-L6-v2");
        Assert.SkipUnless(Directory.Exists(path), "the folder of real models is absent");
        var info = ModelInfo.Read(path);
        // As the hub counts its float weights.
        Assert.Equal(22_713_216, info.Parameters);
        Assert.Equal((384, 256, true), (info.Encoder!.Sentence!.Dimensions, info.Encoder.Sentence.MaxTokens, info.Encoder.Sentence.Normalized));
        Assert.Equal([PoolingMode.Mean], info.Encoder.Sentence.Pooling.Modes);
        Assert.Equal(("WordPiece", 30_522), (info.Tokenizer!.Kind, info.Tokenizer.Tokens));
        Assert.Equal("[MASK]", info.Tokenizer.SpecialTokens["mask"]);
        Assert.Contains("384 dimensions: Mean pooling, length 1", CommandLine.Run("model", "info", path).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_on_every_token_is_not_told_as_one_that_classifies_texts()
    {
        var path = TinyEncoder.Write(folder.Path, "distilbert");
        TinyEncoder.Rewrite(path, t => t, new Extra("classifier.weight", [3, 8]), new Extra("classifier.bias", [3]));
        Assert.Empty(ModelInfo.Read(path).Encoder!.Heads);
    }

    [Theory]
    [InlineData("hidden_size", "9", "9 cannot be shared by 2 heads")]
    [InlineData("vocab_size", "41", "shape [40, 8], the configuration asks for [41, 8]")]
    [InlineData("num_hidden_layers", "1", "encoder.layer.1.", "has no place")]
    [InlineData("num_hidden_layers", "3", "encoder.layer.2.", "is missing")]
    [InlineData("num_attention_heads", "\"two\"", "'num_attention_heads'")]
    [InlineData("id2label", """{ "0": "a", "2": "c" }""", "'id2label'")]
    public void A_configuration_that_does_not_fit_is_one_line(string key, string value, params string[] holds)
    {
        var path = TinyEncoder.Write(folder.Path, "bert");
        TinyEncoder.Configure(path, c => c[key] = JsonNode.Parse(value));
        CommandLine.Run("model", "info", path).IsOneLine([path, .. holds]);
    }
}
