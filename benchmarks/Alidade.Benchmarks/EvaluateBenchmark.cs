using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;

namespace Alidade.Benchmarks;

/// <summary>
/// TruthfulQA mc1 and CrowS-Pairs on a real model and the published files, through the engine that <c>alidade evaluate</c> uses. Needed is every shared prefix once: the six
/// answered questions over all questions, a question over its answers.
/// </summary>
internal sealed class EvaluateBenchmark : IBenchmark
{
    private const int Questions = 60;
    private const int Sentences = 150;
    private readonly CausalLM model;

    /// <param name="path">A file of SmolLM2-135M's shape, whose operations are counted.</param>
    /// <param name="data">A folder of published data.</param>
    public EvaluateBenchmark(string path, string data)
    {
        model = CausalLM.Load(path);
        Shape.Check(model.Config);
        Works =
        [
            Of("TruthfulQA mc1", Path.Combine(data, "truthfulqa/original-817/TruthfulQA.csv"), "factuality.truthfulqa", Questions, .45),
            Of("CrowS-Pairs", Path.Combine(data, "crows_pairs/crows_pairs_anonymized.csv"), "bias.crows_pairs", Sentences, .75),
        ];
    }

    public string Name => "evaluate";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose() => model.Dispose();

    private Work Of(string name, string file, string task, int limit, double mark)
    {
        var opened = TaskCatalogue.Find(task).Open(_ => file);
        var recorder = new Recorder(new(model, model.Name));
        Run(recorder);
        var need = Need.Of(model, recorder.Requests);
        return Work.Of($"{name}, {limit} items", need.Flops, need.Tokens, () => Run(new LocalModel(model, model.Name))) with { Mark = mark };

        void Run(IEvaluatedModel asked) => opened.RunAsync(new() { Model = asked, Limit = limit }).GetAwaiter().GetResult();
    }

    /// <summary>What a set of requests needs: the tokens of a trie over whole texts, each computed once.</summary>
    private sealed record Need(double Flops, long Tokens)
    {
        public static Need Of(CausalLM model, IReadOnlyList<ContinuationRequest> requests)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            var (tokens, pairs, scored) = (0L, 0.0, 0L);
            foreach (var request in requests)
                foreach (var continuation in request.Continuations)
                {
                    var (before, after) = ContinuationTokens.Of(model, request.Context.Text!, continuation);
                    var path = new System.Text.StringBuilder();
                    foreach (var (i, id) in before.Concat(after).Index())
                        if (seen.Add(path.Append(id).Append(' ').ToString()))
                            (tokens, pairs) = (tokens + 1, pairs + i + 1);
                    scored += after.Length;
                }

            return new(Shape.Forward(tokens, pairs, scored), tokens);
        }
    }

    /// <summary>Keeps the requests that pass through.</summary>
    private sealed class Recorder(LocalModel inner) : IEvaluatedModel
    {
        public List<ContinuationRequest> Requests { get; } = [];

        public string Name => inner.Name;

        public string Identity => inner.Identity;

        public bool GivesLogLikelihoods => true;

        public bool IsChat => inner.IsChat;

        public int Concurrency => 1;

        public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests) => inner.Plan(requests);

        public Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation)
        {
            Requests.AddRange(batch.Cast<ContinuationRequest>());
            return inner.AnswerAsync(batch, cancellation);
        }
    }
}
