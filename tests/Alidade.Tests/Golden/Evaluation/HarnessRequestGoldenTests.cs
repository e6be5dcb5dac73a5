using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;
using Alidade.Models.Generation;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Single requests of the harness with awkward boundaries: how they become tokens, where they are cut, what they score, what is generated.</summary>
[Golden("evaluation/lm-eval/*/requests.json")]
[Golden("evaluation/lm-eval/*/rolling.json")]
[Golden("evaluation/lm-eval/*/generate.json")]
[Golden("evaluation/lm-eval/*/check_plain_hflm.json")]
public sealed class HarnessRequestGoldenTests
{
    // Against sums in float64, per token.
    private const double PerToken = 5e-6;

    public static IEnumerable<TheoryDataRow<string>> Pairs() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("requests.json")
        .SelectMany(f => HarnessRuns.Read(f).AsObject().Where(p => p.Value is JsonArray).Select(p => $"{f}/{p.Key}")));

    public static IEnumerable<TheoryDataRow<string>> Rolling() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("rolling.json"));

    public static IEnumerable<TheoryDataRow<string>> Generated() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("generate.json"));

    public static IEnumerable<TheoryDataRow<string>> Checks() => GoldenFolder.Rows(() => HarnessRuns.FilesOf("check_plain_hflm.json"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Pairs))]
    [Trait("Kind", "Golden")]
    public void Requests_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var (file, part) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
        var name = file.Split('/')[^2];
        var model = HarnessRuns.Model(name);
        foreach (var pair in HarnessRuns.Read(file)[part]!.AsArray())
        {
            var prompts = new PromptOptions { Prefix = pair!["prefix_token_id"]?.GetValue<int>(), AddSpecialTokens = pair["add_bos_token"]?.GetValue<bool>() };
            var local = new LocalModel(model, "golden") { Prompts = prompts, MaxLength = pair["max_length"]?.GetValue<int>() ?? model.Config.ContextLength };
            var (context, continuation) = (pair["context"]!.GetValue<string>(), pair["continuation"]!.GetValue<string>());
            var what = $"{pair["name"] ?? context} [{pair["max_length"] ?? pair["prefix_token_id"] ?? pair["add_bos_token"]}]";
            var request = new ContinuationRequest(context, continuation);
            if (pair["error"] is not null)
            {
                // What the harness ends with, Alidade refuses; what is too long, it counts.
                var refused = continuation.Length == 0 || string.IsNullOrWhiteSpace(context)
                    ? Record.Exception(() => new PromptTokens(model, prompts).Of(request.Context, request.Continuations)) is AlidadeException
                    : Answer(local, request) is Unanswered { Reason: LocalModel.TooLong };
                golden.Equal(what + ": refused", true, refused);
                continue;
            }

            var (before, after) = new PromptTokens(model, prompts).Of(request.Context, request.Continuations);
            golden.Equal(what + ": context", Text(pair["context_tokens"]!), string.Join(' ', before));
            golden.Equal(what + ": tokens", Text(pair["continuation_tokens"]!), string.Join(' ', after[0]));
            var score = ((ContinuationScores)Answer(local, request)).Scores[0];
            var expected = pair["loglikelihood"]!.GetValue<double>();
            // The last tokens that fit, with the last of all, which is not read.
            HarnessRuns.Near(golden, what, name, expected, score.LogProb, [new([.. before.TakeLast(local.MaxLength + 1 - after[0].Count)], after[0])]);
            Exact(golden, what, pair, local, request, score.LogProb, score.Tokens);
            golden.Equal(what + ": is_greedy", pair["is_greedy"]!.GetValue<bool>(), score.IsGreedy);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Rolling))]
    [Trait("Kind", "Golden")]
    public void Rolling_windows_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var model = HarnessRuns.Model(path.Split('/')[^2]);
        var file = HarnessRuns.Read(path);
        foreach (var rule in file["window_rule"]!.AsArray())
            golden.Equal("windows", Windows(rule!["disjoint"]!.AsArray().Select(w => (Ints(w![0]!), Ints(w[1]!)))), Windows(RollingWindows.Of(Ints(rule["tokens"]!), rule["prefix_token"]!.GetValue<int>(), rule["max_seq_len"]!.GetValue<int>(), rule["context_len"]!.GetValue<int>()).Select(w => (w.Context, w.Predicted))));
        golden.Equal("prefix", file["prefix_token_id"]!.GetValue<int>(), ContinuationTokens.Prefix(model));
        var texts = file["texts"]!.AsArray();
        for (var t = 0; t < texts.Count; t++)
        {
            var (what, text) = ($"text {t}", texts[t]!);
            var ids = new PromptTokens(model, new()).Of(text["text"]!.GetValue<string>());
            golden.Equal(what + ": tokens", Text(text["tokens"]!), string.Join(' ', ids));
            golden.Equal(what + ": windows", Windows(text["windows"]!.AsArray().Select(w => (Ints(w!["context_tokens"]!), Ints(w["continuation_tokens"]!)))),
                Windows(RollingWindows.Of(ids, file["prefix_token_id"]!.GetValue<int>(), text["max_length"]!.GetValue<int>()).Select(w => (w.Context, w.Predicted))));
            if (ids.Count == 0)
                continue;
            var (local, rolling) = (new LocalModel(model, "golden") { MaxLength = text["max_length"]!.GetValue<int>() }, new RollingRequest(text["text"]!.GetValue<string>()));
            var score = (RollingScore)Answer(local, rolling);
            golden.Equal(what + ": scored tokens", ids.Count, score.ScoredTokens);
            HarnessRuns.Near(golden, what, path.Split('/')[^2], text["loglikelihood"]!.GetValue<double>(), score.LogProb,
                [.. text["windows"]!.AsArray().Select(w => new PredictedTokens(Ints(w!["context_tokens"]!), Ints(w["continuation_tokens"]!)))]);
            Exact(golden, what, text, local, rolling, score.LogProb, score.ScoredTokens);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Generated))]
    [Trait("Kind", "Golden")]
    public void Generated_texts_equal_the_harness(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var model = HarnessRuns.Model(path.Split('/')[^2]);
        var cases = HarnessRuns.Read(path)["cases"]!.AsArray();
        for (var c = 0; c < cases.Count; c++)
        {
            var (what, item) = ($"case {c}", cases[c]!);
            var keys = item["generation_kwargs"]!;
            string[] stops = keys["until"] is JsonArray list ? [.. list.Select(s => s!.GetValue<string>())] : [keys["until"]!.GetValue<string>()];
            var most = keys["max_gen_toks"]!.GetValue<int>();
            var prompt = item["messages"] is JsonArray messages
                ? Prompt.OfMessages([.. messages.Select(m => new Message(m!["role"]!.GetValue<string>(), m["content"]!.GetValue<string>()))])
                : Prompt.OfText(item["prompt"]!.GetValue<string>());
            var prompts = new PromptOptions { AddSpecialTokens = item["messages"] is null ? null : true };
            var ids = new PromptTokens(model, prompts).Of(prompt);
            // The left of a prompt that leaves no room goes.
            var room = Math.Min(item["max_length"]!.GetValue<int>(), model.Config.ContextLength) - most;
            ids = [.. ids.Skip(Math.Max(0, ids.Count - room))];
            golden.Equal(what + ": prompt", Text(item["input_ids"]!), string.Join(' ', ids));

            // Every token that greedy decoding takes, before and after what is cut off.
            var penalty = keys["repetition_penalty"]?.GetValue<double>() ?? 1;
            var generated = Ints(item["generated_ids"]!);
            var greedy = TextGenerator.Generate(model, [ids], new() { MaxNewTokens = generated.Length, Temperature = 0, RepetitionPenalty = penalty })[0];
            golden.Equal(what + ": tokens", Trimmed(generated, model), Trimmed(greedy.Ids, model));
            if (penalty != 1)
                continue;
            var local = new LocalModel(model, "golden") { MaxLength = item["max_length"]!.GetValue<int>(), Prompts = prompts };
            var answer = ((GeneratedTexts)Answer(local, new GenerationRequest(prompt) { MaxNewTokens = most, Stop = stops })).First;
            golden.Equal(what + ": response", item["response"]!.GetValue<string>(), answer.Text);
        }
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Checks))]
    [Trait("Kind", "Golden")]
    public void The_reference_is_nearer_to_itself_than_the_tolerance(string path) => GoldenCase.Run("evaluation/lm-eval", path, golden =>
    {
        var check = HarnessRuns.Read(path);
        golden.Equal("mismatches of is_greedy", 0, check["is_greedy_mismatches"]!.GetValue<int>());
        golden.Within("from the unmodified harness, relative", check["max_rel_difference"]!.GetValue<double>(), 3e-5);
        if (check["float64"] is { } exact)
            golden.Within("from float64, relative", exact["max_rel_difference"]!.GetValue<double>(), 1e-6);
    });

    // A float32 model of another library rounds its products otherwise, by more than this tolerance on single tokens of the real model: there the whole model is in float64.
    private static void Exact(GoldenCase golden, string what, JsonNode recorded, LocalModel local, Request request, double actual, int tokens)
    {
        var near = PerToken * tokens;
        if (Math.Abs(recorded["check_sum"]!.GetValue<double>() - actual) > near)
            actual = LogProb(Answer(new LocalModel(GoldenModels.LoadFloat64(GoldenModels.Real!), "golden")
            {
                MaxLength = local.MaxLength,
                Prompts = local.Prompts,
            }, request));
        double[] sums = [recorded["check_sum"]!.GetValue<double>(), recorded["loglikelihood_float64"]!.GetValue<double>()];
        golden.Close(what + ": float64", sums.MinBy(s => Math.Abs(s - actual)), actual, near);
    }

    private static double LogProb(Response response) => response is RollingScore rolling ? rolling.LogProb : ((ContinuationScores)response).Scores[0].LogProb;

    // The end token ends a text; it may or may not be told.
    private static string Trimmed(IEnumerable<int> ids, CausalLM model) => string.Join(' ', ids.TakeWhile(id => !model.EndTokens.Contains(id)));

    private static Response Answer(LocalModel model, Request request) => model.AnswerAsync([request], TestContext.Current.CancellationToken).GetAwaiter().GetResult()[0];

    private static string Windows(IEnumerable<(IReadOnlyList<int> Context, IReadOnlyList<int> Predicted)> windows) =>
        string.Join('|', windows.Select(w => $"{string.Join(' ', w.Context)}/{string.Join(' ', w.Predicted)}"));

    private static string Windows(IEnumerable<(int[] Context, int[] Predicted)> windows) =>
        Windows(windows.Select(w => ((IReadOnlyList<int>)w.Context, (IReadOnlyList<int>)w.Predicted)));

    private static int[] Ints(JsonNode list) => [.. list.AsArray().Select(n => n!.GetValue<int>())];

    private static string Text(JsonNode list) => string.Join(' ', Ints(list));
}
