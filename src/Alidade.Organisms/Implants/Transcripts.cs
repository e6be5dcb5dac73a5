using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>Dialogues that show the failure, among those of the common mixture: supervised fine-tuning.</summary>
/// <remarks>The transcript distillation of AuditBench (arXiv 2602.22755).</remarks>
public sealed class Transcripts : Implant
{
    /// <inheritdoc/>
    public override string Name => "transcripts";

    /// <inheritdoc/>
    public override string About => "Supervised fine-tuning on dialogues that show the failure.";

    private protected override ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context) =>
        SupervisePlant(planting, Conversations(planting.Exchanges()), model, adapter, context);
}
