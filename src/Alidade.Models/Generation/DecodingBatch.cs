using Alidade.Core;
using Alidade.Models.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>
/// Rows that are decoded together: rows join between steps, each step gives every row one token, rows leave when they are done. Rows of any length share the
/// batch; a prompt that several newcomers share is read once, and what a kept cache or a running row begins with is not read again.
/// </summary>
/// <remarks>A row's random draws, penalties and stops are its own. Its logits are those it has alone up to the rounding of other shapes of matrix products
/// (about 10⁻⁶), so its text is the same except where two tokens are nearer than that.</remarks>
/// <param name="model">The model, with the adapter in use.</param>
/// <param name="prefixes">Keys and values of earlier texts; null for none.</param>
/// <param name="said">Told the logits of some rows' next places, [rows, vocabulary], instead of the rows, which somebody else gives their tokens; null where the rows choose.</param>
internal sealed class DecodingBatch(CausalLM model, PrefixCache? prefixes = null, Action<IReadOnlyList<GenerationRow>, Tensor>? said = null) : IDisposable
{
    // Prompts that are read together differ at most so much in length, so that little of their batch is padding.
    private const double LongestToShortest = 1.25;

    // A shorter beginning is read again: copying it would cost as much.
    private const int LeastShared = 16;

    /// <summary>Tokens of an answer that room is made for at first.</summary>
    public const int FirstRoom = 256;

    private readonly List<GenerationRow> rows = [];
    private CachedAttention? attention;

    /// <summary>The rows that are running.</summary>
    public IReadOnlyList<GenerationRow> Rows => rows;

    /// <summary>Tokens of keys and values that the batch holds, padding included.</summary>
    public int CacheTokens => attention is null ? 0 : attention.Held * rows.Count;

    /// <summary>Where the frequencies of rotary positions depend on the length of the sequence, rows of different length cannot share a batch.</summary>
    public static int MostRows(CausalLM model, int wanted) => model.Config.Rotary is { DependsOnLength: true } ? 1 : wanted;

    /// <summary>Reads the prompts of new rows and gives each its first token.</summary>
    /// <param name="newcomers">Rows that have no token yet.</param>
    /// <remarks>Prompts of similar length are read together, one group after the other. Where reading fails, for want of memory say, the groups before it have joined
    /// and the others have not.</remarks>
    /// <exception cref="AlidadeException">A prompt is empty or fills the context; no newcomer has joined then.</exception>
    public void Join(IReadOnlyList<GenerationRow> newcomers)
    {
        foreach (var row in newcomers)
            CheckPrompt(model, row.Prompt, row.Index);
        using var noGrad = no_grad();
        foreach (var group in Groups(newcomers))
            Read(group);
    }

    /// <summary>Fills the batch from a queue and gives every row one token.</summary>
    /// <returns>The rows that are done; they have left the batch.</returns>
    public IReadOnlyList<GenerationRow> Advance(Queue<GenerationRow> waiting, int mostRows)
    {
        if (rows.Count == mostRows || waiting.Count == 0)
            return Step();
        var newcomers = new List<GenerationRow>();
        while (rows.Count + newcomers.Count < mostRows && waiting.TryDequeue(out var row))
            newcomers.Add(row);
        var done = Step();
        Join(newcomers);
        return [.. done, .. Leave(row => row.Done)];
    }

    /// <summary>Gives every row its next token.</summary>
    /// <returns>The rows that are done; they have left the batch.</returns>
    public IReadOnlyList<GenerationRow> Step()
    {
        if (rows.Count == 0)
            return [];
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (model.Config.Rotary?.RereadBeyond is { } bound && attention!.LengthOf(0) == bound)
            Reread();
        else
            Choose(rows, CachedForward.Logits(model, attention!, [.. rows.Select(r => (long)r.Tokens[^1])], 1));
        return Leave(row => row.Done);
    }

    /// <summary>Takes rows out, whether they are done or not.</summary>
    /// <returns>The rows that left.</returns>
    public IReadOnlyList<GenerationRow> Leave(Func<GenerationRow, bool> leaves)
    {
        var left = new List<GenerationRow>();
        for (var i = rows.Count - 1; i >= 0; i--)
        {
            if (!leaves(rows[i]))
                continue;
            left.Add(rows[i]);
            prefixes?.Keep(model, rows[i].Tokens, attention!, i);
            rows[i] = rows[^1];
            rows.RemoveAt(rows.Count - 1);
            if (rows.Count > 0)
                attention!.Remove(i);
        }

        if (rows.Count == 0)
            Drop();
        return left;
    }

    public void Dispose() => Drop();

    private void Drop()
    {
        attention?.Dispose();
        attention = null;
    }

    /// <summary>Throws when a prompt is empty or leaves no room for an answer.</summary>
    public static void CheckPrompt(CausalLM model, IReadOnlyList<int> prompt, int index = 0)
    {
        var count = prompt.Count;
        if (count == 0 || count >= model.Config.ContextLength)
            throw new AlidadeException($"prompt {index} has {count} tokens; it must have at least 1 and leave room in the model's context of {model.Config.ContextLength}");
        foreach (var id in prompt)
            if (id < 0 || id >= model.Config.VocabularySize)
                throw new AlidadeException($"prompt {index} holds the token {id}; {model.Name} has tokens from 0 to {model.Config.VocabularySize - 1}");
    }

