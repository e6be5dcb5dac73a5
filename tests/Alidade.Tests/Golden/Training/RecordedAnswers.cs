using System.Text.Json;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers.Policy;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>Answers of a recorded run.</summary>
/// <param name="trace">The run.</param>
/// <param name="golden">Where numbers of its rollouts are compared.</param>
/// <param name="check">How far the replays of the golden folder are from the run, by kind of number.</param>
internal abstract class RecordedAnswers(JsonElement trace, GoldenCase golden, JsonElement check) : IAnswerSource
{
    protected JsonElement Trace => trace;

    protected GoldenCase Golden => golden;

    public abstract int Rollouts { get; }

    public abstract int Updates { get; }

    public abstract Answers Next(PolicyState state);

    public abstract IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration);

    protected int Size => (int)PolicyTraceGoldenTests.Number(trace, "per_device_train_batch_size");

    protected int Accumulation => (int)PolicyTraceGoldenTests.Number(trace, "gradient_accumulation_steps");

    protected static int[] Ints(JsonElement row) => [.. row.EnumerateArray().Select(v => v.GetInt32())];

    protected static PromptTokens PromptOf(int[] ids) => new(ids, new("recorded", Prompt.OfText(""), new Dictionary<string, JsonElement>()));

    protected static AnsweredPrompt AnswerOf(int[] prompt, int[] ids, bool ended) => new(PromptOf(prompt).Source, "", prompt, ids, ended);

    /// <summary>The README's rule for numbers that have no tolerance in the index: eight times what the replays differ by, not below 5e-6.</summary>
    protected double Tolerance(string kind) => Math.Max(5e-6, 8 * new[] { "float32", "float64" }.Max(t => check.GetProperty(t).GetProperty(kind).GetDouble()));

    protected void Close(string what, double expected, double actual, string kind) => golden.Close(what, expected, actual, Tolerance(kind));

    /// <summary>What was recorded of each token of a rollout, or of each answer for all of its tokens.</summary>
    protected void CompareTokens(Answers answers, string grid, int rollout, JsonElement recorded, string name)
    {
        var rows = recorded.GetProperty(name);
        var values = answers[grid] ?? throw new InvalidOperationException($"'{name}' was recorded, and Alidade did not compute the {grid}");
        for (var r = 0; r < answers.Rows.Count; r++)
        {
            var length = answers.Rows[r].Ids.Count;
            // What nothing is learned from was masked there, so that its numbers mean nothing.
            if (!answers.Learned[r])
                continue;
            float[] own = [.. values[r].data<float>()];
            for (var t = 0; t < Math.Min(own.Length, length); t++)
                Close($"rollout {rollout}, answer {r}, token {t}, {name}", (rows[r].ValueKind == JsonValueKind.Array ? rows[r][t] : rows[r]).GetDouble(), own[t], name);
        }
    }
}

/// <summary>GRPO and RLOO: some answers to each prompt, shuffled once and cut into slices.</summary>
internal sealed class RecordedGroups(JsonElement trace, GoldenCase golden, JsonElement check) : RecordedAnswers(trace, golden, check)
{
    public override int Rollouts => Trace.GetProperty("generations").GetArrayLength();

    public override int Updates => Trace.GetProperty("steps").GetArrayLength();

