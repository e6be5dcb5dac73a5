using System.Globalization;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Models.Weights;
using Alidade.Tests.Core;
using Microsoft.Extensions.AI;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Encoders;

/// <summary>What a sentence-transformers folder says is done: pooling, modules, prompts, longest text; checked with loops over the hidden states.</summary>
public sealed class SentenceEncoderTests : IDisposable
{
    private static readonly string[] Texts = ["The cat sat on the mat.", "dog", "the dog ran"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string[]> Modes() =>
        [.. new[] { "cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken" }.Select(m => new[] { m }).Append(["mean_tokens", "cls_token", "lasttoken"])];

    [Theory]
    [MemberData(nameof(Modes))]
    public void Each_way_of_pooling_is_its_formula_and_several_stand_side_by_side(string[] modes)
    {
        using var encoder = Load(modes, []);
        Assert.Equal(8 * modes.Length, encoder.Dimensions);
        var result = Embed(encoder, Texts);
        for (var t = 0; t < Texts.Length; t++)
        {
            var hidden = Hidden(encoder, Texts[t]);
            float[] expected = [.. new[] { "cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken" }.Where(modes.Contains).SelectMany(m => Pooled(m, hidden))];
            Close(expected, result.Vectors[t]);
        }
    }

    [Fact]
    public void The_later_form_of_the_pooling_file_is_read_too()
    {
        using var encoder = Load(["mean_tokens"], []);
        Directory.CreateDirectory(folder.File("later"));
        using var later = Load([], [], folder.File("later"), c =>
        {
            c["pooling_mode"] = "mean";
            c["embedding_dimension"] = 8;
        });
        Close(Embed(encoder, Texts).Vectors[0], Embed(later, Texts).Vectors[0]);
    }

    [Fact]
    public void Dense_layers_norms_and_normalisation_follow_in_their_order()
    {
        using var encoder = Load(["mean_tokens"], ["Dense", "LayerNorm", "Dropout", "Normalize"]);
        Assert.Equal(5, encoder.Dimensions);
        Assert.True(encoder.Normalized);
        var vector = Embed(encoder, Texts).Vectors[0];
        var mean = Pooled("mean_tokens", Hidden(encoder, Texts[0]));

        // W[o, i] = (o + 1)/10 − i/20, b = o/10, tanh; then a norm with gain 2 and shift ½; then length 1.
        var dense = Enumerable.Range(0, 5).Select(o => Math.Tanh(Enumerable.Range(0, 8).Sum(i => (((o + 1) / 10.0) - (i / 20.0)) * mean[i]) + (o / 10.0))).ToArray();
        var (average, variance) = (dense.Average(), dense.Select(d => (d - dense.Average()) * (d - dense.Average())).Average());
        var normed = dense.Select(d => ((d - average) / Math.Sqrt(variance + 1e-5) * 2) + 0.5).ToArray();
        var length = Math.Sqrt(normed.Sum(n => n * n));
        Close([.. normed.Select(n => (float)(n / length))], vector);
    }

    [Fact]
    public void What_the_folder_holds_is_told_as_it_is_loaded()
    {
        using var encoder = Load(["cls_token", "mean_tokens"], ["Dense", "LayerNorm", "Dropout", "Normalize"]);
        var info = ModelInfo.Read(folder.Path);
        var sentence = info.Encoder!.Sentence!;
        Assert.Equal("sentence-transformers folder", info.Kind);
        Assert.Equal(["Cls + Mean pooling", "dense to 5 (tanh)", "layer norm", "length 1"], sentence.Modules);
        Assert.Equal((encoder.Dimensions, encoder.Normalized, encoder.MaxLength), (sentence.Dimensions, sentence.Normalized, sentence.MaxTokens));
        Assert.Equal(encoder.Prompts, sentence.Prompts);
        Assert.Equal(85, info.Parts["dense"]);
        Assert.Equal(encoder.Encoder.ParameterCount + 85 + 10, info.Parameters);
    }

    [Fact]
    public void A_prompt_stands_in_front_and_takes_part_in_pooling_unless_the_folder_says_no()
    {
        using var with = Load(["mean_tokens"], []);
        Close(Embed(with, ["query: cat"]).Vectors[0], Embed(with, ["cat"], "query").Vectors[0]);
        using var without = Load(["mean_tokens"], [], folder.File("without"), c => c["include_prompt"] = false);

        // [CLS] query : are left out, the text and [SEP] are not.
        var hidden = Hidden(without, "query: cat");
        Close(Pooled("mean_tokens", hidden[3..]), Embed(without, ["cat"], "query").Vectors[0]);
        var message = Assert.Throws<AlidadeException>(() => Embed(with, ["cat"], "qery")).Message;
        Assert.Contains("no prompt 'qery' (did you mean 'query'?)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void White_space_around_a_text_and_its_prompt_is_taken_away_first()
    {
        Write(folder.Path, ["mean_tokens"], [], c => c["include_prompt"] = false);
        // A tokenizer to which white space matters.
        var json = JsonNode.Parse(File.ReadAllText(folder.File("tokenizer.json")))!;
        (json["normalizer"], json["pre_tokenizer"]) = (null, new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["String"] = " " }, ["behavior"] = "Isolated", ["invert"] = false });
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        File.WriteAllText(folder.File("config_sentence_transformers.json"), """{ "prompts": { "query": "query " } }""");
        using var encoder = SentenceEncoder.Load(folder.Path);
        Assert.NotEqual(encoder.Encoder.Tokenizer.Encode("cat"), encoder.Encoder.Tokenizer.Encode(" \u001ccat\u3000"));
        Close(Embed(encoder, ["cat"]).Vectors[0], Embed(encoder, [" \u001ccat\u3000"]).Vectors[0]);

        // [CLS] query are left out; the space behind the prompt is the text's.
        Close(Pooled("mean_tokens", Hidden(encoder, "query cat")[2..]), Embed(encoder, ["cat "], "query").Vectors[0]);
    }

    [Fact]
    public void The_folder_s_longest_text_is_kept_and_texts_that_are_cut_are_counted()
    {
        using var encoder = Load(["lasttoken"], []);
        Assert.Equal(9, encoder.MaxLength);
        var result = Embed(encoder, ["cat", string.Join(' ', Enumerable.Repeat("dog", 20)), "cat cat"]);
        Assert.Equal(1, result.Truncated);
        Assert.Equal(3 + 9 + 4, result.Tokens);
        Close(Embed(encoder, [string.Join(' ', Enumerable.Repeat("dog", 7))]).Vectors[0], result.Vectors[1]);
    }

    [Fact]
    public async Task As_a_generator_it_tells_its_model_its_use_and_what_was_cut_and_shortens_vectors()
    {
        using var encoder = Load(["mean_tokens"], ["Normalize"]);
        IEmbeddingGenerator<string, Embedding<float>> generator = encoder;
        var cancellation = TestContext.Current.CancellationToken;
        var all = await generator.GenerateAsync(Texts, cancellationToken: cancellation);
        var some = await generator.GenerateAsync(Texts, new() { Dimensions = 3, AdditionalProperties = new() { ["prompt_name"] = "query" } }, cancellation);
        Assert.Equal(3, all.Count);
        Assert.Equal(0, all.AdditionalProperties!["truncated_texts"]);
        Assert.Equal(Embed(encoder, Texts).Tokens, all.Usage!.InputTokenCount);
        var whole = Embed(encoder, Texts, "query").Vectors[0];
        var length = MathF.Sqrt(whole[..3].Sum(v => v * v));
        Close([.. whole[..3].Select(v => v / length)], some[0].Vector.ToArray());
        Assert.Equal(8, generator.GetService<EmbeddingGeneratorMetadata>()!.DefaultModelDimensions);
        Assert.Same(encoder.Encoder, generator.GetService<EncoderModel>());
        foreach (var (asked, holds) in new (EmbeddingGenerationOptions, string)[] { (new() { ModelId = "other" }, "'other'"), (new() { AdditionalProperties = new() { ["promt_name"] = "query" } }, "did you mean 'prompt_name'?") })
            Assert.Contains(holds, (await Assert.ThrowsAsync<AlidadeException>(() => generator.GenerateAsync(Texts, asked, cancellation))).Message, StringComparison.Ordinal);
        await generator.GenerateAsync(Texts, new() { ModelId = encoder.Encoder.Name }, cancellation);
        Assert.Contains("9 dimensions", (await Assert.ThrowsAsync<AlidadeException>(() => generator.GenerateAsync(Texts, new() { Dimensions = 9 }, cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cosines_are_one_on_the_diagonal_and_the_same_both_ways()
    {
        using var encoder = Load(["mean_tokens"], []);
        var cosines = Embed(encoder, Texts).Cosines();
        for (var a = 0; a < 3; a++)
        {
            Assert.Equal(1, cosines[a][a], 1e-6);
            for (var b = 0; b < 3; b++)
                Assert.Equal(cosines[a][b], cosines[b][a]);
        }
    }

    [Fact]
    public void Embedding_and_loading_leave_no_tensor()
    {
        using var thread = new Training.Trainers.OneThread();
        var start = LiveTensors.Settled();
        using (var encoder = Load(["mean_tokens", "max_tokens", "lasttoken"], ["Dense", "LayerNorm", "Normalize"]))
        {
            Embed(encoder, Texts, "query");
            var before = LiveTensors.Settled();
            for (var i = 0; i < 20; i++)
                Embed(encoder, Texts, options: new() { BatchTokens = 6 });
            Assert.Equal(before, Tensor.TotalCount);
        }

        Assert.Equal(start, Tensor.TotalCount);
        Assert.ThrowsAny<AlidadeException>(() => Load(["mean_tokens"], ["Dense", "CNN"], folder.File("bad")));
        Assert.Equal(start, Tensor.TotalCount);
    }

    [Theory]
    [InlineData("modules.json", "[", "modules.json: not valid JSON")]
    [InlineData("modules.json", "{}", "list of modules")]
    [InlineData("modules.json", """[{ "path": "", "type": "x.Transformer" }]""", "names no Pooling")]
    [InlineData("modules.json", """[{ "path": "1_Pooling", "type": "x.Pooling" }]""", "first module must be a Transformer")]
    [InlineData("modules.json", """[{ "path": "", "type": "x.Transformer" }, { "path": "../../etc", "type": "x.Pooling" }]""", "outside of the model's folder")]
    [InlineData("modules.json", """[{ "path": "", "type": "x.Transformer" }, { "path": "9", "type": "x.Pooling" }]""", "has no config.json")]
    [InlineData("modules.json", """[{ "path": "", "type": "x.Transformer" }, { "path": "1_Pooling", "type": "x.Pooling" }, { "path": "2", "type": "x.LSTM" }]""", "LSTM is not supported")]
    [InlineData("1_Pooling/config.json", "{}", "no way of pooling")]
    [InlineData("1_Pooling/config.json", """{ "pooling_mode": "median" }""", "'median' is not known")]
    [InlineData("1_Pooling/config.json", """{ "word_embedding_dimension": 9, "pooling_mode": "mean" }""", "width of 9")]
    [InlineData("config_sentence_transformers.json", """{ "prompts": { "a": 1 } }""", "'a' is 1, it must be a text")]
    [InlineData("config_sentence_transformers.json", """{ "prompts": { "query": "q" }, "default_prompt_name": "quer" }""", "did you mean 'query'?")]
    public void A_folder_that_cannot_be_is_one_line_that_names_the_file(string file, string content, string holds)
    {
        Write(folder.Path, ["mean_tokens"], [], null);
        File.WriteAllText(folder.File(file), content);
        var message = Assert.ThrowsAny<AlidadeException>(() => SentenceEncoder.Load(folder.Path)).Message;
        Assert.Equal(message, Assert.ThrowsAny<AlidadeException>(() => ModelInfo.Read(folder.Path)).Message);
        Assert.Contains(holds, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_plain_encoder_is_refused_with_what_to_do_and_pools_as_it_is_told()
    {
        var plain = TinyWords.Write(TinyEncoder.Write(folder.Path, "bert"));
        Assert.Contains("SentenceEncoder.Create", Assert.Throws<AlidadeException>(() => SentenceEncoder.Load(plain)).Message, StringComparison.Ordinal);
        using var encoder = SentenceEncoder.Create(EncoderModel.Load(plain), new([PoolingMode.Cls]), normalize: false);
        Close(Hidden(encoder, "the cat")[0], Embed(encoder, ["the cat"]).Vectors[0]);
    }

    private static SentenceEmbeddings Embed(SentenceEncoder encoder, IEnumerable<string> texts, string? prompt = null, EncoderTextOptions? options = null) =>
        encoder.Embed(texts, prompt, options, TestContext.Current.CancellationToken);

    private static float[] Pooled(string mode, float[][] hidden)
    {
        var count = hidden.Length;
        float Sum(int d, Func<int, double> weight) => (float)Enumerable.Range(0, count).Sum(t => weight(t) * hidden[t][d]);
        return [.. Enumerable.Range(0, hidden[0].Length).Select(d => mode switch
        {
            "cls_token" => hidden[0][d],
            "max_tokens" => hidden.Max(h => h[d]),
            "mean_tokens" => Sum(d, _ => 1.0 / count),
            "mean_sqrt_len_tokens" => Sum(d, _ => 1 / Math.Sqrt(count)),
            "weightedmean_tokens" => Sum(d, t => (t + 1) / (count * (count + 1) / 2.0)),
            _ => hidden[^1][d],
        })];
    }

    private static float[][] Hidden(SentenceEncoder encoder, string text)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([encoder.Encoder.Tokenizer.EncodeWithOffsets(text, new()).Ids]);
        var hidden = encoder.Encoder.Hidden(batch)[0];
        return [.. Enumerable.Range(0, batch.Width).Select(t => hidden[t].data<float>().ToArray())];
    }

    private SentenceEncoder Load(string[] modes, string[] modules, string? at = null, Action<JsonObject>? pooling = null)
    {
        Write(at ?? folder.Path, modes, modules, pooling);
        return SentenceEncoder.Load(at ?? folder.Path);
    }

    private static void Write(string at, string[] modes, string[] modules, Action<JsonObject>? pooling)
    {
        TinyWords.Write(TinyEncoder.Write(at, "bert"));
        File.WriteAllText(Path.Combine(at, "sentence_bert_config.json"), """{ "max_seq_length": 9, "do_lower_case": false }""");
        File.WriteAllText(Path.Combine(at, "config_sentence_transformers.json"), """{ "prompts": { "query": "query: ", "passage": "" } }""");
        string[] kinds = ["Transformer", "Pooling", .. modules];
        var list = new JsonArray();
        for (var i = 0; i < kinds.Length; i++)
            list.Add(new JsonObject { ["idx"] = i, ["path"] = i == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{i}_{kinds[i]}"), ["type"] = "sentence_transformers.models." + kinds[i] });
        File.WriteAllText(Path.Combine(at, "modules.json"), list.ToJsonString());
        var settings = new JsonObject();
        foreach (var mode in modes)
            settings["pooling_mode_" + mode] = true;
        pooling?.Invoke(settings);
        Settings(1, settings);
        for (var i = 2; i < kinds.Length; i++)
        {
            if (kinds[i] == "Dense")
            {
                var inputs = 8 * Math.Max(1, modes.Length);
                Settings(i, new() { ["in_features"] = inputs, ["out_features"] = 5, ["bias"] = true, ["activation_function"] = "torch.nn.modules.activation.Tanh" });
                SafetensorsWriter.Write(Weights(i),
                [
                    TensorSource.Float32("linear.weight", [5, inputs], Enumerable.Range(0, 5 * inputs).Select(n => (float)((((n / inputs) + 1) / 10.0) - (n % inputs / 20.0))).ToArray()),
                    TensorSource.Float32("linear.bias", [5], Enumerable.Range(0, 5).Select(o => o / 10f).ToArray()),
                ]);
            }
            else if (kinds[i] == "LayerNorm")
            {
                Settings(i, new() { ["dimension"] = 5 });
                SafetensorsWriter.Write(Weights(i), [TensorSource.Float32("norm.weight", [5], new float[] { 2, 2, 2, 2, 2 }), TensorSource.Float32("norm.bias", [5], new float[] { .5f, .5f, .5f, .5f, .5f })]);
            }
        }

        string Weights(int module) => Path.Combine(at, list[module]!["path"]!.GetValue<string>(), "model.safetensors");
        void Settings(int module, JsonObject json)
        {
            var path = Directory.CreateDirectory(Path.Combine(at, list[module]!["path"]!.GetValue<string>())).FullName;
            File.WriteAllText(Path.Combine(path, "config.json"), json.ToJsonString());
        }
    }

    private static void Close(IReadOnlyList<float> expected, IReadOnlyList<float> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
    }
}
