using Alidade.Training.Loops;

namespace Alidade.Training.Catalogue;

/// <summary>A name of the field for what is an objective with settings here, or a loop around trainers.</summary>
/// <param name="Name">The name, as a person would write it for an objective.</param>
/// <param name="Objective">The objective; null for a loop, which is called from code.</param>
/// <param name="Settings">What makes it that method, each KEY=VALUE; empty for nothing.</param>
/// <param name="Loop">The type of the loop; null for an objective.</param>
public sealed record OtherName(string Name, string? Objective, IReadOnlyList<string> Settings, Type? Loop = null)
{
    /// <summary>Where it is found, in words.</summary>
    public string Where => Loop is not null ? $"in code: {Loop.FullName}"
        : Settings.Count == 0 ? Objective!
        : $"{Objective} with --set {string.Join(' ', Settings)}";
}

/// <summary>Names that somebody may look for in vain in the list of objectives.</summary>
public static class OtherNames
{
    /// <summary>All of them: settings first, then loops.</summary>
    public static IReadOnlyList<OtherName> All { get; } =
    [
        new("sigmoid", "dpo", []),
        new("cdpo", "dpo", ["objective.label_smoothing=0.1"]),
        new("f_dpo", "dpo", ["objective.divergence=js_divergence"]),
        new("sigmoid_norm", "dpo", ["objective.scale=token_mean", "objective.beta=5"]),
        new("tr_dpo", "dpo", ["moving_reference.every=512"]),
        new("mpo", "weighted_sum", []),
        new("neftune", "sft", ["noise.alpha=5"]),
        new("chain_of_hindsight", "sft", ["data.form=hindsight"]),
        new("ilf", "sft", ["data.form=refinement"]),
        new("second_thoughts", "sft", ["data.form=edits"]),
        new("gkd", "distillation", ["objective.kind=jensen_shannon"]),
        new("bradley_terry", "reward", []),
        new("orm", "outcome", []),
        new("ppo_lagrangian", "ppo", ["cost=…", "lagrange.threshold=0"]),
        new("reinforce++", "reinforce_plus_plus", []),
        new("a_lol_seq", "a_lol", ["objective.form=token"]),
        new("a_lol_ref_free", "a_lol", ["objective.form=reference_free"]),
        new("a_lol_kl", "a_lol", ["objective.form=kl"]),
        new("r_lol", "a_lol", ["objective.form=reward"]),
        new("best_of_n", null, [], typeof(BestOfNSampling)),
        new("rlaif", null, [], typeof(AiFeedback)),
        new("self_align", null, [], typeof(PrincipleDriven)),
        new("self_debiasing", null, [], typeof(SelfDebiasing)),
        new("self_instruct", null, [], typeof(SelfInstruct)),
    ];

    /// <summary>What a name means here; null for one that is not known.</summary>
    /// <param name="name">A name, however its parts are joined.</param>
    public static OtherName? Find(string name) => All.FirstOrDefault(o => Joined(o.Name) == Joined(name));

    /// <summary>A name without what joins its parts.</summary>
    internal static string Joined(string name) => string.Concat(name.Where(c => c is not ('_' or '-' or ' '))).ToLowerInvariant();
}