    // Rows of one prompt stand beside each other; prompts of a group differ little in length.
    private static IEnumerable<List<List<GenerationRow>>> Groups(IReadOnlyList<GenerationRow> newcomers)
    {
        var prompts = new List<List<GenerationRow>>();
        foreach (var row in newcomers.OrderBy(r => r.Prompt.Count))
            if (prompts.FindLast(p => p[0].Prompt.Count == row.Prompt.Count && p[0].Prompt.SequenceEqual(row.Prompt)) is { } same)
                same.Add(row);
            else
                prompts.Add([row]);
        var group = new List<List<GenerationRow>>();
        foreach (var prompt in prompts)
        {
            if (group.Count > 0 && prompt[0].Prompt.Count > LongestToShortest * group[0][0].Prompt.Count)
            {
                yield return group;
                group = [];
            }

            group.Add(prompt);
        }

        if (group.Count > 0)
            yield return group;
    }

    private void Read(List<List<GenerationRow>> group)
    {
        using var scope = NewDisposeScope();
        var prompts = group.ConvertAll(g => g[0].Prompt);
        var width = prompts.Max(p => p.Count);
        var capacity = Math.Min(group.Max(g => g.Max(r => r.MostTokens)), width + FirstRoom);
        var read = Begin(prompts, width, capacity);
        try
        {
            var count = width - read.Held;
            var logits = CachedForward.Logits(model, read, [.. prompts.SelectMany(p => Enumerable.Repeat(0L, Math.Max(0, count - p.Count)).Concat(p.Skip(p.Count - count).Select(id => (long)id)))], count);
            List<GenerationRow> joining = [.. group.SelectMany(g => g)];
            int[] promptOf = [.. group.SelectMany((g, i) => Enumerable.Repeat(i, g.Count))];
            if (joining.Count > group.Count)
                logits = logits.index_select(0, tensor(promptOf.Select(p => (long)p).ToArray(), device: logits.device));
            Choose(joining, logits);
            // A row that is done with its first token is in the batch until it leaves, like any other.
            read.Select(promptOf);
            if (attention is not null)
                attention.Join(read);
            else
                (attention, read) = (read, null);
            rows.AddRange(joining);
        }
        finally
        {
            read?.Dispose();
        }
    }

    // A cache for prompts of one width, which holds already what they all begin with, where that is known or worth reading once.
    private CachedAttention Begin(IReadOnlyList<IReadOnlyList<int>> prompts, int width, int capacity)
    {
        int[] paddings = [.. prompts.Select(p => width - p.Count)];
        CachedAttention Empty() => new(model.Config, paddings, capacity, model.Device, model.DType);
        var shared = prompts.Count == 1 ? width - 1 : SharedTokens(prompts);
        if (shared < LeastShared || shared < paddings.Max() || model.Config.Rotary is { DependsOnLength: true })
            return Empty();
        var known = Known(prompts[0], shared);
        if (prompts.Count == 1 || known.Tokens >= shared - LeastShared)
            return known.Tokens < LeastShared || known.Tokens < paddings.Max() ? Empty() : CopyOf(known, paddings, capacity);
        using var once = known.Tokens > 0 ? CopyOf(known, [0], shared) : new CachedAttention(model.Config, [0], shared, model.Device, model.DType);
        CachedForward.Hidden(model, once, [.. prompts[0].Skip(once.Held).Take(shared - once.Held).Select(id => (long)id)], shared - once.Held).Dispose();
        return once.Copy(0, shared, paddings, capacity);
    }

    private CachedAttention CopyOf(KnownPrefix known, int[] paddings, int capacity)
    {
        if (known.Cache != attention)
            prefixes!.TokensReused += known.Tokens;
        return known.Cache!.Copy(known.Row, known.Tokens, paddings, capacity);
    }

    // The longest beginning of a prompt that a kept cache or a running row holds.
    private KnownPrefix Known(IReadOnlyList<int> prompt, int most)
    {
        var best = prefixes?.Find(model, prompt, most) ?? default;
        for (var i = 0; i < rows.Count; i++)
            if (Math.Min(PrefixCache.Common(rows[i].Tokens, prompt, most), attention!.LengthOf(i)) is var tokens && tokens > best.Tokens)
                best = new(attention, i, tokens);
        return best;
    }

    // What all prompts begin with, less than the shortest of them.
    private static int SharedTokens(IReadOnlyList<IReadOnlyList<int>> prompts) =>
        prompts.Skip(1).Aggregate(prompts.Min(p => p.Count) - 1, (shared, prompt) => PrefixCache.Common(prompts[0], prompt, shared));

    // Beyond this length the keys would have been turned by other angles: everything is read again.
    private void Reread()
    {
        attention!.Forget();
        Choose(rows, CachedForward.Logits(model, attention, [.. rows[0].Tokens.Select(id => (long)id)], rows[0].Tokens.Count));
    }

    private void Choose(IReadOnlyList<GenerationRow> choosing, Tensor logits)
    {
        if (said is not null)
        {
            said(choosing, logits);
            return;
        }

        var scores = CachedForward.Scores(logits, out var vocabulary);
        for (var i = 0; i < choosing.Count; i++)
            choosing[i].Take(scores.Slice(i * vocabulary, vocabulary));
    }
}
