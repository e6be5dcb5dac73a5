using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Chat;
using Alidade.Training.Data;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Rewards;

/// <summary>What a reward model reads.</summary>
public enum RewardText
{
    /// <summary>Prompt and answer as texts, through its own tokenizer and chat template, up to the very token at which its training reads the score (<see cref="RewardTokenizer"/>).</summary>
    Text,

    /// <summary>The tokens that the policy read and wrote: right where both have one tokenizer, as an adapter on the policy's base has.</summary>
    PolicyTokens,
}

/// <summary>A reward model: a language model with a scoring head, read at the last token of each answer. Each prompt is computed once for all of its answers.</summary>
/// <remarks>Ouyang et al. 2022 (arXiv 2203.02155), sec. 3.5.</remarks>
/// <param name="name">What runs and messages call it.</param>
/// <param name="model">The model; its scoring head or that of the adapter.</param>
/// <param name="adapter">The adapter that makes it a reward model; null for the model as it is.</param>
public sealed class ModelReward(string name, CausalLM model, LoraAdapter? adapter = null) : IReward
{
    private string? fingerprint;
    private RewardTokenizer? tokenizer;

    /// <summary>What is read. Default the texts.</summary>
    public RewardText Reads { get; init; } = RewardText.Text;

    /// <summary>Most tokens of one forward pass, but for a single prompt with its answers. It changes speed and memory, not numbers. Default 8192.</summary>
    public int BatchTokens { get; init; } = 8192;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Fingerprint => fingerprint ??= $"{Reads} {model.WeightsHash()}" + (adapter is null ? "" : " " + Fingerprints.Of(Trained.WeightsOf(model, adapter)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default) =>
        Task.FromResult<IReadOnlyList<RewardScore>>(Score(completions, cancellation));

    private RewardScore[] Score(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation)
    {
        using var use = adapter is null ? null : model.Use(adapter);
        if (!model.HasScoringHead)
            throw new AlidadeException($"'{name}' has no scoring head, so it is no reward model; train one, or load a sequence-classification model");
        var scores = new RewardScore[completions.Count];
        // One tree for each prompt: answers to it branch off.
        var trees = new Dictionary<string, (IReadOnlyList<int> Prompt, List<(int Index, IReadOnlyList<int> Answer)> Answers)>(StringComparer.Ordinal);
        for (var i = 0; i < scores.Length; i++)
        {
            var (prompt, answer) = TokensOf(completions[i]);
            if (prompt.Count + answer.Count > model.Config.ContextLength)
                scores[i] = RewardScore.None("longer than the reward model's context");
            else if (answer.Count == 0)
                scores[i] = RewardScore.None("the answer has no token");
            else
            {
                var key = string.Join(' ', prompt);
                if (!trees.TryGetValue(key, out var tree))
                    trees.Add(key, tree = (prompt, []));
                tree.Answers.Add((i, answer));
            }
        }

        foreach (var batch in Batches([.. trees.Values]))
        {
            cancellation.ThrowIfCancellationRequested();
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var values = model.Scores(Forest(batch)).to(ScalarType.Float64).cpu();
            if (values.size(1) != 1)
                throw new AlidadeException($"'{name}' gives {values.size(1)} scores to a text; a reward model gives one");
            foreach (var (value, index) in values.data<double>().ToArray().Zip(batch.SelectMany(t => t.Answers.Select(a => a.Index))))
                scores[index] = RewardScore.Of(value);
        }

        return scores;
    }

    private (IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer) TokensOf(AnsweredPrompt completion)
    {
        if (Reads == RewardText.PolicyTokens)
            return (completion.PromptIds, completion.Ids);
        // Whole, as it was trained: many templates write a line break after the mark that ends a turn, and the score stands there.
        int[] whole = [.. Tokenizer.Row(completion.Asked.Id, completion.Asked.Prompt, completion.Text).Answers[0]];
        var shared = Math.Min(whole.Length - 1, whole.AsSpan().CommonPrefixLength(TextEncoder.Of(model).Prompt(completion.Asked.Prompt)));
        return (whole[..shared], whole[shared..]);
    }

    private RewardTokenizer Tokenizer => tokenizer ??= new(model.Tokenizer, model.ChatTemplate, new() { MaxLength = null });

    private IEnumerable<(IReadOnlyList<int> Prompt, List<(int Index, IReadOnlyList<int> Answer)> Answers)[]> Batches(
        (IReadOnlyList<int> Prompt, List<(int Index, IReadOnlyList<int> Answer)> Answers)[] trees)
    {
        var batch = new List<(IReadOnlyList<int>, List<(int, IReadOnlyList<int>)>)>();
        var tokens = 0;
        foreach (var tree in trees)
        {
            var size = tree.Prompt.Count + tree.Answers.Sum(a => a.Answer.Count);
            if (batch.Count > 0 && tokens + size > BatchTokens)
            {
                yield return [.. batch];
                batch.Clear();
                tokens = 0;
            }

            batch.Add(tree);
            tokens += size;
        }

        if (batch.Count > 0)
            yield return [.. batch];
    }

    private static BranchedBatch Forest((IReadOnlyList<int> Prompt, List<(int Index, IReadOnlyList<int> Answer)> Answers)[] trees)
    {
        var segments = new List<Segment>();
        foreach (var (prompt, answers) in trees)
        {
            var parent = -1;
            if (prompt.Count > 0)
            {
                parent = segments.Count;
                segments.Add(new(prompt, new bool[prompt.Count], -1));
            }

            segments.AddRange(answers.Select(a => new Segment(a.Answer, new bool[a.Answer.Count], parent)));
        }

        return new(segments);
    }
}
