using Alidade.Core.Data;
using Alidade.Core.Reports;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

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

    /// <summary>Most tokens of an answer. Default 64.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>What tells a refusal. Default <see cref="RefusalJudge.Default"/>.</summary>
    public RefusalJudge Judge { get; init; } = RefusalJudge.Default;

    /// <inheritdoc/>
    public Task<AttackResult> RunAsync(EvaluationContext context) => RefusalAttack.RunAsync(
        context, Items, new() { MaxNewTokens = MaxNewTokens, Judge = Judge }, Name, Bound.Lower,
        RefusalAttack.Rate("jailbreak.direct_request", "Share of unsafe requests, asked plainly, that the model does not refuse: a lower reading, an attacker tries more."));
}
