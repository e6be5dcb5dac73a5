using Alidade.Models;

namespace Alidade.Training.Trainers;

/// <summary>Lets models keep as little as a training wants while it runs (<see cref="TrainingOptions.RecomputeActivations"/>).</summary>
internal sealed class TrainingActivations : IDisposable
{
    private readonly (CausalLM Model, KeptActivations Before)[] changed;

    /// <param name="options">Settings of the loop.</param>
    /// <param name="models">What is run with gradients; a model may stand there twice.</param>
    public TrainingActivations(TrainingOptions options, params IEnumerable<CausalLM> models)
    {
        changed = [.. models.Distinct().Select(m => (m, m.KeptActivations))];
        foreach (var (model, _) in changed)
            model.KeptActivations = options.RecomputeActivations == true ? KeptActivations.Inputs : KeptActivations.Products;
    }

    public void Dispose()
    {
        foreach (var (model, before) in changed)
            model.KeptActivations = before;
    }
}
