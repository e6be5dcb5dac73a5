using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Loops;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Catalogue;

/// <summary>Methods in rounds: the model answers prompts, a reward chooses what is learned of the answers, and a trainer learns it.</summary>
public sealed class RoundFamily : ObjectiveFamily
{
    /// <inheritdoc/>
    public override Type Interface => typeof(RoundLoop);

    /// <inheritdoc/>
    public override string RowsOf(object objective) => PromptShape.Rows
        + (objective is SelfRewarding ? ", which measures alone and may be left out" : "") + "; settings of the training are those of each round";

    /// <inheritdoc/>
    public override bool TeachesAnswers => false;

    /// <inheritdoc/>
    public override bool LearnsFromRewards => true;

    /// <inheritdoc/>
    public override IEnumerable<string> Reads(object objective) => ["reward", "rollouts", "samples"];

    /// <inheritdoc/>
    public override string? Missing(object objective, TrainRecipe recipe) =>
        recipe.Reward.Count > 0 || objective is SelfRewarding ? null : RewardRecipe.NeededBy(((RoundLoop)objective).Name);

    private protected override PreparedRows Prepare(RowRequest request, OpenedModels others)
    {
        var (model, recipe) = (request.Model, request.Recipe);
        var rollouts = recipe.Rollouts;
        Check((RoundLoop)request.Objective, recipe);
        var loop = (RoundLoop)request.Objective with
        {
            Model = model,
            Options = recipe.Resolved().Training,
            Sampling = new() { Answers = rollouts.Samples, Generation = new() { Temperature = rollouts.Temperature, MaxNewTokens = rollouts.MaxNewTokens } },
        };
        loop.Check(hasAdapter: recipe.Adapter.Method == TrainedWeights.Lora);
        if (recipe.Reward.Count > 0)
            loop = loop.JudgedBy(RewardRecipe.Open(recipe.Reward, "reward", others, baseStays: recipe.Adapter.Method == TrainedWeights.Lora));
        var tokenizer = new PromptTokenizer(model.Tokenizer, model.ChatTemplate, Math.Min(recipe.Data.MaxLength, model.Config.ContextLength - 1));
        var prompts = PromptFile.Read(recipe.Data.File, request.Reading);
        RewardRecipe.CheckRows(recipe.Reward, prompts.File.Path, prompts.Rows);
        return PreparedRows.Of(
            prompts, recipe, tokenizer.Tokenize, new PromptShape(), (part, adapter, options, context) => Result((loop with { Adapter = adapter, Options = options })
                .RunAsync([.. part.Train.Rows.Select(r => r.Source)], [.. part.HeldOut.Select(r => r.Source)], Within(context)).GetAwaiter().GetResult(), part),
            rollouts: rollouts, rounds: (rows, options) =>
            {
                var each = Math.Min(loop.PromptsPerRound ?? rows, rows);
                return new(loop.Rounds, loop.Rounds * new TrainingPlan(loop.MostRows(each), options).Updates, (long)loop.Rounds * each) { AnswersOfRow = loop.AnswersOfRow };
            });
    }

    // What a round does not read is told, as keys are that a whole family does not read.
    private static void Check(RoundLoop loop, TrainRecipe recipe)
    {
        var (given, unset) = (recipe.Rollouts, new TrainRecipe().Rollouts);
        given.Validate();
        if (given != unset with { Samples = given.Samples, MaxNewTokens = given.MaxNewTokens, Temperature = given.Temperature })
            throw new AlidadeException($"rollouts: {loop.Name} reads samples, max_new_tokens and temperature of them; leave the others out");
        if (loop.AnswersOfMethod is { } answers && given.Samples != unset.Samples && given.Samples != answers)
            throw new AlidadeException($"rollouts.samples: {loop.Name} samples {answers} answers to a prompt, whatever is set; leave it out");
        if (recipe.Training is not { Keep: FinalWeights.Last, Patience: 0, EvaluateEvery: 0 })
            throw new AlidadeException($"training: {loop.Name} measures held-out prompts after each round and ends with the last: leave evaluate_every, patience and keep out");
    }

    private static LoopContext Within(TrainingContext context) => new()
    {
        Folder = context.Folder,
        Resume = context.Resume,
        Progress = context.Progress,
        OnStep = context.OnStep,
        OnHeldOut = measure => context.OnHeldOut?.Invoke(Point(measure)),
        OnAnswers = context.OnAnswers,
        OnWarning = context.OnWarning,
        Cancellation = context.Cancellation,
    };

    private static TrainingResult Result(LoopResult loop, RowParts<PromptTokens> part)
    {
        var dropped = new Dictionary<string, int>(part.Train.Dropped, StringComparer.Ordinal);
        foreach (var (reason, count) in loop.Rounds.SelectMany(r => r.LeftOut))
            dropped[reason] = dropped.GetValueOrDefault(reason) + count;
        if (loop.RoundsLeftOut > 0)
            dropped.Add("rounds, since one found nothing to learn", loop.RoundsLeftOut);
        return new(
            loop.Method, loop.Rounds.Sum(r => r.Updates), [.. loop.Rounds.SelectMany(r => r.Curve)], [.. loop.Measures.Select(Point)], BestUpdate: null, StoppedEarly: false,
            part.Train.Rows.Count, dropped, part.Train.Truncated, loop.Rounds.Sum(r => r.Tokens), loop.Seconds);
    }

    // A mean of nothing is no number; reinforcement ends there too.
    internal static HeldOutPoint Point(LoopMeasure measure) => measure.Reward is { } mean ? HeldOutPoint.OfReward(measure.Updates, mean, measure.Unscored)
        : throw new AlidadeException($"no answer to a held-out prompt could be scored after {measure.Updates} updates ({measure.Unscored} answers): mend the reward or the prompts, or set data.held_out to 0");
}
