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
/// which gets a line for each update.
/// </summary>
public sealed class RealPolicyRunTests
{
    private const int Most = 32;

    [Theory]
    [InlineData("grpo")]
    [InlineData("ppo")]
    public void A_rule_raises_the_reward_of_a_real_model(string method)
    {
        var folder = Environment.GetEnvironmentVariable("ALIDADE_RUNS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "takes minutes: set ALIDADE_RUNS to a folder for its curves");
        var path = Path.Combine(GoldenFolder.Models, "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), "the real model is absent");
        using var model = CausalLM.Load(path);
        using var adapter = LoraAdapter.Create(model, "policy", new() { Rank = 16, Alpha = 32 }, seed: 1);
        var critic = method == "ppo" ? Critic.Over(model, new() { Rank = 16, Alpha = 32 }, seed: 2) : null;
        var file = Directory.EnumerateFiles(Path.Combine(GoldenFolder.Data, "hh_rlhf"), "*test*", SearchOption.AllDirectories).First(f => f.Contains("jsonl", StringComparison.Ordinal));
        var split = DataSplit.Of(PromptFile.Read(file).Rows, seed: 1);
        var tokenizer = new PromptTokenizer(model.Tokenizer, model.ChatTemplate, maxLength: 96);
        using var log = new StreamWriter(Path.Combine(folder!, method + ".tsv")) { AutoFlush = true };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        void Line(string kind, int update, IReadOnlyDictionary<string, double> numbers) => log.WriteLine(string.Join('\t',
            new[] { kind, $"{update}", watch.Elapsed.TotalSeconds.ToString("f1", CultureInfo.InvariantCulture) }.Concat(numbers.Select(n => n.Key + "=" + n.Value.ToString("g4", CultureInfo.InvariantCulture)))));
        var result = new PolicyTrainer
        {
            Model = model,
            Adapter = adapter,
            Critic = critic,
            Objective = method == "ppo" ? PolicyObjectives.Ppo : PolicyObjectives.Grpo,
            Reward = method == "ppo" ? new LengthTarget { Tokens = 12 } : new EndsWithQuestion(),
            Rollouts = new() { Prompts = method == "ppo" ? 32 : 4, Samples = method == "ppo" ? 1 : 8, MaxNewTokens = Most, Iterations = method == "ppo" ? 2 : 1 },
            Options = new()
            {
                BatchRows = 32,
                MaxUpdates = method == "ppo" ? 50 : 30,
                Schedule = new() { LearningRate = method == "ppo" ? 3e-4 : 5e-4 },
                Seed = 3,
            },
        }.Train(tokenizer.Tokenize(split.Train), tokenizer.Tokenize(split.HeldOut).Rows.Take(48).ToArray(), new()
        {
            OnStep = step => Line("update", step.Update, step.Values),
            OnHeldOut = point => Line("held-out", point.Update, point.Metrics),
            OnAnswers = (_, answers) => log.WriteLine(string.Join('\n', answers.Take(6).Select(a => $"answer\t{a.Reward}\t{a.Answer.ReplaceLineEndings(" ")}"))),
            Cancellation = TestContext.Current.CancellationToken,
        });
        critic?.Adapter?.Dispose();
        Assert.True(result.HeldOut[^1].Metrics["reward_low"] > result.HeldOut[0].Metrics["reward_high"], "the intervals of the reward before and after overlap");
    }
}
