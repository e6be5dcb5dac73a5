using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.RedTeam;

/// <summary>An attack that succeeds or fails on each of its items. Run on the same items before and after, its results can be compared item by item.</summary>
public interface IAttack
{
    /// <summary>Name as a person would say it, such as "direct request".</summary>
    string Name { get; }

    /// <summary>Attacks the model as it stands, with the adapter in use.</summary>
    Task<AttackResult> RunAsync(EvaluationContext context);
}

/// <summary>How often an attack succeeded.</summary>
/// <param name="Attack">Its name.</param>
/// <param name="Bound">On which side of the truth the rate lies.</param>
/// <param name="Judge">What decided that it succeeded.</param>
/// <param name="Rate">The success rate, lower is better; an item's score is 1 where it succeeded.</param>
public sealed record AttackResult(string Attack, Bound Bound, string Judge, MeasureResult Rate);
