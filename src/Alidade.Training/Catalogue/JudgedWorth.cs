using Alidade.Core;
using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Jobs;
using Alidade.Training.Loops;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Catalogue;

/// <summary>What answers are worth by a reward of the recipe: it judges them, and the reference's own answers to their prompts (A-LoL).</summary>
/// <param name="model">The model that is trained.</param>
/// <param name="objective">The objective.</param>
/// <param name="recipe">How values are sampled, which reference, the seed.</param>
/// <param name="reward">What judges.</param>
/// <param name="reference">Another model as the reference; null for none.</param>
internal sealed class JudgedWorth(CausalLM model, ALol objective, TrainRecipe recipe, IReward reward, CausalLM? reference) : IRowWorth<OfflineAnswer>
{
    /// <inheritdoc/>
    public TokenRows<OfflineAnswer> Found(IReadOnlyList<OfflineAnswer> rows, RowWorthContext context)
    {
        // A judge may grade anew each time: a resumed run goes on with what was found first.
        var found = context.Run.Once("worth." + context.Stage, () => Worths(context).FindAsync([.. rows.Select(Written)], context.Progress, context.Cancellation).GetAwaiter().GetResult());
        var learned = OfflineAnswer.Learned(new([.. rows.Zip(found.Answers, (r, w) => r with { Worth = w })], new Dictionary<string, int>(), 0), objective);
        if (learned.Rows.Count == 0)
            throw new AlidadeException($"{objective.Name}: {learned.Summary}");
        return found.OwnUnscored == 0 ? learned : learned with { Noted = new Dictionary<string, int> { ["answers of the model itself that could not be scored, and count for no value"] = found.OwnUnscored } };
    }

    private AnswerWorths Worths(RowWorthContext context) => new()
    {
        Judge = new(reward, context.Run, context.Stage),
        Reference = reference ?? model,
        Adapter = reference is null && recipe.Reference == ReferenceModel.Start ? context.Adapter : null,
        Sampling = objective.NeedsValues ? recipe.Values.Sampling : null,
        Seed = recipe.Training.Seed,
    };

    // As the model would have written it, for rewards that count tokens: what a template puts behind the end token is nobody's answer.
    private AnsweredPrompt Written(OfflineAnswer row)
    {
        var length = row.Answer.Index().Where(t => model.EndTokens.Contains(t.Item)).Select(t => t.Index + 1).FirstOrDefault();
        return new(row.Source.Asked, row.Source.Completion, row.Prompt, length > 0 ? [.. row.Answer.Take(length)] : row.Answer, Ended: length > 0);
    }

    /// <inheritdoc/>
    public OfflineAnswer Supposed(OfflineAnswer row) => row with { Worth = new(Reward: 1, Value: 0) };
}
