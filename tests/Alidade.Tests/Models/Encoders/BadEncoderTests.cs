using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;

namespace Alidade.Tests.Models.Encoders;

/// <summary>Folders and batches that cannot be used: one line that says what is wrong and what to do.</summary>
public sealed class BadEncoderTests
{
    [Fact]
    public void A_decoder_opens_an_encoder_as_little_as_an_encoder_a_decoder_and_both_say_what_does()
    {
        using var folder = new TemporaryFolder();
        Says(() => CausalLM.Load(TinyEncoder.Write(folder.File("bert"), "bert")), "config.json", "'bert' is an encoder", nameof(MaskedLM), nameof(SentenceEncoder));
        var decoder = TinyModel.Write(folder.File("llama"));
        Says(() => EncoderModel.Load(decoder), "config.json", "'llama' is a decoder", nameof(CausalLM));
        Says(() => SequenceClassifier.Load(decoder), "'llama' is a decoder");
    }

    [Fact]
    public void An_unknown_architecture_is_named_with_those_that_are_known()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert", change: c => c["model_type"] = "bert");
        File.WriteAllText(folder.File("config.json"), """{ "model_type": "mamba" }""");
        Says(() => EncoderModel.Load(folder.Path), "'mamba'", "bert, roberta");
    }

    [Theory]
    [InlineData("Model", "EncoderModel", "SentenceEncoder")]
    [InlineData("ForMaskedLM", "ForMaskedLM", "open it with MaskedLM")]
    public void A_classifier_without_a_head_says_what_the_model_is(string suffix, params string[] holds)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "roberta", suffix);
        Says(() => SequenceClassifier.Load(folder.Path), ["'classifier.out_proj.weight' is missing", .. holds]);
    }

    [Fact]
    public void A_masked_model_without_a_head_says_what_the_model_is()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert", "ForSequenceClassification");
        Says(() => MaskedLM.Load(folder.Path), "'cls.predictions.transform.dense.weight' is missing", "open it with SequenceClassifier");
    }

    [Fact]
    public void A_missing_misshapen_or_strange_tensor_is_named()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert");
        TinyEncoder.Rewrite(folder.Path, t => t.Name == "encoder.layer.1.output.dense.bias" ? null : t);
        Says(() => EncoderModel.Load(folder.Path), "'encoder.layer.1.output.dense.bias' is missing");
        TinyEncoder.Write(folder.Path, "bert");
        TinyEncoder.Rewrite(folder.Path, t => t.Name == "embeddings.LayerNorm.weight" ? t with { Shape = [2, 4] } : t);
        Says(() => EncoderModel.Load(folder.Path), "'embeddings.LayerNorm.weight'", "[2, 4]", "[8]");
        TinyEncoder.Write(folder.Path, "bert");
        TinyEncoder.Rewrite(folder.Path, t => t, new Extra("encoder.layer.2.output.dense.bias", [8]));
        Says(() => EncoderModel.Load(folder.Path), "'encoder.layer.2.output.dense.bias' has no place");
    }

    [Theory]
    [InlineData("bert", "position_embedding_type", "\"relative_key\"", "relative_key")]
    [InlineData("bert", "is_decoder", "true", "is_decoder")]
    [InlineData("bert", "num_attention_heads", "3", "3 heads")]
    [InlineData("bert", "hidden_act", "\"mish\"", "mish")]
    [InlineData("bert", "problem_type", "\"ranking\"", "ranking")]
    [InlineData("bert", "id2label", "{\"0\": \"no\", \"2\": \"yes\"}", "none of them is \"1\"")]
    [InlineData("roberta", "max_position_embeddings", "2", "none is left")]
    [InlineData("deberta-v3", "pos_att_type", "[\"c2p\", \"p2p\"]", "P2P")]
    [InlineData("deberta-v3", "position_buckets", "64", "do not fit")]
    [InlineData("deberta-v2-xlarge", "conv_kernel_size", "4", "conv_kernel_size")]
    [InlineData("deberta-v2-xlarge", "conv_groups", "3", "groups")]
    public void A_configuration_that_cannot_be_is_told_with_its_key(string kind, string key, string value, string holds)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, kind);
        TinyEncoder.Configure(folder.Path, c => c[key] = System.Text.Json.Nodes.JsonNode.Parse(value));
        Says(() => EncoderModel.Load(folder.Path), "config.json", holds);
    }

    [Fact]
    public void A_folder_without_a_configuration_a_missing_folder_and_a_file_are_told()
    {
        using var folder = new TemporaryFolder();
        Says(() => EncoderModel.Load(folder.Path), "no config.json");
        Says(() => EncoderModel.Load(folder.File("nowhere")), "is no folder");
        File.WriteAllText(folder.File("model.gguf"), "GGUF");
        Says(() => EncoderModel.Load(folder.File("model.gguf")), "Hugging Face folders");
    }

    [Fact]
    public void Rows_that_do_not_fit_the_model_are_told()
    {
        using var folder = new TemporaryFolder();
        using var model = EncoderModel.Load(TinyEncoder.Write(folder.Path, "roberta"));
        void Hidden(int[] ids, int[]? types = null)
        {
            using var batch = EncoderBatch.Of([ids], types is null ? null : [types]);
            model.Hidden(batch).Dispose();
        }

        Hidden(new int[16]);
        Says(() => Hidden(new int[17]), "17 tokens", "context of 16");
        Says(() => Hidden([5, 40]), "token id 40", "vocabulary of 40");
        Says(() => Hidden([5, 6], [0, 1]), "type id 1");
        Says(() => EncoderBatch.Of([]), "at least one row");
        Says(() => EncoderBatch.Of([[1], []]), "at least one token");
        Says(() => EncoderBatch.Of([[1, -2]]), "below 0");
        Says(() => EncoderBatch.Of([[1, 2]], [[0]]), "one type id");
        Says(() => { _ = model.Tokenizer; }, "no tokenizer");
    }

    private static void Says(Action action, params string[] holds)
    {
        var message = Assert.ThrowsAny<AlidadeException>(action).Message;
        Assert.DoesNotContain('\n', message);
        foreach (var text in holds)
            Assert.Contains(text, message, StringComparison.Ordinal);
    }
}
