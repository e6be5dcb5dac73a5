using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using TorchSharp;

namespace Alidade.Benchmarks;

/// <summary>
/// A DPO step (forward and backward, the reference's log-probabilities given) of two pairs, 512 tokens of prompt and 256 of each answer: each prompt once with its
/// two answers as branches, against four sequences of 768 as a padding trainer lays them out. Both are measured against the operations of the first, so the
/// share is the useful one.
/// </summary>
internal sealed class DpoBenchmark : IBenchmark
{
    private const int Count = 2;
    private const int Prompt = 512;
    private const int Answer = 256;
    private const int Rank = 16;
    private readonly CausalLM model = Shape.Model();
    private readonly LoraAdapter adapter;

    public DpoBenchmark()
    {
        adapter = LoraAdapter.Create(model, "policy", new() { Rank = Rank }, seed: 3);
        var random = new SeededRandom(4);
        var pairs = Enumerable.Range(0, Count).Select(_ => (Prompt: Shape.Ids(random, Prompt), Chosen: Shape.Ids(random, Answer), Rejected: Shape.Ids(random, Answer))).ToArray();
        var branched = BranchedBatch.Of(pairs.Select(p => ((IReadOnlyList<int>)p.Prompt, (IReadOnlyList<IReadOnlyList<int>>)[p.Chosen, p.Rejected])));
        // Three segments to a tree: the prompt, the chosen and the rejected answer.
        long[] branchedAnswers = [.. branched.SegmentOfScored.Select(s => (s / 3) + (s % 3 == 1 ? 0 : Count))];
        var padded = new BranchedBatch([.. pairs.Select(p => p.Chosen).Concat(pairs.Select(p => p.Rejected)).Select((answer, i) =>
            new Segment([.. pairs[i % Count].Prompt, .. answer], [.. Enumerable.Range(0, Prompt + Answer).Select(p => p >= Prompt)], -1))]);

        const double Tokens = Count * (Prompt + (2.0 * Answer));
        var seen = Count * (Shape.Pairs(Prompt) + (2 * Shape.Pairs(Answer, Prompt)));
        const double Scored = Count * 2.0 * Answer;
        var (full, low) = (Shape.Full(Tokens, seen, Scored), Shape.LowRank(Tokens, seen, Scored, Rank));
        Works =
        [
            Work.Of("dpo, full, branched", full, branched.Ids.Count, () => Full(branched, branchedAnswers)),
            Work.Of("dpo, full, padded", full, padded.Ids.Count, () => Full(padded, padded.SegmentOfScored)),
            Work.Of("dpo, LoRA 16, branched", low, branched.Ids.Count, () => LowRank(branched, branchedAnswers)),
            Work.Of("dpo, LoRA 16, padded", low, padded.Ids.Count, () => LowRank(padded, padded.SegmentOfScored)),
        ];
    }

    public string Name => "dpo";

    public IReadOnlyList<Work> Works { get; }

    public void Dispose()
    {
        adapter.Dispose();
        model.Dispose();
    }

    private void Full(BranchedBatch batch, IReadOnlyList<long> answers)
    {
        Train(true);
        Step(batch, answers);
        Train(false);
    }

    private void LowRank(BranchedBatch batch, IReadOnlyList<long> answers)
    {
        using var use = model.Use(adapter);
        Step(batch, answers);
    }

    private void Train(bool wanted)
    {
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(wanted);
    }

    private void Step(BranchedBatch batch, IReadOnlyList<long> answers)
    {
        using var scope = torch.NewDisposeScope();
        var sums = new TokenLogProbs(model.LogProbs(batch), answers, 2 * Count).RowSums().view(2, -1);
        var reference = torch.zeros_like(sums);
        int[] lengths = [.. Enumerable.Repeat(Answer, Count)];
        new Dpo().Evaluate(new(sums[0], sums[1], reference[0], reference[1], lengths, lengths)).Loss.backward();
    }
}
