using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Objectives.Reinforcement;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Generation;

public sealed class TokenGuideTests
{
    private const int K = 3;

    // Prompts of many lengths, some of them twice, and fewer rows at once than there are prompts.
    private static readonly int[][] Prompts = [[1, 2, 3], [4], [1, 2, 3], [7, 8, 9, 10, 11, 12, 13], [5, 6], [7, 8, 9, 10, 11, 12, 13], [20, 21, 22, 23]];

    [Fact]
    public void A_guide_that_allows_all_changes_nothing()
    {
        using var model = Tiny.Model();
        GenerationOptions options = new() { MaxNewTokens = 7, Temperature = 1, Seed = 3 };
        var free = TextGenerator.Generate(model, Prompts, options, batchRows: 3, cancellation: TestContext.Current.CancellationToken);
        var guided = TextGenerator.Generate(model, Prompts, options, batchRows: 3, cancellation: TestContext.Current.CancellationToken, guide: new(null, logits => ones_like(logits)));
        Assert.Equal(free.Select(g => string.Join(' ', g.DrawnIds)), guided.Select(g => string.Join(' ', g.DrawnIds)));
        Assert.Equal(free.SelectMany(g => g.DrawnLogProbs), guided.SelectMany(g => g.DrawnLogProbs));
        Assert.All(free, g => Assert.Empty(g.Allowed));
        Assert.All(guided, g => Assert.Equal(g.DrawnIds.Count, g.Allowed.Count));
    }

    [Fact]
    public void A_greedy_text_is_the_best_of_what_another_policy_finds_likely_at_every_place()
    {
        using var model = Tiny.Model();
        using var other = LoraAdapter.Create(model, "other", new() { Rank = 2, SavedModules = ["lm_head"] }, seed: 5);
        using (no_grad())
            other.Replacements["lm_head.weight"].copy_(randn(29, 16));
        using var merged = model.Merged(other);
        var texts = TextGenerator.Generate(
            model, Prompts, new() { MaxNewTokens = 6 }, batchRows: 3, cancellation: TestContext.Current.CancellationToken, guide: new(merged, new TopKTokens { K = K }.Of));
        Assert.Null(model.Adapter);
        for (var p = 0; p < Prompts.Length; p++)
        {
            using var scope = NewDisposeScope();
            var (own, guides) = (Logits(model, null, [.. Prompts[p], .. texts[p].DrawnIds]), Logits(model, other, [.. Prompts[p], .. texts[p].DrawnIds]));
            for (var t = 0; t < texts[p].DrawnIds.Count; t++)
            {
                var at = Prompts[p].Length - 1 + t;
                int[] likely = [.. guides[at].topk(K).indexes.data<long>().ToArray().Select(i => (int)i)];
                Assert.Equal(likely.Order(), Enumerable.Range(0, 29).Where(texts[p].Allowed[t].Contains));
                Assert.Equal(likely.MaxBy(id => own[at][id].item<float>()), texts[p].DrawnIds[t]);
            }
        }
    }

    private static Tensor Logits(CausalLM model, LoraAdapter? adapter, int[] ids)
    {
        using var noGrad = no_grad();
        using var use = model.Use(adapter);
        using var grid = TokenGrid.Of(ids);
        return model.Logits(grid)[0];
    }
}
