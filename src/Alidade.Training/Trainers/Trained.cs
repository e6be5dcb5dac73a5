using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>What is trained: the adapter where there is one, else every weight of the model.</summary>
internal static class Trained
{
    public static IEnumerable<(string Name, Tensor Value)> WeightsOf(CausalLM model, LoraAdapter? adapter) =>
        adapter?.Parameters ?? model.Parameters.Select(p => (p.Key, p.Value));

    public static TrainingResult Run(
        CausalLM model, LoraAdapter? adapter, ITrainingTask task, ITrainingTask? heldOut, TrainingOptions options, TrainingContext context,
        IReadOnlyDictionary<string, int> dropped, int truncated, IReadOnlyList<(string Name, Tensor Value)>? beside = null)
    {
        if (task.Rows == 0)
            throw new AlidadeException($"there is no row to train on with '{task.Name}': every row was left out");
        CheckPrecision(WeightsOf(model, adapter));
        using var use = model.Use(adapter);
        using var recomputed = new TrainingActivations(options, model);
        using var loop = new TrainingLoop(task, heldOut, WeightsOf(model, adapter).Concat(beside ?? []), options, context);
        var (state, stoppedEarly, seconds) = loop.Run();
        return new(task.Name, state.Update, state.Curve, state.HeldOut, state.BestUpdate, stoppedEarly, task.Rows, dropped, truncated, state.Tokens, seconds);
    }

    /// <summary>Refuses weights that are too coarse for training.</summary>
    public static void CheckPrecision(IEnumerable<(string Name, Tensor Value)> weights)
    {
        if (weights.FirstOrDefault(w => w.Value.dtype is not (ScalarType.Float32 or ScalarType.Float64)) is { Name: { } half } weight)
            throw new NotBuiltException($"'{half}' is {weight.Value.dtype}: steps as small as training takes are lost in it; load the model as float32");
    }
}
