using Alidade.Training.Data;
using Alidade.Training.Rewards;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>
/// The answers of one rollout and all that is known of them: rows run prompt by prompt. Numbers of tokens lie on grids [rows, positions], 0 where no token stands, without
/// gradient; they live until the rollout is disposed.
/// </summary>
internal sealed class Answers : IDisposable
{
    private readonly Dictionary<string, Tensor> grids = new(StringComparer.Ordinal);

    /// <param name="prompts">The prompts.</param>
    /// <param name="rows">Answers, <paramref name="samples"/> to each prompt.</param>
    /// <param name="samples">Answers to each prompt.</param>
    /// <param name="scores">Reward of each answer.</param>
    public Answers(IReadOnlyList<PromptTokens> prompts, IReadOnlyList<AnsweredPrompt> rows, int samples, float[] scores)
    {
        (Prompts, Rows, Samples, Scores) = (prompts, rows, samples, scores);
        Width = rows.Count == 0 ? 0 : rows.Max(r => r.Ids.Count);
        Learned = [.. rows.Select(_ => true)];
    }

    public IReadOnlyList<PromptTokens> Prompts { get; }

    public IReadOnlyList<AnsweredPrompt> Rows { get; }

    public int Samples { get; }

    public float[] Scores { get; }

    /// <summary>Cost of each answer; null without a cost.</summary>
    public float[]? Costs { get; init; }

    /// <summary>Reward of the greedy answer to each prompt; null when nobody asked for it.</summary>
    public float[]? GreedyScores { get; init; }

    /// <summary>Reward of each answer by each of several rewards, [rows][rewards]; null where there is one.</summary>
    public float[][]? ScoresByReward { get; init; }

    /// <summary>Weights of several rewards; null where there is one.</summary>
    public float[]? RewardWeights { get; init; }

    /// <summary>False for answers that nothing is learned from.</summary>
    public bool[] Learned { get; init; }

    /// <summary>What happened while sampling: counts of what was left out.</summary>
    public IReadOnlyDictionary<string, double> Counts { get; init; } = new Dictionary<string, double>();

    /// <summary>Tokens of the longest answer.</summary>
    public int Width { get; }

    /// <summary>Tokens of prompts and answers, a prompt counted with each of its answers.</summary>
    public long Tokens => Enumerable.Range(0, Rows.Count).Sum(r => (long)PromptOf(r).Ids.Count + Rows[r].Ids.Count);

    public PromptTokens PromptOf(int row) => Prompts[row / Samples];

    /// <summary>A grid by name; null when it is not known.</summary>
    public Tensor? this[string name]
    {
        get => grids.GetValueOrDefault(name);
        set
        {
            if (grids.Remove(name, out var old))
                old.Dispose();
            if (value is not null)
                grids[name] = value.detach().clone().DetachFromDisposeScope();
        }
    }

    /// <summary>log π of each token on the whole vocabulary before the update: what a KL is of.</summary>
    public Tensor Whole => this[Grids.Unmasked] ?? this[Grids.Old]!;

    /// <summary>Some rows of a grid, cut to the longest of them, in the caller's scope.</summary>
    public Tensor? Select(string name, IReadOnlyList<int> rows, long width)
    {
        if (this[name] is not { } grid)
            return null;
        using var index = tensor(rows.Select(r => (long)r).ToArray(), device: grid.device);
        using var chosen = grid.index_select(0, index);
        return chosen.dim() == 1 ? chosen.alias() : chosen.narrow(1, 0, Math.Min(width, chosen.size(1)));
    }

    /// <summary>Puts rows into a grid, which is made when it is not there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rows">Which rows.</param>
    /// <param name="values">[rows, positions of the longest of them].</param>
    /// <param name="width">Positions of the whole grid.</param>
    public void Put(string name, IReadOnlyList<int> rows, Tensor values, int width)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (!grids.TryGetValue(name, out var grid))
            grids[name] = grid = zeros(Rows.Count, width, values.dtype, values.device).DetachFromDisposeScope();
        var index = tensor(rows.Select(r => (long)r).ToArray(), device: grid.device);
        grid.narrow(1, 0, values.size(1)).index_copy_(0, index, values.detach());
    }

    /// <summary>1 where a token stands, [rows, positions].</summary>
    public Tensor Mask(int width, Func<int, int> length, ScalarType type, Device device)
    {
        var mask = new float[Rows.Count * width];
        for (var row = 0; row < Rows.Count; row++)
            mask.AsSpan(row * width, length(row)).Fill(1);
        return tensor(mask, [Rows.Count, width], device: device).to(type);
    }

    /// <summary>What the sampler said of each token, where it said anything.</summary>
    public void PutSampled(ScalarType type, Device device)
    {
        if (Rows.Any(r => r.LogProbs.Count != r.Ids.Count))
            return;
        using var scope = NewDisposeScope();
        var values = new float[Rows.Count * Width];
        for (var row = 0; row < Rows.Count; row++)
            for (var t = 0; t < Rows[row].LogProbs.Count; t++)
                values[(row * Width) + t] = Rows[row].LogProbs[t];
        this[Grids.Old] = this[Grids.Sampled] = tensor(values, [Rows.Count, Width], device: device).to(type);
    }

    public void Dispose()
    {
        foreach (var grid in grids.Values)
            grid.Dispose();
        grids.Clear();
    }
}

/// <summary>Names of the grids.</summary>
internal static class Grids
{
    public const string Sampled = "log-probabilities of the sampler";
    public const string Old = "log-probabilities before the update";
    public const string Unmasked = "log-probabilities before the update, of the whole vocabulary";
    public const string Reference = "log-probabilities of the reference";
    public const string Values = "values";
    public const string CostValues = "values of costs";
    public const string Advantages = "advantages";
    public const string Returns = "returns";
    public const string CostReturns = "returns of costs";
}
