using System.Text.Json.Nodes;
using Alidade.Evaluation.Likelihood;
using Alidade.RedTeam.Privacy;

namespace Alidade.Tests.Golden;

/// <summary>The loss of texts under the real model, by which membership is guessed. The file's other scores are not built.</summary>
[Golden("redteam/membership_scores.jsonl")]
public sealed class MembershipScoreGoldenTests
{
    private const string FileName = "redteam/membership_scores.jsonl";

    public static IEnumerable<TheoryDataRow<string>> Scores() => GoldenFolder.Rows(() => File.Exists(GoldenFolder.PathOf(FileName)) ? [FileName + "/loss"] : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Scores))]
    [Trait("Kind", "Golden")]
    public void Losses_equal_the_reference(string path) => GoldenCase.Run("redteam/membership", path, golden =>
    {
        const double relative = 2e-4;
        Assert.SkipWhen(GoldenModels.Real is null, "the real model is absent");
        var model = GoldenModels.Load(GoldenModels.Real!);
        var rows = File.ReadLines(GoldenFolder.PathOf(FileName)).Select(l => JsonNode.Parse(l)!).ToArray();
        var requests = rows.Select(r => MembershipInference.Request(model, new(r["index"]!.ToString(), null, r["text"]!.GetValue<string>()))).ToArray();
        var (likelihoods, _) = LogLikelihoods.Of(model, requests, "golden");
        for (var i = 0; i < rows.Length; i++)
        {
            golden.Equal($"row {i}: ids", string.Join(' ', rows[i]["ids"]!.AsArray().Select(n => n!.GetValue<int>())), string.Join(' ', [.. requests[i].Context, .. requests[i].Continuations[0]]));
            golden.Equal($"row {i}: scored tokens", rows[i]["n_scored"]!.GetValue<int>(), likelihoods[i][0].Tokens);
            golden.Within($"row {i}: loss", Math.Abs((-likelihoods[i][0].PerToken / rows[i]["loss"]!.GetValue<double>()) - 1), relative);
            golden.Within($"row {i}: perplexity", Math.Abs((Math.Exp(-likelihoods[i][0].PerToken) / rows[i]["perplexity"]!.GetValue<double>()) - 1), relative);
        }
    });
}
