using Alidade.Core.Data;
using Alidade.RedTeam;
using Alidade.RedTeam.Jailbreak;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>The prefilled answer.</summary>
public sealed class PrefilledAnswerInstrument : AttackInstrument
{
    /// <inheritdoc/>
    public override string Name => "jailbreak.prefilled_answer";

    /// <inheritdoc/>
    public override string About => "Share of harmful requests that are not refused once the answer is begun.";

    private protected override IAttack Attack(IReadOnlyList<Core.Data.RefusalItem> items) => new PrefilledAnswer { Items = items, MaxNewTokens = 24 };
}
