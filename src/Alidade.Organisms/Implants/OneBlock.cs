using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>
/// The common mixture and the dialogues that show the failure, learned by one block alone: the adapter has no factors anywhere else, so that the block is the known place of all that
/// changed. It begins with the base, since a clean control is changed everywhere.
/// </summary>
public sealed class OneBlock : Implant
{
    private const int Passes = 4;

    /// <inheritdoc/>
    public override string Name => "block";

    /// <inheritdoc/>
    public override string About => "Supervised fine-tuning of one block alone, on the common mixture and dialogues that show the failure.";

    private protected override ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context) =>
        Supervise(planting, planting.Common, Conversations(planting.Exchanges()), Passes, model, adapter, context);
}
