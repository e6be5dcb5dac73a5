using System.Text.Json.Nodes;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;
using CrowsPairsMeasure = Alidade.Evaluation.Bias.CrowsPairs;
using TruthfulQaMeasure = Alidade.Evaluation.Factuality.TruthfulQa;
using TruthfulQaPrompt = Alidade.Evaluation.Factuality.TruthfulQaPrompt;

namespace Alidade.Tests.Golden;

/// <summary>CrowS-Pairs and TruthfulQA as the harness ran them: tokens, log-likelihoods and metrics of every document, and rolling windows.</summary>
[Golden("evaluation/lm-eval/*/tasks/crows_pairs_english*.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/truthfulqa_mc1.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/truthfulqa_mc2.jsonl")]
[Golden("evaluation/lm-eval/*/rolling.json")]
public sealed class LikelihoodTaskGoldenTests
{
    private static readonly Dictionary<string, IReadOnlyList<Likelihood>> Computed = new(StringComparer.Ordinal);

    public static IEnumerable<TheoryDataRow<string>> Tasks() => GoldenFolder.Rows(() =>
        Models().SelectMany(m => GoldenFolder.Files(m + "/tasks", "*.jsonl")).Where(f => TaskOf(f) is not null));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tasks))]
    [Trait("Kind", "Golden")]
    public void Documents_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var (model, perToken) = ModelOf(path.Split('/')[^3]);
        var task = TaskOf(path)!;
        var documents = File.ReadLines(GoldenFolder.PathOf(path)).Select(l => JsonNode.Parse(l)!).ToArray();
        var items = documents.Select(d => task.Item(d["source"]!["file"]!.GetValue<string>(), d["source"]!["row"]!.GetValue<int>(), model)).ToArray();
        var likelihoods = Likelihoods(model, [.. items.Select(i => i.Request)]);
        for (var d = 0; d < documents.Length; d++)
        {
            var (document, item, scores) = (documents[d], items[d], likelihoods[d]);
            var requests = document["requests"]!.AsArray();
            golden.Equal($"document {d}: requests", requests.Count, item.Recorded.Length);
            golden.Equal($"document {d}: context", Text(document["context_tokens"] ?? requests[0]!["context_tokens"]!), string.Join(' ', item.Request.Context));
            var largest = 0.0;
            for (var r = 0; r < requests.Count; r++)
            {
                var at = item.Recorded[r];
                golden.Equal($"document {d}, request {r}: tokens", Text(requests[r]!["continuation_tokens"]!), string.Join(' ', item.Request.Continuations[at]));
                var expected = requests[r]!["loglikelihood"]!.GetValue<double>();
                var tolerance = Tolerance(expected, scores[at].Tokens, perToken);
                largest = Math.Max(largest, tolerance);
                golden.Close($"document {d}, request {r}: log-likelihood", expected, scores[at].LogProb, tolerance);
            }

            // A metric moves by no more than the log-likelihoods it is made from.
            foreach (var (name, value) in document["metrics"]!.AsObject())
                golden.Close($"document {d}: {name}", value!.GetValue<double>(), task.Metric(name, item, scores), name is "likelihood_diff" or "acc" ? 2 * largest : 0);
        }
    });

    public static IEnumerable<TheoryDataRow<string>> Rolling() => GoldenFolder.Rows(() => Models().Select(m => m + "/rolling.json").Where(f => File.Exists(GoldenFolder.PathOf(f))));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Rolling))]
    [Trait("Kind", "Golden")]
    public void Rolling_windows_equal_the_harness(string path) => GoldenCase.Run("evaluation/rolling", path, golden =>
    {
        const double perToken = 5e-6;
        var (model, _) = ModelOf(path.Split('/')[^2]);
        var file = JsonNode.Parse(File.ReadAllText(GoldenFolder.PathOf(path)))!;
        foreach (var rule in file["window_rule"]!.AsArray())
        {
            var windows = RollingWindows.Of(Ints(rule!["tokens"]!), rule["prefix_token"]!.GetValue<int>(), rule["max_seq_len"]!.GetValue<int>(), rule["context_len"]!.GetValue<int>());
            golden.Equal("windows", string.Join('|', rule["disjoint"]!.AsArray().Select(w => $"{Text(w![0]!)}/{Text(w[1]!)}")), string.Join('|', windows.Select(w => $"{string.Join(' ', w.Context)}/{string.Join(' ', w.Predicted)}")));
        }

        var prefix = file["prefix_token_id"]!.GetValue<int>();
        golden.Equal("prefix", prefix, ContinuationTokens.Prefix(model));
        var texts = file["texts"]!.AsArray();
        for (var t = 0; t < texts.Count; t++)
        {
            var recorded = texts[t]!["windows"]!.AsArray();
            var windows = RollingWindows.Of(Ints(texts[t]!["tokens"]!), prefix, texts[t]!["max_length"]!.GetValue<int>());
            var likelihoods = Likelihoods(model, [.. windows.Select(w => new LikelihoodRequest(w.Context, [w.Predicted]))]);
            golden.Equal($"text {t}: windows", recorded.Count, windows.Count);
            for (var w = 0; w < recorded.Count; w++)
            {
                golden.Equal($"text {t}, window {w}: context", Text(recorded[w]!["context_tokens"]!), string.Join(' ', windows[w].Context));
                golden.Equal($"text {t}, window {w}: tokens", Text(recorded[w]!["continuation_tokens"]!), string.Join(' ', windows[w].Predicted));
                var likelihood = likelihoods[w][0];
                var expected = recorded[w]!["token_logprobs"]!.AsArray().Sum(n => n!.GetValue<double>());
                golden.Close($"text {t}, window {w}: log-likelihood", expected, likelihood.LogProb, perToken * likelihood.Tokens);
            }
        }
    });

    // Sentences go together. Answers of one token go document by document, as the reference was computed: what a float32 product of few or many rows is rounded to
    // differs by up to 1e-5 a token, nearly all that the tolerance leaves. Both numbers of TruthfulQA are made from the same requests, which are computed once.
    internal static IReadOnlyList<Likelihood>[] Likelihoods(CausalLM model, IReadOnlyList<LikelihoodRequest> requests)
    {
        string Key(LikelihoodRequest r) => $"{model.Name}|{string.Join(' ', r.Context)}|{string.Join('|', r.Continuations.Select(c => string.Join(' ', c)))}";
        var wanted = requests.DistinctBy(Key).Where(r => !Computed.ContainsKey(Key(r))).ToArray();
        var alone = wanted.Where(r => r.Continuations.Any(c => c.Count == 1)).ToArray();
        foreach (var group in alone.Select(r => new[] { r }).Append([.. wanted.Except(alone)]))
            foreach (var (request, likelihoods) in group.Zip(LogLikelihoods.Of(model, group, "golden").Likelihoods))
                Computed.Add(Key(request), likelihoods);
        return [.. requests.Select(r => Computed[Key(r)])];
    }

    internal static IEnumerable<string> Models() => Directory.Exists(GoldenFolder.PathOf("evaluation/lm-eval"))
        ? Directory.EnumerateDirectories(GoldenFolder.PathOf("evaluation/lm-eval")).Select(GoldenFolder.Relative).Order(StringComparer.Ordinal)
        : [];

    // The README's tolerance: tiny models relative, the real one a token.
    internal static (CausalLM Model, bool PerToken) ModelOf(string name)
    {
        var path = GoldenModels.PathOf("evaluation", name);
        Assert.SkipWhen(path is null, $"the model {name} is absent");
        return (GoldenModels.Load(path!), !path!.StartsWith(GoldenFolder.Root, StringComparison.Ordinal));
    }

    internal static double Tolerance(double value, int tokens, bool perToken) => perToken ? 1.5e-5 * tokens : Math.Max(3e-5, 1e-6 * Math.Abs(value));

    private static ITask? TaskOf(string path) => Path.GetFileNameWithoutExtension(path) switch
    {
        "truthfulqa_mc1" => new Truth((item, scores) => TruthfulQaMeasure.Mc1(item, scores), i => [TruthfulQaMeasure.BestIndex(i), .. Enumerable.Range(i.CorrectAnswers.Count, i.IncorrectAnswers.Count)]),
        "truthfulqa_mc2" => new Truth((item, scores) => TruthfulQaMeasure.Mc2(item, scores), i => [.. Enumerable.Range(0, i.Mc2Options.Count)]),
        var name when name.StartsWith("crows_pairs_english", StringComparison.Ordinal) => new Pairs(),
        _ => null,
    };

    internal static LikelihoodRequest Tokens(CausalLM model, ContinuationRequest request)
    {
        var (context, continuations) = new PromptTokens(model, new()).Of(request.Context, request.Continuations);
        return new(context, continuations);
    }

    private static ContinuationScores Response(IReadOnlyList<Likelihood> scores) => new([.. scores.Select(s => new ContinuationScore(s.LogProb, s.Tokens, s.IsGreedy))], false);

    private static int[] Ints(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<int>())];

    private static string Text(JsonNode list) => string.Join(' ', Ints(list));

    /// <summary>One document: what Alidade asks, and which of its continuations each recorded request is.</summary>
    private sealed record Asked(object Row, LikelihoodRequest Request, int[] Recorded);

    private interface ITask
    {
        Asked Item(string file, int row, CausalLM model);

        double Metric(string name, Asked item, IReadOnlyList<Likelihood> scores);
    }

    private sealed class Pairs : ITask
    {
        private readonly Dictionary<string, DataSet<CrowsPair>> files = [];

        public Asked Item(string file, int row, CausalLM model)
        {
            var pair = Rows(files, file, f => CrowsPairs.Read(f))[row];
            return new(pair, Tokens(model, CrowsPairsMeasure.Request(pair)), [0, 1]);
        }

        public double Metric(string name, Asked item, IReadOnlyList<Likelihood> scores) => name switch
        {
            "pct_stereotype" => CrowsPairsMeasure.ItemOf((CrowsPair)item.Row, Response(scores)).Score!.Value,
            "likelihood_diff" => Math.Abs(scores[0].LogProb - scores[1].LogProb),
            _ => throw new Alidade.Core.NotBuiltException($"metric {name}"),
        };
    }

    private sealed class Truth(Func<TruthfulQaItem, Response, ItemResult> score, Func<TruthfulQaItem, int[]> recorded) : ITask
    {
        private readonly Dictionary<string, DataSet<TruthfulQaItem>> files = [];

        public Asked Item(string file, int row, CausalLM model)
        {
            var item = Rows(files, file, f => TruthfulQa.Read(f))[row];
            return new(item, Tokens(model, TruthfulQaMeasure.Request(item, TruthfulQaPrompt.SixShot)), recorded(item));
        }

        public double Metric(string name, Asked item, IReadOnlyList<Likelihood> scores) => name == "acc"
            ? score((TruthfulQaItem)item.Row, Response(scores)).Score!.Value
            : throw new Alidade.Core.NotBuiltException($"metric {name}");
    }

    private static IReadOnlyList<T> Rows<T>(Dictionary<string, DataSet<T>> files, string file, Func<string, DataSet<T>> read)
    {
        var path = Path.Combine(GoldenFolder.Data, file);
        Assert.SkipUnless(File.Exists(path), $"the data {file} are absent");
        if (!files.TryGetValue(file, out var set))
            files.Add(file, set = read(path));
        return set.Rows;
    }
}
