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
            Assert.Matches("has no place for its [A-Z]|are one tensor", exception.Message);
            return;
        }

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
        var config = new DecoderConfig
        {
            Family = "llama", VocabularySize = 8, Width = 8, Layers = 1, Heads = 2, KeyValueHeads = 1, HeadDim = 4, MlpWidth = 8, ContextLength = 16, Norm = NormKind.Rms,
            NormEpsilon = 1e-5, Activation = Activation.Silu, GatedMlp = true, Rotary = new() { Dimensions = 4 }, TiedHead = true,
        };
        Assert.Null(GgufMetadataWriter.Difference(config, config with { Rotary = new() { Dimensions = 4, Scaling = RotaryScaling.Divisors, ShortFactors = [1, 1] } }));
        Assert.Equal("ResidualScale", GgufMetadataWriter.Difference(config, config with { ResidualScale = 0.5 }));
        Assert.Equal("Rotary", GgufMetadataWriter.Difference(config, config with { Rotary = new() { Dimensions = 4, Theta = 500 } }));
        Assert.Equal("Window", GgufMetadataWriter.Difference(config, config with { Window = 4 }));
        using var model = CausalLM.Create(config with { LogitScale = 0.5 }, null, null, seed: 1);
        Assert.Contains("LogitScale", Assert.Throws<NotBuiltException>(() => model.SaveGguf(folder.File("a.gguf"))).Message, StringComparison.Ordinal);
    }

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
