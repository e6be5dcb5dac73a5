using Alidade.Core;
using Alidade.Models.Attention;
using Alidade.Models.Generation.Processors;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>When a beam search ends before its limit.</summary>
public enum EarlyStopping
{
    /// <summary>As soon as as many sequences are finished as there are beams.</summary>
    WhenFull,

    /// <summary>When the best running beam, at its present length, would not beat the worst finished sequence.</summary>
    WhenUnlikely,

    /// <summary>When no running beam can beat the worst finished sequence any more: under a positive length penalty it is judged at the longest length.</summary>
    WhenImpossible,
}

/// <summary>How wide a beam search is and how it compares sequences.</summary>
public sealed record BeamOptions
{
    /// <summary>Sequences that are followed at once. Default 4.</summary>
    public int Beams { get; init; } = 4;

    /// <summary>A sequence's score is Σ log p / length^penalty: above 0 favours long ones, below 0 short ones. Default 1.</summary>
    public double LengthPenalty { get; init; } = 1;

    /// <summary>When the search ends. Default <see cref="EarlyStopping.WhenUnlikely"/>, as transformers' <c>False</c>.</summary>
    public EarlyStopping EarlyStopping { get; init; } = EarlyStopping.WhenUnlikely;

    /// <summary>Checks every value.</summary>
    /// <exception cref="AlidadeException">Some are out of range; the message names all of them.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        if (Beams is < 1 or > 1024)
            wrong.Add($"beams is {Beams}, it must be from 1 to 1024");
        if (!double.IsFinite(LengthPenalty))
            wrong.Add($"length penalty is {LengthPenalty}, it must be a number");
        if (wrong.Count > 0)
            throw new AlidadeException(string.Join("; ", wrong));
    }
}

/// <summary>A sequence that a beam search found.</summary>
/// <param name="Ids">The generated tokens, the end token included where there is one.</param>
/// <param name="Text">Their text, the end token left out.</param>
/// <param name="Score">Σ log p / length^penalty, the end token included.</param>
/// <param name="Reason">Why it ended.</param>
public sealed record Beam(IReadOnlyList<int> Ids, string Text, double Score, StopReason Reason);

/// <summary>
/// Beam search: the likeliest sequences, several followed at once. 1. Every beam's best continuations are candidates. 2. Those among the best that end are
/// finished. 3. The best that do not end are the next beams. 4. The search ends when no beam promises more than what is finished.
/// </summary>
/// <remarks>The rules of transformers 5.23: only a candidate among the best <see cref="BeamOptions.Beams"/> may finish, and a sequence that the limit cuts counts
/// as finished. Biases, penalties and bans work on log-probabilities here, on logits in sampling.</remarks>
public static class BeamSearch
{
    /// <summary>Searches the continuations of a prompt.</summary>
    /// <param name="model">The model, with the adapter in use.</param>
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="options">Limits, biases, penalties and bans; what only sampling has is refused.</param>
    /// <param name="beams">How wide, and how sequences are compared.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>At most as many sequences as there are beams, best first.</returns>
    /// <exception cref="AlidadeException">An option is out of range, or of no use in a beam search; the prompt is empty or fills the context.</exception>
    public static IReadOnlyList<Beam> Search(CausalLM model, IReadOnlyList<int> prompt, GenerationOptions options, BeamOptions beams, CancellationToken cancellation = default)
    {
        options.Validate(model);
        beams.Validate();
        RefuseSampling(options);
        var row = new GenerationRow(0, prompt, model, options);
        DecodingBatch.CheckPrompt(model, prompt);
        var limit = row.MostTokens - prompt.Count;
        using var noGrad = no_grad();
        using var cache = new CachedAttention(model.Config, [0], Math.Min(row.MostTokens, prompt.Count + DecodingBatch.FirstRoom), model.Device, model.DType);
        var search = new State(row, options, beams, limit);
        long[] ids = [.. prompt.Select(id => (long)id)];
        for (var step = 1; ; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (step > 1 && model.Config.Rotary?.RereadBeyond == cache.Held)
                ids = Reread(cache, search);
            if (!Step(model, cache, ids, search, step))
                break;
            cache.Select([.. search.Running.Select(r => r.Parent)]);
            ids = [.. search.Running.Select(r => (long)r.Tokens[^1])];
        }

        return [.. search.Finished.Select(f => new Beam(
            f.Tokens[prompt.Count..],
            model.HasTokenizer ? model.Tokenizer.Decode(f.Ended ? f.Tokens[prompt.Count..^1] : f.Tokens[prompt.Count..]) : "",
            f.Score,
            f.Ended ? StopReason.EndToken : limit < options.MaxNewTokens ? StopReason.Context : StopReason.Length))];
    }

