using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.RedTeam;
using Alidade.RedTeam.Privacy;

namespace Alidade.Tests.Evaluation;

/// <summary>Tasks and attacks on a local model, with nothing kept.</summary>
internal static class LocalRuns
{
    public static EvaluationContext Context(CausalLM model) => new() { Model = new LocalModel(model, "test") };

    public static IReadOnlyList<MeasureResult> Run(this IEvaluationTask task, CausalLM model) => task.RunAsync(Context(model)).GetAwaiter().GetResult();

    public static AttackResult Run(this IAttack attack, CausalLM model) => attack.RunAsync(Context(model)).GetAwaiter().GetResult();

    public static MembershipResult Run(this MembershipInference attack, CausalLM model) => attack.Run(Context(model));
}
