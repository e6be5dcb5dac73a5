using System.Globalization;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Golden;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Tests.Training.Trainers.Policy;

/// <summary>
/// Reinforcement learning of a real instruction-tuned model of 135 M weights with LoRA on prompts of Anthropic's HH data, minutes each: run when ALIDADE_RUNS names a folder,
/// which gets a file of curves and answers.
/// </summary>
public sealed class RealPolicyRunTests
{
    private static readonly LoraOptions Lora = new() { Rank = 16, Alpha = 32 };

    [Fact]
    public void GRPO_teaches_a_real_model_a_length() => Rises("grpo", _ => null, new LengthTarget { Tokens = 12 }, new()
    {
        Prompts = 4,
        Samples = 8,
        MaxNewTokens = 24,
    }, updates: 30);

    [Fact]
    public void GRPO_teaches_a_real_model_to_end_with_a_question() => Rises("question", _ => null, new WeightedReward(
        (new EndsWithQuestion(), 1), (new ContainsText { Text = "?" }, 0.3), (new LengthTarget { Tokens = 16 }, 0.3)), new()
        {
            Prompts = 4,
            Samples = 8,
            MaxNewTokens = 24,
        }, updates: 60);

    [Fact]
    public void PPO_teaches_a_real_model_a_length() => Rises("ppo", model => Critic.Over(model, Lora, seed: 2), new LengthTarget { Tokens = 12 }, new()
    {
        Prompts = 32,
        Samples = 1,
        MaxNewTokens = 24,
        Iterations = 2,
    }, updates: 40);

    private static void Rises(string name, Func<CausalLM, Critic?> criticOf, IReward reward, RolloutOptions rollouts, int updates)
    {
        var folder = Environment.GetEnvironmentVariable("ALIDADE_RUNS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "takes minutes: set ALIDADE_RUNS to a folder for its curves");
        var path = Path.Combine(GoldenFolder.Models, "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), "the real model is absent");
        using var model = CausalLM.Load(path);
        using var adapter = LoraAdapter.Create(model, "policy", Lora, seed: 1);
        var critic = criticOf(model);
        var data = Directory.EnumerateFiles(Path.Combine(GoldenFolder.Data, "hh_rlhf"), "test.jsonl*", SearchOption.AllDirectories).First();
        var split = DataSplit.Of(PromptFile.Read(data, new() { DropInvalidRows = true }).Rows, seed: 1);
        var tokenizer = new PromptTokenizer(model.Tokenizer, model.ChatTemplate, maxLength: 64);
        using var log = new StreamWriter(Path.Combine(folder!, name + ".tsv")) { AutoFlush = true };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        void Line(string kind, int update, IReadOnlyDictionary<string, double> numbers) => log.WriteLine(string.Join('\t',
            new[] { kind, $"{update}", watch.Elapsed.TotalSeconds.ToString("f1", CultureInfo.InvariantCulture) }.Concat(numbers.Select(n => n.Key + "=" + n.Value.ToString("g4", CultureInfo.InvariantCulture)))));
        var result = new PolicyTrainer
        {
            Model = model,
            Adapter = adapter,
            Critic = critic,
            Objective = critic is null ? PolicyObjectives.Grpo : PolicyObjectives.Ppo,
            Reward = reward,
            Rollouts = rollouts,
            Options = new() { BatchRows = 32, MaxUpdates = updates, Schedule = new() { LearningRate = 2e-4, Warmup = 3 }, Seed = 3 },
        }.Train(tokenizer.Tokenize(split.Train), tokenizer.Tokenize(split.HeldOut).Rows.Take(32).ToArray(), new()
        {
            OnStep = step => Line("update", step.Update, step.Values),
            OnHeldOut = point => Line("held-out", point.Update, point.Metrics),
            OnAnswers = (_, answers) => log.WriteLine(string.Join('\n', answers.Take(6).Select(a => string.Create(CultureInfo.InvariantCulture, $"answer\t{a.Reward}\t{a.Answer.ReplaceLineEndings(" ")}")))),
            Cancellation = TestContext.Current.CancellationToken,
        });
        critic?.Adapter?.Dispose();
        Assert.True(result.HeldOut[^1].Metrics["reward_low"] > result.HeldOut[0].Metrics["reward_high"], "the intervals of the reward before and after overlap");
    }
}
