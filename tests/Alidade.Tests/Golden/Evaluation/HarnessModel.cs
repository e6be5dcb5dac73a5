using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Models;
using Alidade.Models.Attention;
using Alidade.Models.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>
/// A local model that keeps what it scored. On the real model, continuations of few tokens are computed in the very passes of the reference: what a float32 product of few or
/// many rows is rounded to differs by up to 5e-5, and its float32 log-softmax is too high by up to 9e-6 a token, together more than the tolerance of a few tokens. What Alidade
/// itself sums is held against sums in float64 (<see cref="HarnessRequestGoldenTests"/>). All others, and all of tiny models, are computed as Alidade computes them.
/// </summary>
internal sealed class HarnessModel(LocalModel local, bool asTheReference) : IEvaluatedModel
{
    private const int FewTokens = 6;

    // Contexts shorter than this are not shared by the reference.
    private const int SharedFrom = 9;

    private readonly Dictionary<(string Context, string Continuation), ContinuationScore> known = [];
    private readonly CausalLM model = local.Model;
    private readonly PromptTokens tokens = new(local.Model, local.Prompts);

    public string Name => local.Name;

    public string Identity => local.Identity;

    public bool GivesLogLikelihoods => true;

    public bool IsChat => local.IsChat;

    public int Concurrency => 1;

    public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests)
    {
        int[] scored = [.. Enumerable.Range(0, requests.Count).Where(i => requests[i] is ContinuationRequest)];
        int[] others = [.. Enumerable.Range(0, requests.Count).Except(scored)];
        return [.. scored.Length > 0 ? [scored] : (IReadOnlyList<int>[])[], .. local.Plan([.. others.Select(i => requests[i])]).Select(b => (IReadOnlyList<int>)[.. b.Select(i => others[i])])];
    }

    public async Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation)
    {
        if (batch[0] is not ContinuationRequest)
            return await local.AnswerAsync(batch, cancellation);
        ContinuationRequest[] requests = [.. batch.Cast<ContinuationRequest>()];
        foreach (var request in requests.Where(_ => asTheReference))
            InThePassesOfTheReference(request);
        ContinuationRequest[] rest =
        [
            .. requests.Select(r => r with { Continuations = [.. r.Continuations.Where(c => !known.ContainsKey(Key(r.Context, c))).Distinct(StringComparer.Ordinal)] })
                .Where(r => r.Continuations.Count > 0).DistinctBy(r => string.Join('\u0001', r.Continuations.Prepend(Key(r.Context, "").Context))),
        ];
        foreach (var part in local.Plan(rest))
        {
            var answers = await local.AnswerAsync([.. part.Select(i => rest[i])], cancellation);
            foreach (var (i, answer) in part.Zip(answers))
                for (var c = 0; c < rest[i].Continuations.Count; c++)
                    known[Key(rest[i].Context, rest[i].Continuations[c])] = ((ContinuationScores)answer).Scores[c];
        }

        return [.. requests.Select(r => new ContinuationScores([.. r.Continuations.Select(c => known[Key(r.Context, c)])], false))];
    }

    private static (string Context, string Continuation) Key(Prompt context, string continuation) =>
        (context.Text ?? string.Join('\u0002', context.Messages!.Select(m => $"{m.Role}\u0003{m.Content}")) + "\u0004", continuation);

    private void InThePassesOfTheReference(ContinuationRequest request)
    {
        var (context, continuations) = tokens.Of(request.Context, request.Continuations);
        int[] few = [.. Enumerable.Range(0, continuations.Count).Where(c => continuations[c].Count <= FewTokens && !known.ContainsKey(Key(request.Context, request.Continuations[c])))];
        if (few.Length == 0)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var shared = continuations.Count > 1 && context.Count >= SharedFrom ? context.Count - 1 : 0;
        using var before = Cache(context.Count + FewTokens);
        if (shared > 0)
            CachedForward.Hidden(model, before, [.. context.Take(shared).Select(i => (long)i)], shared);
        // Continuations that differ in their last token alone come from one pass, as there.
        foreach (var alike in few.GroupBy(c => string.Join(' ', continuations[c].SkipLast(1)), StringComparer.Ordinal))
        {
            long[] read = [.. context.Skip(shared).Concat(continuations[alike.First()].SkipLast(1)).Select(i => (long)i)];
            using var cache = shared > 0 ? before.Copy(0, shared, [0], context.Count + FewTokens) : Cache(read.Length);
            var logits = model.Unembed(CachedForward.Hidden(model, cache, read, read.Length).squeeze(0)).log_softmax(-1);
            foreach (var c in alike)
            {
                var (sum, greedy) = (0.0, true);
                for (var t = 0; t < continuations[c].Count; t++)
                {
                    var row = logits[read.Length - continuations[c].Count + t];
                    sum += row[continuations[c][t]].item<float>();
                    greedy &= row.argmax().item<long>() == continuations[c][t];
                }

                known[Key(request.Context, request.Continuations[c])] = new(sum, continuations[c].Count, greedy);
            }
        }
    }

    private CachedAttention Cache(int capacity) => new(model.Config, [0], capacity, model.Device, model.DType);
}