    public override Answers Next(PolicyState state)
    {
        var generation = Trace.GetProperty("generations")[state.Count(PolicyNumber.Rollouts)];
        state[PolicyNumber.Rollouts]++;
        int[][] prompts = [.. Rows(generation, "prompt_ids", "prompt_mask")], answers = [.. generation.GetProperty("completion_ids").EnumerateArray().Select(Ints)];
        int[] lengths = [.. generation.GetProperty("completion_mask").EnumerateArray().Select(m => Ints(m).Sum())];
        var end = Trace.GetProperty("eos_token_id").GetInt32();
        // A truncated answer that is not learned from has an empty mask there.
        AnsweredPrompt[] rows = [.. answers.Select((ids, i) => lengths[i] == 0 ? ids : ids[..lengths[i]]).Select((ids, i) => AnswerOf(prompts[i], ids, ids[^1] == end))];
        var samples = (int)PolicyTraceGoldenTests.Number(Trace, "num_generations");
        var scores = generation.GetProperty("rewards_per_func").EnumerateArray().Select(r => r.EnumerateArray().Select(v => (float)v.GetDouble()).Sum());
        if (Trace.GetProperty("options").TryGetProperty("reward_clip_range", out var range) && range.ValueKind == JsonValueKind.Array)
            scores = scores.Select(s => Math.Clamp(s, (float)range[0].GetDouble(), (float)range[1].GetDouble()));
        return new([.. prompts.Chunk(samples).Select(p => PromptOf(p[0]))], rows, samples, [.. scores]) { Learned = [.. lengths.Select(l => l > 0)] };
    }

    public override IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration)
    {
        var generation = Trace.GetProperty("generations")[rollout];
        if (iteration == 0)
            CompareTokens(answers, Grids.Advantages, rollout, generation, "advantages");
        var order = Ints(generation.GetProperty("shuffle"));
        return [.. order.Chunk(order.Length / (int)PolicyTraceGoldenTests.Number(Trace, "steps_per_generation")).Chunk(Accumulation)];
    }

    private static IEnumerable<int[]> Rows(JsonElement generation, string ids, string mask) =>
        generation.GetProperty(ids).EnumerateArray().Zip(generation.GetProperty(mask).EnumerateArray(), (row, counts) => Ints(row).Where((_, i) => counts[i].GetInt32() == 1).ToArray());
}

/// <summary>PPO: one answer to each prompt, scored by the reward model, a new order in every epoch.</summary>
internal sealed class RecordedPpo(JsonElement trace, GoldenCase golden, JsonElement check, double tolerance, CausalLM reward) : RecordedAnswers(trace, golden, check)
{
    public override int Rollouts => Trace.GetProperty("updates").GetArrayLength();

    public override int Updates => Trace.GetProperty("updates").EnumerateArray().Sum(u => u.GetProperty("micro").EnumerateArray().Count(m => m.TryGetProperty("grad_norm", out _)));

    public override Answers Next(PolicyState state)
    {
        var update = Trace.GetProperty("updates")[state.Count(PolicyNumber.Rollouts)];
        state[PolicyNumber.Rollouts]++;
        int pad = Trace.GetProperty("pad_token_id").GetInt32(), end = Trace.GetProperty("eos_token_id").GetInt32();
        int[][] prompts = [.. update.GetProperty("queries").EnumerateArray().Select(q => Ints(q).SkipWhile(id => id == pad).ToArray())];
        AnsweredPrompt[] rows = [.. update.GetProperty("responses").EnumerateArray().Select((r, i) =>
        {
            var ids = Ints(r);
            var at = Array.IndexOf(ids, end);
            return AnswerOf(prompts[i], at < 0 ? ids : ids[..(at + 1)], at >= 0);
        })];
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var scores = reward.Scores(BranchedBatch.OfTexts(prompts.Zip(rows, (p, r) => (IReadOnlyList<int>)[.. p, .. r.Ids]))).squeeze(1).data<float>().ToArray();
        foreach (var (expected, actual) in update.GetProperty("scores").EnumerateArray().Select(s => s.GetDouble()).Zip(scores))
            Golden.Close("score of the reward model", expected / Math.Max(1, Math.Abs(expected)), actual / Math.Max(1, Math.Abs(expected)), tolerance);
        return new([.. prompts.Select(PromptOf)], rows, 1, scores);
    }

    public override IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration)
    {
        var update = Trace.GetProperty("updates")[rollout];
        if (iteration == 0)
        {
            CompareTokens(answers, Grids.Old, rollout, update, "logprobs");
            CompareTokens(answers, Grids.Values, rollout, update, "values");
            CompareTokens(answers, Grids.Advantages, rollout, update, "advantages");
        }

        return [.. Ints(update.GetProperty("permutations")[iteration]).Chunk(Size).Chunk(Accumulation)];
    }
}
