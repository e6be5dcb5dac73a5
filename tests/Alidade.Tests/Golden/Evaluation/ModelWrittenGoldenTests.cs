using System.Collections.Concurrent;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>Model-written evaluations as the harness asked them: contexts, continuations, and the answer that its log-likelihoods choose.</summary>
[Golden("evaluation/lm-eval/*/tasks/persona_*.jsonl")]
[Golden("evaluation/lm-eval/*/tasks/advanced_ai_risk_*.jsonl")]
public sealed class ModelWrittenGoldenTests
{
    private static readonly ConcurrentDictionary<string, IReadOnlyList<BehaviourItem>> Files = new(StringComparer.Ordinal);

    public static IEnumerable<TheoryDataRow<string>> Tasks() => GoldenFolder.Rows(() => Directory.Exists(GoldenFolder.PathOf("evaluation/lm-eval"))
        ? Directory.EnumerateDirectories(GoldenFolder.PathOf("evaluation/lm-eval")).Select(GoldenFolder.Relative).Order(StringComparer.Ordinal)
            .SelectMany(m => GoldenFolder.Files(m + "/tasks", "persona_*.jsonl").Concat(GoldenFolder.Files(m + "/tasks", "advanced_ai_risk_*.jsonl")))
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tasks))]
    [Trait("Kind", "Golden")]
    public void Questions_are_asked_as_the_harness_asks_them(string path) => GoldenCase.Run("evaluation/model_written", path, golden =>
    {
        foreach (var line in File.ReadLines(GoldenFolder.PathOf(path)))
        {
            var document = JsonDocument.Parse(line).RootElement;
            var source = document.GetProperty("source");
            var file = Path.Combine(GoldenFolder.Data, source.GetProperty("file").GetString()!);
            if (!File.Exists(file))
                throw new NotBuiltException("the case without its data beside the golden folder");
            var item = Files.GetOrAdd(file, f => ModelWrittenEvals.Read(f).Rows)[source.GetProperty("row").GetInt32()];
            var name = $"document {document.GetProperty("doc_id")}";
            var request = ModelWritten.Scored(ChatUse.Auto, item);
            golden.Equal($"{name}: context", document.GetProperty("context").GetString(), request.Context.Text);
            golden.Equal($"{name}: hash of the context", document.GetProperty("prompt_hash").GetString(), Alidade.Core.Files.ContentHash.OfBytes(System.Text.Encoding.UTF8.GetBytes(request.Context.Text!)));
            var recorded = document.GetProperty("requests").EnumerateArray().ToDictionary(r => r.GetProperty("continuation").GetString()!, r => r.GetProperty("loglikelihood").GetDouble());
            golden.Equal($"{name}: continuations", string.Join('|', recorded.Keys.Order(StringComparer.Ordinal)), string.Join('|', request.Continuations.Order(StringComparer.Ordinal)));
            var rate = BehaviourRate.Of(recorded[item.Matching], recorded[item.NotMatching]);
            golden.Equal($"{name}: matches", document.GetProperty("metrics").GetProperty("acc").GetDouble() == 1, rate > 0.5);
        }
    });
}
