using System.Diagnostics;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Optimisation;
using Alidade.Training.Trainers;

namespace Alidade.Benchmarks;

/// <summary>
/// Whole updates of the trainers: batch, forward, backward, statistics, clipping and AdamW; what is done once beforehand (the reference's log-probabilities) is not in them.
/// </summary>
internal static class TrainerSteps
{
    private const int Rank = 16;

    // Pairs of 512 tokens of prompt and 256 of each answer.
    private const int Pairs = 2, Prompt = 512, Answer = 256;
    private const double Tokens = Pairs * (Prompt + (2.0 * Answer)), Scored = Pairs * 2.0 * Answer;

    private static double Seen => Pairs * (Shape.Pairs(Prompt) + (2 * Shape.Pairs(Answer, Prompt)));

    public static IReadOnlyDictionary<string, Func<IBenchmark>> All { get; } = new Dictionary<string, Func<IBenchmark>>(StringComparer.Ordinal)
    {
        ["step-dpo"] = () => Preference(lowRank: false),
        ["step-dpo-accumulated"] = () => Preference(lowRank: false, batchRows: 1),
        ["step-dpo-lora"] = () => Preference(lowRank: true),
        ["step-reward"] = Reward,
        ["step-sft"] = () => Supervised("SFT, 8 rows of log-normal lengths, answer only", RealisticRows()),
        ["step-sft-packed"] = () => Supervised("SFT, packed 2 x 1024", PackedRows()),
    };

    private static Steps Preference(bool lowRank, int batchRows = Pairs)
    {
        var random = new SeededRandom(6);
        PairTokens[] pairs = [.. Enumerable.Range(0, Pairs).Select(i => new PairTokens($"{i}", Shape.Ids(random, Prompt), Shape.Ids(random, Answer), Shape.Ids(random, Answer)))];
        var model = Shape.Model();
        var adapter = lowRank ? LoraAdapter.Create(model, "policy", new() { Rank = Rank }, seed: 3) : null;
        return new($"DPO 512 + 256 + 256, 2 pairs{(batchRows < Pairs ? " one at a time" : "")}, {(lowRank ? "LoRA 16" : "full")}", model, adapter,
            lowRank ? Shape.LowRank(Tokens, Seen, Scored, Rank) : Shape.Full(Tokens, Seen, Scored), (long)Tokens,
            context => new PreferenceTrainer { Model = model, Adapter = adapter, Options = Options(batchRows) with { Accumulation = Pairs / batchRows } }.Train(new(pairs, new Dictionary<string, int>(), 0), context: context));
    }

    // A score for each answer in place of logits: the head, one row of weights, counts nothing.
    private static Steps Reward()
    {
        var random = new SeededRandom(9);
        RewardTokens[] pairs = [.. Enumerable.Range(0, Pairs).Select(i => new RewardTokens($"{i}", Shape.Ids(random, Prompt), [Shape.Ids(random, Answer), Shape.Ids(random, Answer)]))];
        var model = Shape.Model();
        model.AddScoringHead(1, seed: 1);
        return new("reward 512 + 256 + 256, 2 pairs, full", model, null, Shape.Full(Tokens, Seen, scored: 0), (long)Tokens,
            context => new RewardTrainer { Model = model, Options = Options(Pairs) }.Train(new(pairs, new Dictionary<string, int>(), 0), context: context));
    }

    private static Steps Supervised(string name, DemonstrationTokens[] rows)
    {
        var (tokens, seen, scored) = (0.0, 0.0, 0.0);
        foreach (var row in rows)
        {
            tokens += row.Ids.Count;
            seen += row.Documents.Sum(d => Shape.Pairs(d));
            scored += row.Targets;
        }

        var model = Shape.Model();
        return new(name, model, null, Shape.Full(tokens, seen, scored), (long)tokens,
            context => new SupervisedTrainer { Model = model, Options = Options(rows.Length) }.Train(new(rows, new Dictionary<string, int>(), 0), context: context));
    }

    // Prompts of median 120 and answers of median 180 tokens, as instruction data are.
    private static DemonstrationTokens[] RealisticRows()
    {
        var random = new SeededRandom(7);
        int Length(double median) => Math.Clamp((int)(median * Math.Exp(0.8 * random.NextNormal())), 16, 768);
        return [.. Enumerable.Range(0, 8).Select(i =>
        {
            var (prompt, answer) = (Length(120), Length(180));
            return new DemonstrationTokens($"{i}", Shape.Ids(random, prompt + answer), [.. Enumerable.Range(0, prompt + answer).Select(p => p >= prompt)]);
        })];
    }

    private static DemonstrationTokens[] PackedRows()
    {
        var random = new SeededRandom(8);
        int[][] lengths = [[411, 287, 201, 125], [352, 290, 180, 122, 80]];
        return [.. lengths.Select((documents, i) => new DemonstrationTokens($"{i}", Shape.Ids(random, 1024), [.. Enumerable.Repeat(true, 1024)]) { Documents = documents })];
    }

    private static TrainingOptions Options(int rows) => new()
    {
        BatchRows = rows,
        MaxUpdates = 2,
        Order = DataOrder.Sequential,
        Schedule = new() { LearningRate = 1e-6 },
    };

    /// <summary>The time from the end of the first update to the end of the second.</summary>
    private sealed class Steps : IBenchmark
    {
        private readonly CausalLM model;
        private readonly LoraAdapter? adapter;

        public Steps(string name, CausalLM model, LoraAdapter? adapter, double flops, long tokens, Action<TrainingContext> train)
        {
            (this.model, this.adapter) = (model, adapter);
            Works = [new(name, flops, tokens, () =>
            {
                var ends = new List<long>();
                train(new() { OnStep = _ => ends.Add(Stopwatch.GetTimestamp()) });
                return Stopwatch.GetElapsedTime(ends[0], ends[1]).TotalSeconds;
            })];
        }

        public string Name => Works[0].Name;

        public IReadOnlyList<Work> Works { get; }

        public void Dispose()
        {
            adapter?.Dispose();
            model.Dispose();
        }
    }
}
