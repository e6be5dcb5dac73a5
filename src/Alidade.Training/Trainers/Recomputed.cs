using Alidade.Models;

namespace Alidade.Training.Trainers;

/// <summary>Lets models recompute their activations while a training that wants it runs (<see cref="TrainingOptions.RecomputeActivations"/>).</summary>
internal sealed class Recomputed : IDisposable
{
    private readonly CausalLM[] changed;

    /// <param name="options">Settings of the loop.</param>
    /// <param name="models">What is run with gradients; a model may stand there twice.</param>
    public Recomputed(TrainingOptions options, params IEnumerable<CausalLM> models)
    {
        changed = options.RecomputeActivations == true ? [.. models.Distinct().Where(m => !m.RecomputesActivations)] : [];
        foreach (var model in changed)
            model.RecomputesActivations = true;
    }

    public void Dispose()
    {
        foreach (var model in changed)
            model.RecomputesActivations = false;
    }
}
