using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models.Generation.Constraints;
using Alidade.Models.Generation.Processors;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Generation;

/// <summary>
/// One prompt on its way: its own history, options and random state, the text so far, and how it ended. Given the logits of its places, what it says does not
/// depend on the rows beside it.
/// </summary>
internal sealed class GenerationRow
{
    private static readonly IReadOnlySet<int> None = new HashSet<int>();

    private readonly CausalLM model;
    private readonly GenerationOptions options;
    private readonly IScoreProcessor[] rules;
    private readonly IScoreProcessor[] filters;
    private readonly bool changesScores;
    private readonly SeededRandom random;
    private readonly ConstraintWalk? constraint;
    private readonly StopTexts stops;
    // A model without a tokenizer generates ids without text.
    private readonly StreamingDecoder? stream;
    private readonly List<int> tokens;
    private readonly List<double> logProbs = [];
    private readonly List<double> drawnLogProbs = [];
    private readonly List<int> endOfTurn = [];
    private readonly List<TokenSet> allowed = [];
    private readonly List<IReadOnlyList<TokenCandidate>> top = [];
    private readonly StringBuilder text = new();
    private int shownText;
    private int shownTokens;

    /// <param name="index">Number of the row in its call; rows of one seed draw apart.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">Checked options.</param>
    public GenerationRow(int index, IReadOnlyList<int> prompt, CausalLM model, GenerationOptions options)
    {
        (Index, Prompt, this.model, this.options) = (index, prompt, model, options);
        EndTokens = options.IgnoreEndTokens ? None : options.EndTokens is { } own ? own.ToHashSet() : model.EndTokens;
        rules = [.. ScoreProcessors.Rules(options, EndTokens)];
        filters = [.. ScoreProcessors.Filters(options)];
        random = new SeededRandom(options.Seed).Fork(FormattableString.Invariant($"row {index}"));
        constraint = options.Constraint?.Start(model.Tokenizer, EndTokens);
        changesScores = constraint is not null || rules.Length > 0 || options.Temperature > 0;
        stops = new(options.Stop);
        stream = model.HasTokenizer ? model.Tokenizer.CreateStream(skipSpecialTokens: false) : null;
        tokens = [.. prompt];
    }

    /// <summary>Number of the row in its call.</summary>
    public int Index { get; }

    /// <summary>The prompt.</summary>
    public IReadOnlyList<int> Prompt { get; }

    /// <summary>Tokens that end the row.</summary>
    public IReadOnlySet<int> EndTokens { get; }

    /// <summary>Prompt and generated tokens.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>Most tokens that prompt and answer can come to.</summary>
    public int MostTokens => options.MostTokens(Prompt.Count, model.Config.ContextLength);

    /// <summary>Set once the row is done.</summary>
    public Generated? Result { get; private set; }

    /// <summary>Set when no token could be chosen.</summary>
    public AlidadeException? Fault { get; private set; }

    /// <summary>True once the row has a result or a fault.</summary>
    public bool Done => Result is not null || Fault is not null;

    private int Count => tokens.Count - Prompt.Count;

    /// <summary>Says which tokens may come next; a row that nobody says it to is free.</summary>
    public void Allow(TokenSet tokensOfNext) => allowed.Add(tokensOfNext);

    /// <summary>Chooses the next token from its logits; where none is allowed, the row has a <see cref="Fault"/>.</summary>
    /// <param name="logits">[vocabulary]; used up.</param>
    public void Take(Span<float> logits)
    {
        var raw = changesScores || allowed.Count > 0 ? ArrayPool<float>.Shared.Rent(logits.Length) : null;
        try
        {
            var logSum = Softmax.LogSumExp(logits);
            IReadOnlyList<TokenCandidate> best = options.TopLogProbs == 0 ? [] : Candidates(logits, logSum);
            if (raw is not null)
                logits.CopyTo(raw);
            if (allowed.Count > 0)
                allowed[^1].Mask(logits);
            constraint?.Mask(logits, MostTokens - tokens.Count);
            var history = new TokenHistory(CollectionsMarshal.AsSpan(tokens), Prompt.Count);
            foreach (var rule in rules)
                rule.Apply(logits, history);
            foreach (var filter in filters)
                filter.Apply(logits, history);
            var drawn = 0.0;
            var token = options.Temperature == 0 ? TokenDraw.Best(logits) : TokenDraw.Sample(logits, random, out drawn);
            drawnLogProbs.Add(drawn);
            Push(token, (raw is null ? logits[token] : raw[token]) - logSum, best);
        }
        catch (AlidadeException fault)
        {
            Fault = fault;
        }
        finally
        {
            if (raw is not null)
                ArrayPool<float>.Shared.Return(raw);
        }
    }

    /// <summary>What has come since the last call: text that will not be taken back, and tokens.</summary>
    public GenerationChunk TakeChunk()
    {
        // A stop text that may be on its way has not been shown, so what is left tells how much of it is safe.
        var rest = Result is { Text: var all } ? all[shownText..] : text.ToString(shownText, text.Length - shownText);
        var piece = Result is null ? rest[..stops.SafeLength(rest)] : rest;
        shownText += piece.Length;
        var news = new TokenLogProb[Count - shownTokens];
        for (var i = 0; i < news.Length; i++)
        {
            var at = shownTokens + i;
            news[i] = new(tokens[Prompt.Count + at], TextOf(tokens[Prompt.Count + at]), logProbs[at], top.Count > 0 ? top[at] : []);
        }

        shownTokens = Count;
        return new(piece, news, Result);
    }

    private void Push(int token, double logProb, IReadOnlyList<TokenCandidate> best)
    {
        if (EndTokens.Contains(token))
        {
            endOfTurn.Add(token);
            Finish(StopReason.EndToken, null);
            return;
        }

        tokens.Add(token);
        logProbs.Add(logProb);
        if (options.TopLogProbs > 0)
            top.Add(best);
        var known = text.Length;
        text.Append(stream?.Push(token));
        constraint?.Push(token);
        if (options.Stop.Count > 0 && stops.Find(text, known) is >= 0 and var at)
            Finish(StopReason.StopText, at);
        else if (constraint is { Complete: true } || (constraint is { Accepting: true } && tokens.Count >= MostTokens))
            Finish(StopReason.Constraint, null);
        else if (Count >= options.MaxNewTokens)
            Finish(StopReason.Length, null);
        else if (tokens.Count >= model.Config.ContextLength)
            Finish(StopReason.Context, null);
    }

    private void Finish(StopReason reason, int? cut)
    {
        text.Append(stream?.Flush());
        var all = text.ToString();
        var ids = tokens[Prompt.Count..];
        Result = new(ids, cut is { } at ? all[..at] : all, reason, logProbs) { Top = top, DrawnIds = [.. ids, .. endOfTurn], DrawnLogProbs = drawnLogProbs, Allowed = allowed };
    }

    private TokenCandidate[] Candidates(ReadOnlySpan<float> logits, double logSum)
    {
        var ids = Selection.LargestIds(logits, Math.Min(options.TopLogProbs, logits.Length));
        var candidates = new TokenCandidate[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            candidates[i] = new(ids[i], TextOf(ids[i]), logits[ids[i]] - logSum);
        return candidates;
    }

    private string TextOf(int id) => model.HasTokenizer ? model.Tokenizer.TokenText(id) : "";
}
