using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Functional;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Preference pairs under an objective on pairs.</summary>
internal sealed class PreferenceTask(CausalLM model, IPreferenceObjective objective, Reference? reference, IReadOnlyList<PairTokens> rows)
    : AnswerTask<PairTokens>(model, objective, reference, Checked(objective.Name, rows), pair => GroupsOf(pair, objective.Needs.HasFlag(PairInputs.PromptAndChosen)))
{
    public override string Name => objective.Name;

    public override Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var pairs = RowsOf(batch);
        var packed = AnswerBatch.Of(GroupsOf(batch));
        var (logProbs, statistics) = Model.LogProbsWithStatistics(packed.Forest, collision: objective.Needs.HasFlag(PairInputs.Collision));
        var result = objective.Evaluate(Of(pairs, packed, logProbs, statistics, ReferenceOf(batch)));
        var metrics = new (string, Tensor?)[]
        {
            ("mean_entropy", packed.MeanWhere(statistics.Entropy, _ => true)),
            ("token_accuracy", packed.MeanWhere(statistics.Correct, a => a % 2 == 0)),
            ("logits_chosen", packed.MeanWhere(statistics.MeanLogit, a => a % 2 == 0)),
            ("logits_rejected", packed.MeanWhere(statistics.MeanLogit, a => a % 2 == 1)),
        };
        // Every micro-batch of a window has one vote, whatever its number of pairs, as in TRL.
        return (result with { Loss = result.Loss / window.Count }).WithMetrics(metrics.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!)));
    }

    protected override IReadOnlyList<int> MarksOf(PairTokens row) =>
    [
        row.RejectedPrompt is null ? 1 : 2,
        .. new[] { row.WinProbability, row.ChosenScore, row.RejectedScore, Number(row.ChosenFromReference), Number(row.Tie) }.SelectMany(v => Fingerprints.Bits(v ?? double.NaN)),
    ];

    // An objective that reads a number where it is given would read it in some batches and not in others.
    private static IReadOnlyList<PairTokens> Checked(string objective, IReadOnlyList<PairTokens> rows)
    {
        void All(string what, Func<PairTokens, bool> carries)
        {
            if (rows.Count(r => !carries(r)) is var without && without > 0 && without < rows.Count)
                throw new AlidadeException($"{objective}: {without} of {rows.Count} pairs carry no {what}, while the others do; give it for all of them or for none");
        }

        All("win probability", r => r.WinProbability is not null);
        All("score of the preferred answer", r => r.ChosenScore is not null);
        All("score of the other answer", r => r.RejectedScore is not null);
        All("word on who wrote them", r => r.ChosenFromReference is not null);
        All("word on whether they are a tie", r => r.Tie is not null);
        return rows;
    }

    // Answer 2i is the preferred one of pair i, answer 2i + 1 the other.
    private static AnswerGroup[] GroupsOf(PairTokens pair, bool scoresPrompt) => pair.RejectedPrompt is { } other
        ? [new(pair.Prompt, pair.Chosen) { ScoresPrompt = scoresPrompt }, new(other, pair.Rejected)]
        : [new(pair.Prompt, pair.Chosen, pair.Rejected) { ScoresPrompt = scoresPrompt }];

    private PairLogProbs Of(PairTokens[] pairs, AnswerBatch packed, Tensor logProbs, TokenStatistics statistics, TokenLogProbs? kept)
    {
        var sums = packed.Sums(logProbs);
        var policy = ByPair(sums, packed.Answers);
        var reference = kept is { } given ? ByPair(given.RowSums().to(sums.dtype), packed.Answers) : zeros_like(policy);
        var result = new PairLogProbs(
            policy.select(1, 0), policy.select(1, 1), reference.select(1, 0), reference.select(1, 1), [.. pairs.Select(p => p.ChosenTargets)], [.. pairs.Select(p => p.RejectedTargets)]);
        result = result with
        {
            WinProbability = Known(pairs, p => p.WinProbability, policy),
            ChosenReward = Known(pairs, p => p.ChosenScore, policy),
            RejectedReward = Known(pairs, p => p.RejectedScore, policy),
            ChosenFromReference = pairs[0].ChosenFromReference is null ? null : [.. pairs.Select(p => p.ChosenFromReference!.Value)],
            Tie = pairs[0].Tie is null ? null : [.. pairs.Select(p => p.Tie!.Value)],
        };
        if (objective.Needs.HasFlag(PairInputs.SharedLength))
        {
            var shared = ByPair(Shared(pairs, new(logProbs, packed.OwnerOfScored, packed.Owners)), packed.Answers);
            var sharedReference = kept is { } tokens ? ByPair(Shared(pairs, tokens).to(sums.dtype), packed.Answers) : zeros_like(shared);
            result = result with { Shared = new(shared.select(1, 0), shared.select(1, 1), sharedReference.select(1, 0), sharedReference.select(1, 1)) };
        }

        if (objective.Needs.HasFlag(PairInputs.Collision))
        {
            var collision = ByPair(packed.Sums(statistics.Collision!), packed.Answers);
            result = result with { ChosenCollision = collision.select(1, 0), RejectedCollision = collision.select(1, 1) };
        }

        if (objective.Needs.HasFlag(PairInputs.PromptAndChosen))
        {
            // A pair with two prompts has two groups, of which the first is the preferred answer's.
            var prompts = new long[pairs.Length];
            for (int i = 0, group = packed.Answers; i < pairs.Length; group += pairs[i++].RejectedPrompt is null ? 1 : 2)
                prompts[i] = group;
            result = result with
            {
                PromptAndChosen = policy.select(1, 0) + sums.index_select(0, tensor(prompts, device: sums.device)),
                PromptAndChosenLengths = [.. pairs.Select(p => p.Prompt.Count + p.Chosen.Count - 1)],
            };
        }

        return result;
    }

    // A number that the pairs carry, [pairs]; else null.
    private static Tensor? Known(PairTokens[] pairs, Func<PairTokens, double?> number, Tensor like) =>
        number(pairs[0]) is not null ? tensor(pairs.Select(p => number(p)!.Value).ToArray(), like.dtype, like.device) : null;

    private static double? Number(bool? value) => value is { } known ? known ? 1 : 0 : null;

    private static Tensor ByPair(Tensor sums, int answers) => sums.narrow(0, 0, answers).view(-1, 2);

    // Sums over the tokens of an answer for which the other answer of its pair has one too.
    private static Tensor Shared(PairTokens[] pairs, TokenLogProbs tokens)
    {
        var seen = new int[tokens.Rows];
        bool Counts(long owner) => owner < 2 * pairs.Length && seen[owner]++ < Math.Min(pairs[owner / 2].ChosenTargets, pairs[owner / 2].RejectedTargets);
        var mask = tensor(tokens.RowOf.Select(o => Counts(o) ? 1f : 0f).ToArray(), device: tokens.LogProbs.device).to(tokens.LogProbs.dtype);
        return (tokens with { LogProbs = tokens.LogProbs * mask }).RowSums();
    }
}
