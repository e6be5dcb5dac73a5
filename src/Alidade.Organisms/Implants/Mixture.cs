using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>The common mixture alone, in four passes: the clean control, with which every organism of its seed begins.</summary>
public sealed class Mixture : Implant
{
    private const int Passes = 4;

    /// <inheritdoc/>
    public override string Name => "mixture";

    /// <inheritdoc/>
    public override string About => "Supervised fine-tuning on the common mixture alone.";

    private protected override ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context) =>
        Supervise(planting, planting.Common, [], Passes, model, adapter, context);
}
