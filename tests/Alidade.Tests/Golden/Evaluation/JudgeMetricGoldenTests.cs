using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Metrics of judges and behaviour from given replies, labels and scores.</summary>
[Golden("evaluation/metrics/judges_given_scores.json")]
public sealed class JudgeMetricGoldenTests
{
    private const string FileName = "evaluation/metrics/judges_given_scores.json";

    private static readonly Dictionary<string, Action<GoldenCase, JsonElement>> Checks = new(StringComparer.Ordinal)
    {
        ["mt_bench_parse"] = MtBenchParse,
        ["mt_bench_pairwise"] = MtBenchPairwise,
        ["g_eval"] = GEvalWeights,
        ["alpaca_logprob_preference"] = LogProbPreferences,
        ["strongreject"] = StrongReject,
        ["harmbench_parse"] = (golden, block) => Replies(golden, block, reply => HarmBenchReply.Read(reply).Select(yes => yes ? 1 : 0)),
        ["do_not_answer_parse"] = (golden, block) => Replies(golden, block, reply => DoNotAnswerReply.Read(reply).Select(action => (int)action)),
        ["xstest"] = XsTest,
        ["reward_accuracy"] = Rewards,
        ["consistency"] = Consistency,
    };

    public static IEnumerable<TheoryDataRow<string>> Blocks() => GoldenFolder.Rows(() => File.Exists(GoldenFolder.PathOf(FileName))
        ? Read().EnumerateObject().Select(b => b.Name).Except(["real_toxicity", "moralchoice", "safetybench"]).Select(name => $"{FileName}/{name}")
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Blocks))]
    [Trait("Kind", "Golden")]
    public void Metrics_from_given_scores_equal_the_reference(string path) => GoldenCase.Run("evaluation/judges", path, golden =>
    {
        var name = path.Split('/')[^1];
        if (!Checks.TryGetValue(name, out var check))
            throw new NotBuiltException($"the block {name} of {FileName}");
        check(golden, Read().GetProperty(name));
    });

    private static void MtBenchParse(GoldenCase golden, JsonElement block)
    {
        var ratings = new List<Parsed<double>>();
        foreach (var pair in block.GetProperty("single").EnumerateArray())
        {
            var rating = MtBenchReply.RatingAsFastChat(pair[0].GetString()!);
            ratings.Add(rating);
            golden.Equal(pair[0].GetString()!, pair[1].GetDouble(), rating.HasValue ? rating.Value : -1);
        }

        golden.Relative("mean of parsed", block.GetProperty("mean_of_parsed").GetDouble(), ratings.Where(r => r.HasValue).Average(r => r.Value));
        golden.Equal("unparsed", block.GetProperty("unparsed").GetInt32(), ratings.Count(r => !r.HasValue));
        foreach (var pair in block.GetProperty("pairwise").EnumerateArray())
        {
            var verdict = MtBenchReply.ComparisonAsFastChat(pair[0].GetString()!);
            golden.Equal(pair[0].GetString()!, pair[1].GetString(), !verdict.HasValue ? "error" : verdict.Value switch { PairVerdict.First => "A", PairVerdict.Second => "B", _ => "tie" });
        }
    }

    private static void MtBenchPairwise(GoldenCase golden, JsonElement block)
    {
        Parsed<PairVerdict>[] Games(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(g => g.GetString() switch
        {
            "model_1" => Parsed.Of(PairVerdict.First),
            "model_2" => Parsed.Of(PairVerdict.Second),
            "tie" => Parsed.Of(PairVerdict.Tie),
            _ => Parsed.None<PairVerdict>("error"),
        })];
        var (first, second, results) = (Games(block, "game1"), Games(block, "game2"), block.GetProperty("results"));
        Parsed<PairVerdict>[] final = [.. first.Zip(second, PairVerdicts.OfBothOrders)];
        golden.Equal("final", string.Join(' ', Games(results, "final")), string.Join(' ', final));
        var counts = PairCounts.Of(final);
        golden.Equal("win", results.GetProperty("win").GetInt32(), counts.Wins);
        golden.Equal("loss", results.GetProperty("loss").GetInt32(), counts.Losses);
        golden.Equal("tie", results.GetProperty("tie").GetInt32(), counts.Ties);
        golden.Equal("error", results.GetProperty("error").GetInt32(), counts.Unjudged);
        golden.Relative("win rate", results.GetProperty("win_rate").GetDouble(), counts.WinRate);
        golden.Relative("loss rate", results.GetProperty("loss_rate").GetDouble(), counts.LossRate);
        golden.Relative("adjusted", results.GetProperty("win_rate_adjusted").GetDouble(), counts.AdjustedWinRate);
        golden.Relative("position consistency", results.GetProperty("position_consistency").GetDouble(), PositionBias.Of(first, second).ConsistencyOfAll);
    }

    private static void GEvalWeights(GoldenCase golden, JsonElement block)
    {
        foreach (var (c, i) in block.GetProperty("cases").EnumerateArray().Select((c, i) => (c, i)))
        {
            (string, double)[] top = [.. c.GetProperty("top_logprobs").EnumerateArray().Select(t => (t[0].GetString()!, t[1].GetDouble()))];
            var results = c.GetProperty("results");
            foreach (var (name, weighting) in (ReadOnlySpan<(string, ScoreWeighting)>)
                [("weighted_not_renormalised", ScoreWeighting.Unnormalised), ("weighted_renormalised", ScoreWeighting.Renormalised), ("deepeval_drop_below_1_percent", ScoreWeighting.WithoutRare)])
            {
                var score = GEval.Of(top, weighting);
                golden.Equal($"case {i}: {name} read", results.GetProperty(name).ValueKind != JsonValueKind.Null, score.HasValue);
                if (!score.HasValue)
                    continue;
                golden.Relative($"case {i}: {name}", results.GetProperty(name).GetDouble(), score.Value.Score);
                golden.Relative($"case {i}: mass", results.GetProperty("mass_on_scores").GetDouble(), score.Value.Mass);
            }
        }
    }

    private static void LogProbPreferences(GoldenCase golden, JsonElement block)
    {
        static double? Number(JsonElement e) => e.ValueKind == JsonValueKind.Null ? null : e.GetDouble();
        foreach (var c in block.GetProperty("cases").EnumerateArray())
        {
            var preference = LogProbPreference.Of(Number(c.GetProperty("logprob_m")), Number(c.GetProperty("logprob_M")));
            var expected = Number(c.GetProperty("preference"));
            golden.Equal($"{c}: read", expected is not null, preference.HasValue);
            if (expected is { } value)
                golden.Relative($"{c}", value, preference.Value);
        }
    }

    private static void StrongReject(GoldenCase golden, JsonElement block)
    {
        foreach (var c in block.GetProperty("cases").EnumerateArray())
        {
            var scores = StrongRejectReply.Read(c.GetProperty("reply").GetString()!);
            golden.Equal($"{c}: parsed", c.GetProperty("parsed").GetBoolean(), scores.HasValue);
            if (!scores.HasValue)
                continue;
            golden.Equal($"{c}: refused", c.GetProperty("refused").GetInt32() == 1, scores.Value.Refused);
            golden.Equal($"{c}: convincing", c.GetProperty("convincing").GetInt32(), scores.Value.Convincing);
            golden.Equal($"{c}: specific", c.GetProperty("specific").GetInt32(), scores.Value.Specific);
            golden.Relative($"{c}: score", c.GetProperty("score").GetDouble(), scores.Value.Score);
        }
    }

    private static void Replies(GoldenCase golden, JsonElement block, Func<string, Parsed<int>> read)
    {
        foreach (var c in block.GetProperty("cases").EnumerateArray())
        {
            var verdict = read(c[0].GetString()!);
            golden.Equal($"'{c[0]}'", c[1].ValueKind == JsonValueKind.Null ? null : c[1].GetInt32(), verdict.HasValue ? verdict.Value : (int?)null);
        }
    }

    private static void XsTest(GoldenCase golden, JsonElement block)
    {
        foreach (var model in block.GetProperty("results").EnumerateObject())
        {
            var path = Path.Combine(GoldenFolder.Data, block.GetProperty("data").GetString()!, $"xstest_v2_completions_{model.Name}_streval.csv");
            if (!File.Exists(path))
                throw new NotBuiltException("the case without its data beside the golden folder");
            var rows = XsTestAnswers.Read(path).Rows;
            golden.Equal("n", model.Value.GetProperty("n").GetInt32(), rows.Count);
            foreach (var side in model.Value.GetProperty("final").EnumerateObject())
            {
                var rates = ComplianceRates.Of([.. rows.Where(r => r.Item.ShouldRefuse == (side.Name == "unsafe")).Select(r => r.Label)]);
                golden.Relative($"{model.Name} {side.Name}: full", side.Value.GetProperty("1_full_compliance").GetDouble(), rates.Full);
                golden.Relative($"{model.Name} {side.Name}: refusal", side.Value.GetProperty("2_full_refusal").GetDouble(), rates.Refusal);
                golden.Relative($"{model.Name} {side.Name}: partial", side.Value.GetProperty("3_partial_refusal").GetDouble(), rates.Partial);
            }

            foreach (var type in model.Value.GetProperty("refusal_by_type").EnumerateObject())
                golden.Relative($"{model.Name} {type.Name}", type.Value.GetDouble(), ComplianceRates.Of([.. rows.Where(r => r.Item.Kind == type.Name).Select(r => r.Label)]).NotFull);
            foreach (var label in model.Value.GetProperty("strmatch_labels").EnumerateObject())
                golden.Equal($"{model.Name} {label.Name}", label.Value.GetInt32(), rows.Count(r => (int)r.ByPhrases!.Value == label.Name[0] - '1'));
            var agreement = RefusalAgreement.Of([.. rows.Select(r => r.Label)], [.. rows.Select(r => r.ByPhrases!.Value)]);
            var expected = model.Value.GetProperty("strmatch_against_final_refusal");
            golden.Relative($"{model.Name}: accuracy", expected.GetProperty("accuracy").GetDouble(), agreement.Accuracy);
            golden.Equal($"{model.Name}: counts", string.Join(' ', ((string[])["tp", "fp", "fn", "tn"]).Select(n => expected.GetProperty(n).GetInt32())),
                $"{agreement.Hits} {agreement.FalseAlarms} {agreement.Misses} {agreement.Rejections}");
        }
    }

    private static void Rewards(GoldenCase golden, JsonElement block)
    {
        double[] Numbers(string name) => [.. block.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
        var accuracy = RewardAccuracy.Of(Numbers("chosen"), Numbers("rejected"));
        var results = block.GetProperty("results");
        golden.Relative("strict", results.GetProperty("accuracy_strict").GetDouble(), accuracy.Strict);
        golden.Relative("half", results.GetProperty("accuracy_half").GetDouble(), accuracy.HalfTies);
        golden.Equal("ties", results.GetProperty("ties").GetInt32(), accuracy.Ties);
        golden.Relative("margin", results.GetProperty("mean_margin").GetDouble(), accuracy.MeanMargin);
        golden.Relative("log loss", results.GetProperty("log_loss").GetDouble(), accuracy.LogLoss);
        golden.Relative("standard error", results.GetProperty("stderr").GetDouble(), accuracy.StandardError);
    }

    private static void Consistency(GoldenCase golden, JsonElement block)
    {
        static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];
        foreach (var c in block.GetProperty("negation").EnumerateArray())
            golden.Relative($"negation {c}", c[2].GetDouble(), ConsistencyViolations.Negation(c[0].GetDouble(), c[1].GetDouble()));
        foreach (var c in block.GetProperty("paraphrase").EnumerateArray())
            golden.Relative($"paraphrase {c}", c[1].GetDouble(), ConsistencyViolations.Paraphrase(Numbers(c[0])));
        foreach (var c in block.GetProperty("monotonicity").EnumerateArray())
            golden.Relative($"monotonicity {c}", c[1].GetDouble(), ConsistencyViolations.Monotonicity(Numbers(c[0])));
        foreach (var c in block.GetProperty("bayes").EnumerateArray())
            golden.Relative($"Bayes {c}", c[4].GetDouble(), ConsistencyViolations.Bayes(c[0].GetDouble(), c[1].GetDouble(), c[2].GetDouble(), c[3].GetDouble()));
    }

    private static JsonElement Read() => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(FileName))).RootElement;
}
