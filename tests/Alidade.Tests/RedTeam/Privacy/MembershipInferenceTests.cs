using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.RedTeam.Privacy;
using Alidade.Tests.Evaluation;
using Alidade.Tests.Models;

namespace Alidade.Tests.RedTeam.Privacy;

public sealed class MembershipInferenceTests
{
    private static readonly MembershipRow[] Members = [.. Enumerable.Range(0, 12).Select(i => new MembershipRow($"m{i}", null, $"The {i * 37} ships came in at {i}."))];
    private static readonly MembershipRow[] Others = [.. Enumerable.Range(0, 15).Select(i => new MembershipRow($"o{i}", null, $"No {i * 53} carts went out by {i}?"))];

    [Fact]
    public void The_items_average_to_the_area_and_spread_as_DeLong_says()
    {
        using var model = TinyChat.Create();
        var result = new MembershipInference { Members = Members, Others = Others }.Run(model);
        var area = Auroc.Of([.. result.Members.Values.Select(l => -l)], [.. result.Others.Values.Select(l => -l)]);
        double[] scores = [.. result.Auroc.Items.Select(i => i.Score!.Value)];
        Assert.Equal(27, scores.Length);
        Assert.Equal(area.Value, result.Auroc.Measurement.Value!.Value, 12);
        Assert.Equal(area.Value, scores.Average(), 12);
        double Variance(IEnumerable<double> side, int count) => side.Sum(s => (s - area.Value) * (s - area.Value)) / 27 / 27 * count / (count - 1);
        Assert.Equal(area.StandardError, Math.Sqrt(Variance(scores.Take(12), 12) + Variance(scores.Skip(12), 15)), 12);
        Assert.Equal("DeLong", result.Auroc.Measurement.Interval!.Method);
    }

    [Fact]
    public void A_paired_comparison_of_two_models_is_one_of_their_areas()
    {
        using var before = TinyChat.Create(seed: 1);
        using var after = TinyChat.Create(seed: 2);
        var attack = new MembershipInference { Members = Members, Others = Others };
        var (first, second) = (attack.Run(before), attack.Run(after));
        var comparison = PairedComparison.Of(first.Auroc, second.Auroc);
        Assert.Equal(second.Auroc.Measurement.Value!.Value - first.Auroc.Measurement.Value!.Value, comparison.Difference!.Value, 12);
        Assert.Equal(27, comparison.Pairs);
    }

    [Fact]
    public void The_rate_counts_members_above_every_held_out_row_when_there_are_fewer_than_a_hundred()
    {
        using var model = TinyChat.Create();
        var result = new MembershipInference { Members = Members, Others = Others }.Run(model);
        var best = result.Others.Values.Min();
        Assert.Equal(result.Members.Values.Count(l => l < best) / 12.0, result.TruePositiveRate.Measurement.Value!.Value, 12);
        Assert.Equal(12, result.TruePositiveRate.Items.Count);
    }

    [Fact]
    public void An_answer_is_scored_after_its_prompt_and_a_text_without_a_second_token_has_no_score()
    {
        using var model = TinyChat.Create();
        var request = MembershipInference.Request(model, new("a", Prompt.OfMessages([new("user", "hi")]), "yes"));
        Assert.Equal("yes<|im_end|>", model.Tokenizer.Decode(request.Continuations[0]));
        var result = new MembershipInference { Members = [.. Members, new("short", null, "x")], Others = Others }.Run(model);
        Assert.Equal(1, result.Auroc.Measurement.Unscored["has no token to score"]);
    }
}
