using System.Diagnostics;
using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Evaluation.Likelihood;
using Alidade.Evaluation.Tasks.Filters;
using Alidade.Models;
using Alidade.Models.Generation;

namespace Alidade.Evaluation.Engine;

/// <summary>
/// A local model, with the adapter in use. Log-likelihoods are computed with every shared beginning once; generated texts are decoded together. A plain text that
/// does not fit loses its beginning, which is told (<see cref="ContinuationScores.Truncated"/>); a conversation that does not fit is not asked, as without its
/// beginning it is none, and a continuation that does not fit is not scored.
/// </summary>
/// <param name="model">The model; it belongs to the caller.</param>
/// <param name="identity">What distinguishes its answers from those of other models: a hash of weights, adapter and template.</param>
public sealed class LocalModel(CausalLM model, string identity) : IEvaluatedModel
{
    /// <summary>Prompts that are generated from together.</summary>
    private const int GeneratedTogether = 32;

    /// <summary>Reason of a request whose continuation does not fit into the context.</summary>
    public const string TooLong = "longer than the model's context";

    // Plan and answer see the same request; its tokens are made once.
    private readonly ConditionalWeakTable<Request, Encoded> encoded = [];

    /// <summary>The model.</summary>
    public CausalLM Model => model;

    /// <summary>
    /// Most tokens that the model reads at once; its context by default. The last token of a continuation is not read, only predicted, so that context and
    /// continuation may have one more together.
    /// </summary>
    public int MaxLength { get; init; } = model.Config.ContextLength;

    /// <summary>How prompts become tokens. Another way is another <see cref="Identity"/>.</summary>
    public PromptOptions Prompts { get; init; } = new();

    /// <inheritdoc/>
    public string Name => model.Name;

    /// <inheritdoc/>
    public string Identity { get; } = identity;

    /// <inheritdoc/>
    public bool GivesLogLikelihoods => true;

    /// <inheritdoc/>
    public bool IsChat => model.ChatTemplate is not null;

    /// <inheritdoc/>
    public int Concurrency => 1;

