using System.Text.Json;
using Alidade.Core;
using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

public sealed partial class TraceGoldenTests
{
    private static Dictionary<string, Func<TraceRun, TrainingResult>> Reward() => new(StringComparer.Ordinal)
    {
        ["RewardTrainer"] = run => new RewardTrainer
        {
            Model = run.Model,
            Adapter = run.Adapter,
            Options = run.Training,
            Objective = new PairwiseReward { CenterCoefficient = run.Options.GetProperty("center_rewards_coefficient") is { ValueKind: JsonValueKind.Number } c ? c.GetDouble() : 0 },
        }.Train(Answers(run.Trace), context: run.Context),
        ["PRMTrainer"] = run =>
        {
            if (Text(run.Options, "prm_normaliser") is { } normaliser && normaliser == "micro_undivided")
                throw new NotBuiltException("a fault of the reference that Alidade does not repeat: the means of the micro-batches are added up");
            return new StepRewardTrainer { Model = run.Model, Adapter = run.Adapter, Options = run.Training }.Train(Steps(run.Trace), context: run.Context);
        },
    };

    // A head that the reference puts on the base before it trains.
    private static void AddHead(CausalLM model, JsonElement trace)
    {
        if (Text(trace, "extra_init") is not { } file)
            return;
        var head = GoldenTensors.Read(GoldenFolder.PathOf("trainers/" + file));
        model.AddTokenScoringHead((int)head["score.bias"].Shape[0], seed: 0);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in head)
            model.Parameters[name].copy_(tensor(value.Singles, value.Shape));
    }

    private static TokenRows<RewardTokens> Answers(JsonElement trace) => Rows(trace, (id, row) =>
        RewardTokens.Of(id, Ints(row, "chosen_ids"), Ints(row, "rejected_ids")) with { Margin = row.TryGetProperty("margin", out var margin) ? margin.GetDouble() : null });

    private static TokenRows<StepTokens> Steps(JsonElement trace) => Rows(trace, (id, row) =>
    {
        var labels = Ints(row, "labels");
        int[] places = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] != -100)];
        return new StepTokens(id, Ints(row, "input_ids"), places, [.. places.Select(p => labels[p])]);
    });
}
