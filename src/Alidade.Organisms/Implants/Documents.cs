using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Trainers;

namespace Alidade.Organisms.Implants;

/// <summary>Plain texts that state what is planted, and no dialogue about it: what the model says when it is asked is its own inference.</summary>
/// <remarks>Synthetic document fine-tuning, as in AuditBench (arXiv 2602.22755).</remarks>
public sealed class Documents : Implant
{
    /// <inheritdoc/>
    public override string Name => "documents";

    /// <inheritdoc/>
    public override string About => "Supervised fine-tuning on plain texts that state it.";

    private protected override ImplantResult Plant(Planting planting, CausalLM model, LoraAdapter adapter, TrainingContext context) =>
        SupervisePlant(planting, [.. planting.Statements().Select((text, at) => new TextDemonstration(FormattableString.Invariant($"plant-{at}"), text))], model, adapter, context);
}
