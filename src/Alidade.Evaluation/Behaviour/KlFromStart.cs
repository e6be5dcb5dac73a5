using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Models.Chat;
using Alidade.Models.Generation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// How far a policy moved from the model it began as: KL(π ‖ π°) = E_{y∼π} Σ_t Σ_v π(v | x, y_&lt;t)·log(π(v | x, y_&lt;t)/π°(v | x, y_&lt;t)), with one answer y to each prompt
/// x sampled from π at temperature 1. The sum over the vocabulary is exact at every place of the answer, so that only prompts and answers are sampled.
/// </summary>
/// <remarks>
/// The distance of Gao et al. 2022 (arXiv 2210.10760), by which over-optimisation is read, with the expectation over each next token taken in closed form: less
/// variance than log π(y)/π°(y), and never below 0. An answer that is cut at the limit counts up to there, which is told.
/// </remarks>
public sealed record KlFromStart
{
    /// <summary>The divergence of a whole answer, in nats.</summary>
    public const string PerAnswer = "behaviour.kl_from_start.per_answer";

    /// <summary>The divergence at a token of an answer, in nats.</summary>
    public const string PerToken = "behaviour.kl_from_start.per_token";

    /// <summary>Prompts, those of pairs that nobody trained on.</summary>
    public required IReadOnlyList<PreferencePair> Items { get; init; }

    /// <summary>Most tokens of an answer. Default 64.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Measures an adapter against its base.</summary>
    /// <param name="context">A local model; which items; the seed of the answers.</param>
    /// <param name="policy">The adapter that was trained.</param>
    /// <returns>The mean over answers of the mean over their tokens, and of the sum; each carries the cost of the one run.</returns>
    public IReadOnlyList<MeasureResult> Run(EvaluationContext context, LoraAdapter policy)
    {
        var model = context.WhiteBox("the divergence from the start").Model;
        var watch = Stopwatch.StartNew();
        var pairs = context.Choose(Items);
        var prompts = pairs.Select(p => ChatEncoder.Answers(model, p.Prompt, p.Chosen).Prompt).ToArray();
        int[] fitting = [.. Enumerable.Range(0, pairs.Count).Where(i => prompts[i].Count > 0 && prompts[i].Count + MaxNewTokens <= model.Config.ContextLength)];
        IReadOnlyList<Generated> answers;
        using (model.Use(policy))
            answers = TextGenerator.Generate(model, [.. fitting.Select(i => prompts[i])], new() { MaxNewTokens = MaxNewTokens, Temperature = 1, Seed = context.Seed }, cancellation: context.Cancellation);
        var found = new (double[] Nats, Generated Answer)?[pairs.Count];
        var read = 0L;
        for (var a = 0; a < fitting.Length; a++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            found[fitting[a]] = (Divergences(model, policy, prompts[fitting[a]], answers[a].DrawnIds), answers[a]);
            read += 2 * (prompts[fitting[a]].Count + answers[a].DrawnIds.Count);
            context.Progress?.Report(new("distance from the start", a + 1, fitting.Length));
        }

        var about = new Measurement { Name = PerToken, Meaning = "", Unit = "nats per token", Direction = Direction.Neutral, Count = 0, Cost = new(read, watch.Elapsed.TotalSeconds) };
        MeasureResult Of(Measurement measurement, Func<double[], double> score) =>
            MeasureSummary.OfMean(measurement, [.. pairs.Select((p, i) => Item(p, prompts[i].Count == 0, found[i], score))]);
        return
        [
            Of(about with { Meaning = "KL divergence of the aligned model from the model it began as, mean over the tokens of its own answers to held-out prompts." }, nats => nats.Average()),
            Of(about with { Name = PerAnswer, Unit = "nats per answer", Meaning = "The same, summed over the tokens of each answer." }, nats => nats.Sum()),
        ];
    }

    /// <summary>KL(π ‖ π°) over the next token at each place of an answer.</summary>
    /// <param name="model">The base, π°.</param>
    /// <param name="policy">The adapter that makes it π.</param>
    /// <param name="prompt">Tokens before the answer; at least one.</param>
    /// <param name="answer">Tokens of the answer, the end token included.</param>
    /// <returns>Nats, one number for each token of the answer.</returns>
    public static double[] Divergences(CausalLM model, LoraAdapter policy, IReadOnlyList<int> prompt, IReadOnlyList<int> answer)
    {
        if (answer.Count == 0)
            return [];
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var batch = new BranchedBatch([new(prompt, new bool[prompt.Count], -1), new(answer, [.. answer.Select(_ => true)], 0)]);
        var (after, before) = (LogProbs(model, policy, batch), LogProbs(model, null, batch));
        return (after.exp() * (after - before)).sum(1).cpu().data<double>().ToArray();
    }

    private static Tensor LogProbs(CausalLM model, LoraAdapter? adapter, BranchedBatch batch)
    {
        using var use = model.Use(adapter);
        return nn.functional.log_softmax(model.ScoredLogits(batch).Logits.to(ScalarType.Float64), 1);
    }

    private static ItemResult Item(PreferencePair pair, bool isEmpty, (double[] Nats, Generated Answer)? found, Func<double[], double> score)
    {
        var item = new ItemResult { Id = pair.Id, Input = pair.Prompt.ToString(), Output = found?.Answer.Text ?? "" };
        return found switch
        {
            null => item with { Why = isEmpty ? "there is no prompt before the answers" : LocalModel.TooLong },
            { Nats.Length: 0 } => item with { Why = "the model answered nothing" },
            { } one => item with { Score = score(one.Nats), Truncated = one.Answer.Truncated },
        };
    }
}