    /// <inheritdoc/>
    public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests)
    {
        var plan = new List<IReadOnlyList<int>>();
        int[] scored = [.. Where(requests, r => r is not GenerationRequest)];
        // A text of several windows is one request: its windows are computed in the same batch.
        plan.AddRange(LogLikelihoods.Plan([.. scored.Select(i => EncodedOf(requests[i]) is { Parts: { Count: > 0 } parts } ? new LikelihoodRequest(parts[0].Context, [.. parts.SelectMany(p => p.Continuations)]) : new([], []))])
            .Select(b => (IReadOnlyList<int>)[.. b.Select(i => scored[i])]));
        foreach (var alike in Where(requests, r => r is GenerationRequest).GroupBy(i => OptionsOf((GenerationRequest)requests[i])))
            plan.AddRange(alike.OrderBy(i => EncodedOf(requests[i]).Prompt!.Count).Chunk(GeneratedTogether).Select(b => (IReadOnlyList<int>)b));
        return plan;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var responses = batch[0] is GenerationRequest ? Generate(batch, cancellation) : Score(batch);
        var seconds = watch.Elapsed.TotalSeconds / batch.Count;
        return Task.FromResult<IReadOnlyList<Response>>([.. responses.Select(r => r with { Seconds = seconds })]);
    }

    private Response[] Score(IReadOnlyList<Request> batch)
    {
        var parts = batch.Select(EncodedOf).ToArray();
        LikelihoodRequest[] requests = [.. parts.SelectMany(p => p.Parts)];
        var (likelihoods, read) = requests.Length == 0 ? ([], 0) : LogLikelihoods.OfBatch(model, requests);
        var responses = new Response[batch.Count];
        for (int i = 0, at = 0; i < batch.Count; at += parts[i].Parts.Count, i++)
            responses[i] = Score(batch[i], parts[i], [.. likelihoods.Skip(at).Take(parts[i].Parts.Count)]);
        // What is shared cannot be told apart; the batch's tokens are shared out evenly.
        for (var i = 0; i < responses.Length; i++)
            responses[i] = responses[i] with { Tokens = (read * (i + 1) / responses.Length) - (read * i / responses.Length) };
        return responses;
    }

    private static Response Score(Request request, Encoded encoded, IReadOnlyList<IReadOnlyList<Likelihood.Likelihood>> likelihoods) => request switch
    {
        ContinuationRequest when encoded.Parts.Count == 0 => new Unanswered(TooLong, "the continuation, or the conversation before it, does not fit into the model's context"),
        ContinuationRequest => new ContinuationScores([.. likelihoods.SelectMany(l => l).Select(l => new ContinuationScore(l.LogProb, l.Tokens, l.IsGreedy))], encoded.Truncated),
        _ => new RollingScore(likelihoods.Sum(l => l[0].LogProb), likelihoods.Sum(l => l[0].Tokens), likelihoods.Count),
    };

    private Response[] Generate(IReadOnlyList<Request> batch, CancellationToken cancellation)
    {
        var first = (GenerationRequest)batch[0];
        var prompts = batch.Select(EncodedOf).ToArray();
        var fitting = Enumerable.Range(0, batch.Count).Where(i => prompts[i].Prompt!.Count > 0).ToArray();
        var options = new GenerationOptions
        {
            MaxNewTokens = first.MaxNewTokens,
            Stop = first.Stop,
            Temperature = first.Temperature,
            TopP = first.TopP,
            Seed = first.Seed,
            TopLogProbs = first.TopLogProbs,
        };
        // Samples of one prompt stand together, so that its prefix is read once.
        var generated = TextGenerator.Generate(model, [.. fitting.SelectMany(i => Enumerable.Repeat(prompts[i].Prompt!, first.Samples))], options, cancellation: cancellation);
        var responses = batch.Select(r => (Response)new Unanswered(TooLong, "the prompt leaves no room for an answer")).ToArray();
        for (var f = 0; f < fitting.Length; f++)
        {
            var prompt = prompts[fitting[f]];
            Generated[] own = [.. generated.Skip(f * first.Samples).Take(first.Samples)];
            responses[fitting[f]] = new GeneratedTexts([.. own.Select(g => new GeneratedText(TextOf(g, first.Stop), g.Truncated || prompt.Truncated) { Tokens = TokensOf(g) })])
            {
                Tokens = prompt.Prompt!.Count + own.Sum(g => (long)g.Ids.Count),
            };
        }

        return responses;
    }

    // Control tokens that a model writes are no text, as in the harness: a judge is not to read them.
    private string TextOf(Generated generated, IEnumerable<string> stops) => StopStrings.Cut(model.Tokenizer.Decode(generated.Ids, skipSpecialTokens: true), stops);

    private AnswerToken[] TokensOf(Generated generated) => generated.Top.Count == 0 ? []
        : [.. generated.Ids.Select((id, i) => new AnswerToken(model.Tokenizer.TokenText(id), generated.LogProbs[i], [.. generated.Top[i].Select(t => new TextToken(t.Text, t.LogProb))]))];

    private static IEnumerable<int> Where(IReadOnlyList<Request> requests, Func<Request, bool> holds) => Enumerable.Range(0, requests.Count).Where(i => holds(requests[i]));

    private static string OptionsOf(GenerationRequest request)
    {
        var options = request.Describe();
        options.Remove("prompt");
        return options.ToJsonString();
    }

    private Encoded EncodedOf(Request request) => encoded.GetValue(request, r => r switch
    {
        ContinuationRequest continuation => Encode(continuation),
        RollingRequest rolling => Encode(rolling),
        GenerationRequest generation => Encode(generation),
        _ => throw new InvalidOperationException($"a request of type {r.GetType().Name}"),
    });

    private PromptTokens Tokens => new(model, Prompts);

    // A batch runs the last token as well, so the very end of the context stays unused.
    private int Most => Math.Min(MaxLength + 1, model.Config.ContextLength);

    private Encoded Encode(ContinuationRequest request)
    {
        var (context, continuations) = Tokens.Of(request.Context, request.Continuations);
        var longest = continuations.Max(c => c.Count);
        // One token of context at least.
        if (longest + 1 > Most || (request.Context.Messages is not null && context.Count + longest > Most))
            return new() { Parts = [] };
        // The harness cuts the left for each continuation by itself.
        return context.Count + longest <= Most
            ? new() { Parts = [new(context, continuations)] }
            : new() { Parts = [.. continuations.Select(c => new LikelihoodRequest([.. context.Skip(context.Count - (Most - c.Count))], [c]))], Truncated = true };
    }

    private Encoded Encode(RollingRequest request)
    {
        var windows = RollingWindows.Of(Tokens.Of(request.Text), Prompts.Prefix ?? ContinuationTokens.Prefix(model), Math.Min(MaxLength, model.Config.ContextLength - 1));
        return new() { Parts = [.. windows.Select(w => new LikelihoodRequest(w.Context, [w.Predicted]))] };
    }

    private Encoded Encode(GenerationRequest request)
    {
        var prompt = Tokens.Of(request.Prompt);
        if (request.Prompt.Messages is not null)
            return new() { Prompt = prompt.Count < MaxLength ? prompt : [] };
        var room = MaxLength - request.MaxNewTokens;
        return room < 1 ? new() { Prompt = [] }
            : prompt.Count <= room ? new() { Prompt = prompt }
            : new() { Prompt = [.. prompt.Skip(prompt.Count - room)], Truncated = true };
    }

    /// <summary>A request as tokens: the parts to score, or the prompt to go on from.</summary>
    private sealed class Encoded
    {
        public IReadOnlyList<LikelihoodRequest> Parts { get; init; } = [];

        public IReadOnlyList<int>? Prompt { get; init; }

        public bool Truncated { get; init; }
    }
}
