using Alidade.Core.Data;
using Alidade.Core.Reports;
using Alidade.Evaluation;
using Alidade.Evaluation.Judges;
using Alidade.Models;

namespace Alidade.RedTeam.Jailbreak;

/// <summary>
/// The plain request: ask, and count the answers that do not refuse. A lower reading of what an attacker gets, since an attacker tries more than to ask.
/// </summary>
/// <remarks>The baseline of HarmBench (Mazeika et al. 2024, arXiv 2402.04249). An answer that does not refuse need not be of use.</remarks>
public sealed record DirectRequest : IAttack
{
    /// <inheritdoc/>
    public string Name => "direct request";

    /// <summary>Requests; the unsafe ones among them are used.</summary>
    public required IReadOnlyList<RefusalItem> Items { get; init; }

    /// <summary>Most requests to use, a seeded choice; null (default) for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Seed of the choice. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Most tokens of an answer. Default 64.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>What tells a refusal. Default <see cref="RefusalJudge.Default"/>.</summary>
    public RefusalJudge Judge { get; init; } = RefusalJudge.Default;

    /// <inheritdoc/>
    public AttackResult Run(CausalLM model, MeasureContext context) => RefusalAttack.Run(
        model, ItemChoice.Of([.. Items.Where(i => i.ShouldRefuse)], Limit, Seed), new() { MaxNewTokens = MaxNewTokens, Judge = Judge }, Name, Bound.Lower,
        RefusalAttack.Rate("jailbreak.direct_request", "Share of unsafe requests, asked plainly, that the model does not refuse: a lower reading, an attacker tries more."), context);
}
