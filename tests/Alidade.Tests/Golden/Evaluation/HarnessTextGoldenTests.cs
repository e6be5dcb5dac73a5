using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Evaluation;
using Alidade.Evaluation.Ethics;
using Alidade.Evaluation.Likelihood;
using Alidade.Evaluation.Tasks;
using Alidade.Evaluation.Tasks.Filters;
using static Alidade.Tests.Golden.Evaluation.MetricFile;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>The parts of lm-evaluation-harness that need no model: filters, exact match, stop strings, GSM8K's answers, text.</summary>
[Golden("evaluation/metrics/lmeval_filters.json")]
[Golden("evaluation/metrics/gsm8k_extraction.json")]
[Golden("evaluation/metrics/lmeval_text.json")]
public sealed class HarnessTextGoldenTests
{
    public static IEnumerable<TheoryDataRow<string>> Filters() => Rows("lmeval_filters", f =>
        f.GetProperty("filters").EnumerateObject().Select(p => "filters/" + p.Name)
            .Concat(f.GetProperty("results_votes").EnumerateObject().Select(p => "results_votes/" + p.Name))
            .Concat(f.EnumerateObject().Select(p => p.Name).Except(["about", "texts", "filters", "results", "votes", "results_votes"])));

    public static IEnumerable<TheoryDataRow<string>> Solutions() => Rows("gsm8k_extraction", f => f.GetProperty("items").EnumerateArray().Select(i => "row " + i.GetProperty("row").GetRawText()));

