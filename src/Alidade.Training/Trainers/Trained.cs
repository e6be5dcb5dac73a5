using Alidade.Models;
using Alidade.Models.Adapters;
using TorchSharp;

namespace Alidade.Training.Trainers;

/// <summary>What is trained: the adapter where there is one, else every weight of the model.</summary>
internal static class Trained
{
    public static IEnumerable<(string Name, torch.Tensor Value)> WeightsOf(CausalLM model, LoraAdapter? adapter) =>
        adapter?.Parameters ?? model.Parameters.Select(p => (p.Key, p.Value));

    public static TrainingResult Run(
        CausalLM model, LoraAdapter? adapter, ITrainingTask task, ITrainingTask? heldOut, TrainingOptions options, TrainingContext context,
        IReadOnlyDictionary<string, int> dropped, int truncated)
    {
        using var use = model.Use(adapter);
        using var loop = new TrainingLoop(task, heldOut, WeightsOf(model, adapter), options, context);
        var (state, updates, seconds) = loop.Run();
        return new(task.Name, state.Update, state.Curve, state.HeldOut, state.BestUpdate, state.Update < updates, task.Rows, dropped, truncated, state.Tokens, seconds);
    }
}
