using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Families;
using Alidade.Models.Weights;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Weights;

/// <summary>A model written as GGUF and loaded again is the same model.</summary>
public sealed class GgufRoundTripTests : IDisposable
{
    /// <summary>What a GGUF file has no place for, and which models have it.</summary>
    private static readonly (string Said, Func<DecoderConfig, bool> Has)[] Lost =
    [
        ("no place for its Rotary", c => c.Rotary?.Scaling is RotaryScaling.Dynamic or RotaryScaling.Yarn),
        ("no place for its Window", c => c is { Family: "qwen2", Window: not null }),
        ("no place for its Activation", c => c is { Family: "llama", Activation: not Activation.Silu }),
        ("no place for its AttentionScale", c => c.Family is "gemma2" or "gemma3_text" && c.AttentionScale != 1 / Math.Sqrt(c.HeadDim)),
        ("are one tensor", c => c.QueryKeyNorm == QueryKeyNorm.PerHeadOwnGain),
    ];

    private readonly TemporaryFolder folder = new();

    public static IEnumerable<TheoryDataRow<string>> Folders() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith("models", "golden.json").Where(IsDecoder));

    public static IEnumerable<TheoryDataRow<string>> Files() => GoldenFolder.Rows(() => GoldenFolder.Files("gguf/models", "*.gguf"));

    private static bool IsDecoder(string path)
    {
        var config = ConfigReader.Open(Path.Combine(GoldenFolder.PathOf(path), "config.json"));
        return ModelFamily.All.Any(f => f.ModelType == config.Text("model_type"));
    }

    public void Dispose() => folder.Dispose();

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Folders))]
    public void A_model_of_any_family_survives_or_is_refused_with_what_would_be_lost(string path)
    {
        using var model = Loaded(GoldenFolder.PathOf(path));
        try
        {
            model.SaveGguf(folder.File("a.gguf"));
        }
        catch (NotBuiltException exception) when (model.Family.GgufArchitecture is null)
        {
            Assert.Contains(model.Family.ModelType, exception.Message, StringComparison.Ordinal);
            return;
        }
        catch (NotBuiltException exception)
        {
            Assert.Contains(Lost.Where(l => l.Has(model.Config)), l => exception.Message.Contains(l.Said, StringComparison.Ordinal));
            return;
        }

        Assert.DoesNotContain(Lost, l => l.Has(model.Config));
        Same(model, folder.File("a.gguf"));
    }

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Files))]
    public void A_model_that_came_as_gguf_goes_as_gguf(string path)
    {
        using var model = Loaded(GoldenFolder.PathOf(path));
        model.SaveGguf(folder.File("a.gguf"));
        Same(model, folder.File("a.gguf"));
    }

    [Fact]
    public void Tokenizer_template_and_end_tokens_go_along()
    {
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model")));
        model.SaveGguf(folder.File("a.gguf"), "F16");
        using var back = CausalLM.Load(folder.File("a.gguf"));
        foreach (var text in new[] { "the cat sat", "<|im_start|>user\nA b  12<|im_end|>", "é漢🙂" })
            Assert.Equal(model.Tokenizer.Encode(text), back.Tokenizer.Encode(text));
        Assert.Equal(model.ChatTemplate!.Source, back.ChatTemplate!.Source);
        Assert.Equal(model.EndTokens.Order(), back.EndTokens.Order());
    }

    [Fact]
    public void End_tokens_without_a_tokenizer_go_along_and_more_than_the_file_has_places_for_are_a_refusal()
    {
        var config = Plain with { EndOfText = [3, 5] };
        using (var model = CausalLM.Create(config, null, null, seed: 1))
            model.SaveGguf(folder.File("a.gguf"));
        using (var back = CausalLM.Load(folder.File("a.gguf")))
            Assert.Equal([3, 5], back.EndTokens.Order());
        using var many = CausalLM.Create(config with { EndOfText = [3, 5, 6] }, null, null, seed: 1);
        Assert.Contains("no place for its EndOfText", Assert.Throws<NotBuiltException>(() => many.SaveGguf(folder.File("b.gguf"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_keeps_its_dots()
    {
        using var model = CausalLM.Load(TinyModel.Write(folder.File("SmolLM2-1.7B")));
        model.SaveGguf(folder.File("a.gguf"));
        using (var file = GgufFile.Open(folder.File("a.gguf")))
            Assert.Equal("SmolLM2-1.7B", file.Metadata["general.name"]);
        using var back = CausalLM.Load(folder.File("a.gguf"));
        back.SaveGguf(folder.File("b.gguf"));
        using var again = GgufFile.Open(folder.File("b.gguf"));
        Assert.Equal("a", again.Metadata["general.name"]);
    }

    [Fact]
    public void Gemma_2_without_caps_and_window_has_those_of_llama_cpp()
    {
        var config = Plain with
        {
            Family = "gemma2",
            HeadDim = 4,
            Activation = Activation.GeluTanh,
            NormGainOffset = 1,
            EmbeddingScale = Math.Sqrt(8),
            Window = 4096,
            WindowLayers = [true],
            ScoreCap = 50,
            LogitCap = 30,
            BlockNorms = BlockNorms.BeforeAttention | BlockNorms.AfterAttention | BlockNorms.BeforeMlp | BlockNorms.AfterMlp,
        };
        using (var model = CausalLM.Create(config, null, null, seed: 1))
            model.SaveGguf(folder.File("a.gguf"));
        using (var file = GgufFile.Open(folder.File("a.gguf")))
        {
            string[] left = ["gemma2.attention.sliding_window", "gemma2.attn_logit_softcapping", "gemma2.final_logit_softcapping"];
            Assert.All(left, key => Assert.Contains(key, file.Metadata.Keys));
            GgufWriter.Write(folder.File("b.gguf"), new OrderedDictionary<string, object>(file.Metadata.Where(m => !left.Contains(m.Key))), [.. file.Tensors.Values.Select(t =>
            {
                var bytes = file.Raw(t.Name).ToArray();
                return new TensorSource(t.Name, t.Shape, t.Format, stream => stream.Write(bytes));
            })]);
        }

        using var back = CausalLM.Load(folder.File("b.gguf"));
        Assert.Equal((4096, 50, 30), (back.Config.Window, back.Config.ScoreCap, back.Config.LogitCap));
        using var without = CausalLM.Create(config with { LogitCap = null }, null, null, seed: 1);
        Assert.Contains("LogitCap", Assert.Throws<NotBuiltException>(() => without.SaveGguf(folder.File("c.gguf"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Matrices_are_rounded_vectors_are_not_and_rows_that_are_no_blocks_are_F16()
    {
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model")));
        model.SaveGguf(folder.File("a.gguf"), "Q8_0");
        using var file = GgufFile.Open(folder.File("a.gguf"));
        // Width 16 is no block of 32; the other rows are of 24.
        Assert.All(file.Tensors.Values, t => Assert.Equal(t.Name.Contains("norm", StringComparison.Ordinal) ? "F32" : "F16", t.Format));
        Assert.Equal(7u, file.Metadata["general.file_type"]);
    }

    [Fact]
    public void A_weight_beyond_the_format_is_named()
    {
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model")));
        using (no_grad())
            model.Parameters["model.layers.0.mlp.up_proj.weight"].fill_(1e5f);
        var refusal = Assert.Throws<AlidadeException>(() => model.SaveGguf(folder.File("a.gguf"), "F16"));
        Assert.Contains("blk.0.ffn_up.weight", refusal.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("a.gguf")));
    }

    [Theory]
    [InlineData("Q9_9")]
    [InlineData("Q4_K")]
    public void A_format_that_is_not_written_is_named(string format)
    {
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model")));
        Assert.Contains(format, Assert.Throws<AlidadeException>(() => model.SaveGguf(folder.File("a.gguf"), format)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fact_that_would_be_lost_is_named()
    {
        var config = Plain;
        Assert.Null(GgufMetadataWriter.Difference(config, config with { Rotary = new() { Dimensions = 4, Scaling = RotaryScaling.Divisors, ShortFactors = [1, 1] } }));
        Assert.Equal("ResidualScale", GgufMetadataWriter.Difference(config, config with { ResidualScale = 0.5 }));
        Assert.Equal("Rotary", GgufMetadataWriter.Difference(config, config with { Rotary = new() { Dimensions = 4, Theta = 500 } }));
        Assert.Equal("Window", GgufMetadataWriter.Difference(config, config with { Window = 4 }));
        using var model = CausalLM.Create(config with { LogitScale = 0.5 }, null, null, seed: 1);
        Assert.Contains("LogitScale", Assert.Throws<NotBuiltException>(() => model.SaveGguf(folder.File("a.gguf"))).Message, StringComparison.Ordinal);
    }

    private static readonly DecoderConfig Plain = new()
    {
        Family = "llama",
        VocabularySize = 8,
        Width = 8,
        Layers = 1,
        Heads = 2,
        KeyValueHeads = 1,
        HeadDim = 4,
        MlpWidth = 8,
        ContextLength = 16,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 4 },
        TiedHead = true,
    };

    private static CausalLM Loaded(string path)
    {
        try
        {
            return CausalLM.Load(path);
        }
        catch (NotBuiltException exception)
        {
            Assert.Skip(exception.Message);
            throw;
        }
    }

    private static void Same(CausalLM model, string path)
    {
        using var back = CausalLM.Load(path);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of([.. Enumerable.Range(0, Math.Min(40, model.Config.ContextLength)).Select(i => (i * 37) % model.Config.VocabularySize)]);
        var difference = (model.Logits(grid) - back.Logits(grid)).abs().max().item<float>();
        // Divisors are 32-bit floats in the file; all else is bit for bit.
        Assert.InRange(difference, 0, model.Config.Rotary?.Scaling is RotaryScaling.Llama3 or RotaryScaling.LongRope or RotaryScaling.Yarn ? 2e-5 : 0);
    }
}