    public static IEnumerable<TheoryDataRow<string>> Texts() => Rows("lmeval_text", f => f.EnumerateObject().Select(p => p.Name).Except(["about"]));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Filters))]
    [Trait("Kind", "Golden")]
    public void Filters_equal_the_harness(string path) => GoldenCase.Run("evaluation/harness", path, golden =>
    {
        var file = Read("lmeval_filters");
        var part = Part(path).Split('/', 2);
        switch (part[0])
        {
            case "filters":
                var filters = file.GetProperty("filters").GetProperty(part[1]).EnumerateArray().Select(s => Filter(s[0].GetString()!, s[1])).ToArray();
                foreach (var (text, expected) in MetricFile.Texts(file.GetProperty("texts")).Zip(MetricFile.Texts(file.GetProperty("results").GetProperty(part[1]))))
                    golden.Equal(text, expected, ResponseFilter.ApplyAll(filters, [text])[0].Text);
                break;
            case "results_votes":
                ResponseFilter[] votes = part[1] switch
                {
                    "majority_vote" => [new MajorityVoteFilter(), new TakeFirstFilter()],
                    "take_first_k 2, majority" => [new TakeFirstFilter { Count = 2 }, new MajorityVoteFilter(), new TakeFirstFilter()],
                    "take_first" => [new TakeFirstFilter()],
                    _ => throw new NotBuiltException($"the votes '{part[1]}'"),
                };
                var lists = file.GetProperty("votes").EnumerateArray().Select(MetricFile.Texts).Where(v => !part[1].StartsWith("take_first_k", StringComparison.Ordinal) || v.Length > 1);
                golden.Equal("votes", string.Join('|', MetricFile.Texts(file.GetProperty("results_votes").GetProperty(part[1]))), string.Join('|', lists.Select(v => ResponseFilter.ApplyAll(votes, v)[0].Text)));
                break;
            case "multi_choice":
                var choice = file.GetProperty("multi_choice");
                ResponseFilter[] letters = [new MultiChoiceRegexFilter { IgnoreCase = true, IgnorePunctuation = true }, new TakeFirstFilter()];
                foreach (var (response, expected) in MetricFile.Texts(choice.GetProperty("responses")).Zip(MetricFile.Texts(choice.GetProperty("result"))))
                    golden.Equal(response, expected, ResponseFilter.ApplyAll(letters, [response], MetricFile.Texts(choice.GetProperty("choices")))[0].Text);
                break;
            case "exact_match":
                foreach (var match in file.GetProperty("exact_match").EnumerateArray())
                    golden.Equal(match.GetRawText(), match.GetProperty("exact_match").GetDouble(),
                        Match(match.GetProperty("options")).Holds(match.GetProperty("prediction").GetString()!, match.GetProperty("reference").GetString()!) ? 1.0 : 0.0);
                break;
            case "stop":
                foreach (var stop in file.GetProperty("stop").EnumerateArray())
                    golden.Equal(stop.GetRawText(), stop.GetProperty("result").GetString(),
                        StopStrings.Cut(stop.GetProperty("generation").GetString()!, MetricFile.Texts(stop.GetProperty("stop")), stop.GetProperty("think_end_token").GetString()));
                break;
            default:
                throw new NotBuiltException(part[0]);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Solutions))]
    [Trait("Kind", "Golden")]
    public void Answers_of_GSM8K_equal_the_harness(string path) => GoldenCase.Run("evaluation/harness", path, golden =>
    {
        var item = Read("gsm8k_extraction").GetProperty("items").EnumerateArray().Single(i => "row " + i.GetProperty("row").GetRawText() == Part(path));
        var data = Path.Combine(GoldenFolder.Data, "gsm8k", "example_model_solutions.jsonl");
        Assert.SkipUnless(File.Exists(data), "the data of GSM8K is absent");
        var solutions = Gsm8k.ReadSolutions(data).Rows[item.GetProperty("row").GetInt32()];
        var target = item.GetProperty("gold_lm_eval_target").GetString()!;
        foreach (var system in item.GetProperty("systems").EnumerateObject())
        {
            var solution = solutions.Systems[system.Name];
            golden.Equal(system.Name, system.Value.GetProperty("is_correct_published").GetBoolean(), solution.IsCorrect);
            foreach (var (name, filter) in new[] { ("strict", Gsm8kFilters.Strict), ("flexible", Gsm8kFilters.Flexible) })
            {
                var answer = ResponseFilter.ApplyAll([filter, new TakeFirstFilter()], [solution.Solution])[0].Text;
                golden.Equal($"{system.Name} {name}", system.Value.GetProperty(name).GetString(), answer);
                golden.Equal($"{system.Name} {name} match", system.Value.GetProperty("exact_match_" + name).GetDouble(), ExactMatch.Gsm8k.Holds(answer, target) ? 1.0 : 0.0);
            }
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Texts))]
    [Trait("Kind", "Golden")]
    public void Texts_equal_the_harness(string path) => GoldenCase.Run("evaluation/harness", path, golden =>
    {
        foreach (var item in Read("lmeval_text").GetProperty(Part(path)).EnumerateArray())
            switch (Part(path))
            {
                case "wikitext":
                    var page = item.GetProperty("page").GetString()!;
                    golden.Equal("page", item.GetProperty("detokenised").GetString(), WikiText.Detokenise(page));
                    golden.Equal("words", item.GetProperty("words").GetInt32(), WikiText.Words(page));
                    golden.Equal("bytes", item.GetProperty("bytes").GetInt32(), WikiText.Bytes(page));
                    break;
                case "capitalize":
                    golden.Equal(item[0].GetString()!, item[1].GetString(), PythonText.Capitalize(item[0].GetString()!));
                    break;
                case "hash_string":
                    golden.Equal(item[0].GetString()!, item[1].GetString(), ContentHash.OfBytes(System.Text.Encoding.UTF8.GetBytes(item[0].GetString()!)));
                    break;
                case "utilitarianism":
                    var data = Path.Combine(GoldenFolder.Data, "ethics", "utilitarianism", "util_test.csv");
                    Assert.SkipUnless(File.Exists(data), "the data of ETHICS is absent");
                    var question = EthicsQuestion.Of(EthicsFiles.ReadUtilitarianism(data).Rows[item.GetProperty("row").GetInt32()]);
                    golden.Equal("text", item.GetProperty("text").GetString(), question.Question);
                    golden.Equal("label", item.GetProperty("label").GetInt32(), question.Label);
                    break;
                case "softmax":
                    Near(golden, "softmax", item.GetProperty("y"), ChoiceProbabilities.Of(Numbers(item.GetProperty("x"))));
                    break;
                default:
                    throw new NotBuiltException(Part(path));
            }
    });

    private static ResponseFilter Filter(string name, JsonElement options)
    {
        string? Text(string key) => options.ValueKind == JsonValueKind.Object && options.TryGetProperty(key, out var value) ? value.GetString() : null;
        return name switch
        {
            "regex" => new RegexFilter
            {
                Pattern = Text("regex_pattern")!,
                Fallback = Text("fallback") ?? RegexFilter.Invalid,
                Select = options.TryGetProperty("group_select", out var select) ? select.GetInt32() : 0,
            },
            "take_first" => new TakeFirstFilter(),
            "lowercase" => new LowercaseFilter(),
            _ => throw new NotBuiltException($"the filter '{name}'"),
        };
    }

    private static ExactMatch Match(JsonElement options)
    {
        bool Flag(string name) => options.TryGetProperty(name, out var value) && value.GetBoolean();
        return new()
        {
            RegexesToIgnore = options.TryGetProperty("regexes_to_ignore", out var patterns) ? MetricFile.Texts(patterns) : [],
            IgnoreCase = Flag("ignore_case"),
            IgnorePunctuation = Flag("ignore_punctuation"),
            IgnoreNumbers = Flag("ignore_numbers"),
        };
    }
}
