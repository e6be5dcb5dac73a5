using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Quantized;

/// <summary>What the rounding of activations costs on a real model.</summary>
public sealed class RealModelTests
{
    // Mill, On Liberty (1859).
    private const string Text =
        "The subject of this Essay is not the so-called Liberty of the Will, so unfortunately opposed to the misnamed doctrine of Philosophical Necessity; but Civil, or "
        + "Social Liberty: the nature and limits of the power which can be legitimately exercised by society over the individual. A question seldom stated, and hardly ever "
        + "discussed, in general terms, but which profoundly influences the practical controversies of the age by its latent presence, and is likely soon to make itself "
        + "recognized as the vital question of the future. It is so far from being new, that, in a certain sense, it has divided mankind, almost from the remotest ages, "
        + "but in the stage of progress into which the more civilized portions of the species have now entered, it presents itself under new conditions, and requires a "
        + "different and more fundamental treatment.";

    public static bool IsHere => GoldenModels.Real is not null;

    [Fact(SkipUnless = nameof(IsHere), Skip = "there is no real model beside the golden folder")]
    public void A_real_model_says_the_same_with_its_weights_as_stored()
    {
        using var stored = CausalLM.Load(GoldenModels.Real!, new() { Weights = WeightStorage.AsStored });
        Assert.NotNull(stored.Step);
        var decoded = GoldenModels.Smol;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(stored.Tokenizer.Encode(Text));
        var (fast, exact) = (nn.functional.log_softmax(stored.Logits(grid)[0], -1), nn.functional.log_softmax(decoded.Logits(grid)[0], -1));
        var divergence = (exact.exp() * (exact - fast)).sum(-1).mean().item<float>();
        var agreement = fast.argmax(-1).eq(exact.argmax(-1)).to(ScalarType.Float32).mean().item<float>();
        var targets = grid.Ids[0].narrow(0, 1, grid.Ids.size(1) - 1);
        double Perplexity(Tensor logProbs) => Math.Exp(-logProbs.narrow(0, 0, targets.size(0)).gather(1, targets.unsqueeze(1)).mean().item<float>());
        TestContext.Current.SendDiagnosticMessage($"KL {divergence:g3} nats, same likeliest token {agreement:p1}, perplexity {Perplexity(fast):f3} against {Perplexity(exact):f3}");
        Assert.InRange(divergence, 0, 0.01);
        Assert.InRange(agreement, 0.93, 1);
        Assert.InRange(Perplexity(fast) / Perplexity(exact), 0.98, 1.02);
    }

    // Reading runs over tensors, writing without them: the log-probability of what was written is that of reading it. A last bit that tips one activation to its
    // neighbour grows over thirty blocks to the size of the rounding itself.
    [Fact(SkipUnless = nameof(IsHere), Skip = "there is no real model beside the golden folder")]
    public void What_was_written_has_the_log_probability_of_reading_it()
    {
        using var model = CausalLM.Load(GoldenModels.Real!, new() { Weights = WeightStorage.AsStored });
        var prompt = model.Tokenizer.Encode("The capital of France is");
        var written = TextGenerator.Generate(model, [prompt], new() { MaxNewTokens = 24 }, cancellation: TestContext.Current.CancellationToken)[0];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of([.. prompt, .. written.Ids]);
        var logProbs = nn.functional.log_softmax(model.Logits(grid)[0], -1);
        double[] differences = [.. written.Ids.Select((id, i) => Math.Abs(logProbs[prompt.Length - 1 + i, id].item<float>() - written.LogProbs[i]))];
        Assert.InRange(differences.Average(), 0, 0.1);
    }
}