    private static bool Step(CausalLM model, CachedAttention cache, long[] ids, State search, int step)
    {
        using var scope = NewDisposeScope();
        var scores = CachedForward.Scores(CachedForward.Logits(model, cache, ids, ids.Length / cache.Rows), out var vocabulary);
        return search.Advance(scores, vocabulary, step);
    }

    // Beyond this length all keys would be turned by other angles: the beams are read again.
    private static long[] Reread(CachedAttention cache, State search)
    {
        cache.Forget();
        return [.. search.Running.SelectMany(r => r.Tokens).Select(id => (long)id)];
    }

    private static void RefuseSampling(GenerationOptions options)
    {
        string[] refused = [.. new[]
        {
            (options.Temperature != 0, "temperature"),
            (options.TopLogProbs > 0, "top log-probs"),
            (options.Stop.Count > 0, "stop texts"),
            (options.Constraint is not null, "constraints"),
        }.Where(o => o.Item1).Select(o => o.Item2), .. options.FiltersInUse()];
        if (refused.Length > 0)
            throw new NotBuiltException($"beam search does not work with {string.Join(", ", refused)}; leave them out, or sample");
    }

    private readonly record struct Candidate(int Parent, int[] Tokens, double Sum);

    private readonly record struct Sequence(int[] Tokens, double Score, bool Ended);

    private sealed class State(GenerationRow row, GenerationOptions options, BeamOptions beams, int limit)
    {
        private readonly IScoreProcessor[] rules = [.. ScoreProcessors.Rules(options, row.EndTokens)];
        private readonly int wanted = (1 + Math.Max(1, row.EndTokens.Count)) * beams.Beams;

        public List<Candidate> Running { get; private set; } = [new(0, [.. row.Prompt], 0)];

        // Best first.
        public List<Sequence> Finished { get; private set; } = [];

        // False when the search is over.
        public bool Advance(Span<float> scores, int vocabulary, int step)
        {
            // 1. The best continuations of all beams together.
            var candidates = new List<Candidate>(Running.Count * wanted);
            for (var i = 0; i < Running.Count; i++)
            {
                var mine = scores.Slice(i * vocabulary, vocabulary);
                var logSum = (float)Softmax.LogSumExp(mine);
                System.Numerics.Tensors.TensorPrimitives.Subtract(mine, logSum, mine);
                foreach (var rule in rules)
                    rule.Apply(mine, new(Running[i].Tokens, row.Prompt.Count));
                foreach (var id in Selection.LargestIds(mine, Math.Min(wanted, vocabulary)))
                    if (!float.IsNegativeInfinity(mine[id]))
                        candidates.Add(new(i, [.. Running[i].Tokens, id], Running[i].Sum + mine[id]));
            }

            candidates = [.. candidates.OrderByDescending(c => c.Sum).Take(wanted)];

            // 2. What ends among the best.
            bool Ends(Candidate c) => row.EndTokens.Contains(c.Tokens[^1]) || step >= limit;
            foreach (var c in candidates.Take(beams.Beams).Where(Ends))
                Finished.Add(new(c.Tokens, c.Sum / Math.Pow(step, beams.LengthPenalty), row.EndTokens.Contains(c.Tokens[^1])));
            Finished = [.. Finished.OrderByDescending(f => f.Score).Take(beams.Beams)];

            // 3. The next beams.
            Running = [.. candidates.Where(c => !Ends(c)).Take(beams.Beams)];
            if (Running.Count == 0)
                return false;

            // 4. Whether it is worth going on.
            if (Finished.Count < beams.Beams)
                return true;
            var length = beams is { EarlyStopping: EarlyStopping.WhenImpossible, LengthPenalty: > 0 } ? limit : step;
            return beams.EarlyStopping != EarlyStopping.WhenFull && Running[0].Sum / Math.Pow(length, beams.LengthPenalty) > Finished[^1].Score;
        }
    }
}
