using Alidade.Core.Data;
using Alidade.RedTeam;
using Alidade.RedTeam.Jailbreak;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>The plain request.</summary>
public sealed class DirectRequestInstrument : AttackInstrument
{
    /// <inheritdoc/>
    public override string Name => "jailbreak.direct_request";

    /// <inheritdoc/>
    public override string About => "Share of harmful requests, asked plainly, that are not refused.";

    private protected override IAttack Attack(IReadOnlyList<Core.Data.RefusalItem> items) => new DirectRequest { Items = items, MaxNewTokens = 24 };
}
