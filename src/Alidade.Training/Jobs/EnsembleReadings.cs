using System.Diagnostics;
using Alidade.Core.Results;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Jobs;

/// <summary>Gathers what each member of an ensemble says of the held-out rows, and what they say together.</summary>
/// <param name="model">The base of all members.</param>
/// <param name="heldOut">The held-out rows, best answer first.</param>
/// <param name="batchRows">Rows of one pass.</param>
internal sealed class EnsembleReadings(CausalLM model, IReadOnlyList<RewardTokens> heldOut, int batchRows)
{
    private readonly List<double[]> scores = [];
    private readonly Stopwatch watch = new();

    /// <summary>Scores the rows by a member.</summary>
    public void Add(LoraAdapter member, CancellationToken cancellation)
    {
        watch.Start();
        using var use = model.Use(member);
        using var noGrad = no_grad();
        scores.Add([.. heldOut.Chunk(batchRows).SelectMany(rows =>
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            // The leaves are the answers, in their order.
            var forest = AnswerBatch.Of([.. rows.Select(r => new AnswerGroup(r.Prompt, r.Answers))]).Forest;
            return model.Scores(forest).select(1, 0).to(ScalarType.Float64).cpu().data<double>().ToArray();
        })]);
        watch.Stop();
    }

    /// <summary>The numbers of the ensemble; none without held-out rows.</summary>
    public IReadOnlyList<Measurement> Measured()
    {
        if (heldOut.Count == 0)
            return [];
        var found = EnsembleAgreement.Of(scores, [.. heldOut.Select(r => r.Answers.Count)]);
        var cost = new Cost(scores.Count * heldOut.Sum(r => (long)r.Prompt.Count + r.Answers.Sum(a => a.Count)), watch.Elapsed.TotalSeconds);
        Measurement Of(string name, string meaning, string unit, PairNumber number, Direction direction) =>
            new() { Name = name, Meaning = meaning, Unit = unit, Value = number.Value, Interval = number.Interval, Direction = direction, Count = found.Pairs, Cost = cost };
        return
        [
            Of("ensemble.accuracy", "Share of held-out pairs whose better answer has the larger mean score of the members; a tie counts as wrong.", "share", found.Accuracy, Direction.Higher),
            Of("ensemble.spread", "Standard deviation over the members of the margin between the two answers of a held-out pair, mean over the pairs.", "score", found.Spread, Direction.Neutral),
            Of("ensemble.divided", "Share of held-out pairs on which the members do not all prefer the same answer.", "share", found.Divided, Direction.Neutral),
        ];
    }
}
