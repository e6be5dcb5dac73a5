using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Benchmarks;

/// <summary>
/// A GRPO step without a KL: eight answers of 64 tokens to a prompt of 256, sampled, judged by a rule and learned from; every weight or an adapter of rank 16. Its parts
/// stand beside: the sampling alone, with the adapter merged and as it is.
/// </summary>
internal sealed class PolicyBenchmark : IBenchmark
{
    private const int Prompt = 256;
    private const int Answers = 8;
    private const int New = 64;
    private const int Rank = 16;
    private readonly CausalLM model = Shape.Model();
    private readonly LoraAdapter adapter;
    private readonly PromptTokens prompt;
    private readonly RolloutOptions rollouts = new() { Prompts = 1, Samples = Answers, MaxNewTokens = New };

    public PolicyBenchmark()
    {
        adapter = LoraAdapter.Create(model, "policy", new() { Rank = Rank }, seed: 3);
        prompt = new(Shape.Ids(new SeededRandom(6), Prompt), new("prompt", Core.Data.Prompt.OfText("prompt"), new Dictionary<string, JsonElement>()));
        var sampling = Shape.Forward(Prompt, Shape.Pairs(Prompt), 1) + (Answers * Shape.Forward(New, Shape.Pairs(New, Prompt), New));
        const double Tokens = Prompt + ((double)Answers * New), Scored = (double)Answers * New;
        var seen = Shape.Pairs(Prompt) + (Answers * Shape.Pairs(New, Prompt));
        const long Count = Prompt + (Answers * New);
        Works =
        [
            Work.Of("grpo, sampling, full", sampling, Count, () => Sample(null)),
            Work.Of("grpo, sampling, LoRA 16 merged", sampling, Count, () => Sample(adapter)),
            Work.Of("grpo, sampling, LoRA 16 beside", sampling, Count, SampleBeside),
            new("grpo, whole step, full", sampling + Shape.Full(Tokens, seen, Scored), Count, () => Step(null)) { Mark = 0.55 },
            new("grpo, whole step, LoRA 16", sampling + Shape.LowRank(Tokens, seen, Scored, Rank), Count, () => Step(adapter)) { Mark = 0.55 },
        ];
    }

    public string Name => "grpo";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose()
    {
        adapter.Dispose();
        model.Dispose();
    }

    private void Sample(LoraAdapter? policy) => new PolicySampler(model, policy, rollouts).Sample([prompt], Answers, seed: 1);

    private void SampleBeside()
    {
        using var use = model.Use(adapter);
        Alidade.Models.Generation.TextGenerator.Generate(model, [.. Enumerable.Repeat(prompt.Ids, Answers)], new() { MaxNewTokens = New, Temperature = 1, Seed = 1 });
    }

    // From the end of the first update to the end of the second: what is made once for a training is not in it.
    private double Step(LoraAdapter? policy)
    {
        var ends = new List<long>();
        new PolicyTrainer
        {
            Model = model,
            Adapter = policy,
            Objective = PolicyObjectives.Dapo,
            Reward = new LengthTarget { Tokens = New },
            Rollouts = rollouts,
            Options = new() { BatchRows = Answers, MaxUpdates = 2, Schedule = new() { LearningRate = 1e-6 } },
        }.Train(new([prompt], new Dictionary<string, int>(), 0), context: new() { OnStep = _ => ends.Add(System.Diagnostics.Stopwatch.GetTimestamp()) });
        return System.Diagnostics.Stopwatch.GetElapsedTime(ends[0], ends[1]).TotalSeconds;
    }
}
