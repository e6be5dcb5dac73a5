namespace Alidade.Training.Trainers.Policy;

/// <summary>How often a policy training samples and updates, as planned: a rollout that loses answers makes fewer updates.</summary>
/// <param name="Rollouts">Rollouts.</param>
/// <param name="Updates">Updates.</param>
/// <param name="Prompts">Prompts that are answered, those of later passes counted again.</param>
internal sealed record RolloutPlan(int Rollouts, int Updates, long Prompts)
{
    /// <summary>Answers of a row that an update learns from: 2 where a better one stands beside a worse one.</summary>
    public int AnswersOfRow { get; init; } = 1;

    /// <summary>The plan of a training.</summary>
    /// <param name="rollout">How answers are sampled.</param>
    /// <param name="prompts">Number of prompts, at least 1.</param>
    /// <param name="options">Settings of the loop.</param>
    public static RolloutPlan Of(RolloutOptions rollout, int prompts, TrainingOptions options)
    {
        // A pass over the prompts is some whole rollouts, and a last one of what is left.
        var whole = Math.Min(rollout.Prompts, prompts);
        var inPass = (prompts + whole - 1) / whole;
        var last = prompts - ((inPass - 1) * whole);
        var (ofWhole, ofLast) = (UpdatesOf(rollout, whole, options), UpdatesOf(rollout, last, options));
        var rollouts = options.MaxUpdates is null ? (int)Math.Ceiling(options.Epochs * inPass) : RolloutsFor(options.MaxUpdates.Value, inPass, ofWhole, ofLast);
        var (passes, rest) = (rollouts / inPass, rollouts % inPass);
        return new(rollouts, options.MaxUpdates ?? (passes * (((inPass - 1) * ofWhole) + ofLast)) + (rest * ofWhole), ((long)passes * prompts) + (rest * (long)whole));
    }

    private static int UpdatesOf(RolloutOptions rollout, int prompts, TrainingOptions options)
    {
        var atOnce = options.BatchRows * options.Accumulation;
        return rollout.Iterations * (((prompts * rollout.Samples) + atOnce - 1) / atOnce);
    }

    private static int RolloutsFor(int updates, int inPass, int ofWhole, int ofLast)
    {
        var ofPass = ((inPass - 1) * ofWhole) + ofLast;
        var (passes, rest) = (updates / ofPass, updates % ofPass);
        return (passes * inPass) + Math.Min(inPass, (rest + ofWhole - 1) / ofWhole);
    }
}
