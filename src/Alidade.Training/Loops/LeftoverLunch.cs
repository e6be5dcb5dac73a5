using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>What offline learning from answers with rewards did.</summary>
/// <param name="Training">The training.</param>
/// <param name="Advantages">Advantages of the answers that were trained on.</param>
/// <param name="LeftOut">Answers that were not trained on, by reason.</param>
public sealed record LeftoverLunchResult(TrainingResult Training, MeanEstimate Advantages, IReadOnlyDictionary<string, int> LeftOut);

/// <summary>
/// A-LoL as a whole: 1. the answers of the data are rewarded. 2. The model answers each prompt a few times; the mean reward is what an answer is worth there. 3. Those that are no better
/// than that are left out and counted. 4. The others are learned, each by its advantage. R-LoL has no 2. and leaves none out.
/// </summary>
/// <remarks>Baheti et al. 2023 (arXiv 2305.14718), sec. 3. The paper learns the value with a head on the frozen model; here it is estimated for each prompt by sampling.</remarks>
public sealed record LeftoverLunch
{
    /// <summary>The model; its weights are changed in place unless an adapter is trained.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter to train while the model stays as it is; null trains every weight of the model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>What judges answers.</summary>
    public required IReward Reward { get; init; }

    /// <summary>The objective.</summary>
    public ALol Objective { get; init; } = new();

    /// <summary>How the value of a prompt is sampled.</summary>
    public AnswerSampling Sampling { get; init; } = new() { Answers = 8 };

    /// <summary>Settings of the training.</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Rewards, chooses and trains.</summary>
    /// <param name="data">Answers of the data: by people, or by any model.</param>
    /// <param name="context">Checkpoints, progress, cancellation.</param>
    /// <exception cref="AlidadeException">No answer is better than the model's own, or settings cannot be used.</exception>
    public async Task<LeftoverLunchResult> RunAsync(IReadOnlyList<AnsweredPrompt> data, TrainingContext? context = null)
    {
        Options.Validate();
        context ??= new();
        var leftOut = new ReasonCounts();
        // 1. and 2.
        var worths = new AnswerWorths { Judge = new(Reward, run: null, stage: ""), Reference = Model, Adapter = Adapter, Sampling = Objective.NeedsValues ? Sampling : null, Seed = Options.Seed };
        var found = await worths.FindAsync(data, context.Progress, context.Cancellation);
        leftOut.Add("own answer that could not be scored", found.OwnUnscored);
        // 3.
        var rows = new List<RewardedTokens>();
        foreach (var (i, worth) in found.Answers.Index())
            if (worth.NotLearned(Objective) is { } reason)
                leftOut.Add(reason);
            else
                rows.Add(TokensOf(data[i], i, worth.Reward!.Value, worth.Value ?? 0));
        if (rows.Count == 0)
            throw new AlidadeException($"{Objective.Name}: nothing to learn in {data.Count} answers ({string.Join(", ", leftOut.Counts.Select(l => $"{l.Key}: {l.Value}"))})");
        // 4.
        var trained = new LeftoverLunchTrainer { Model = Model, Adapter = Adapter, Objective = Objective, Options = Options }.Train(new(rows, new Dictionary<string, int>(), 0), null, context);
        return new(trained, Mean.Of([.. rows.Select(r => r.Reward - r.Value)]), leftOut.Counts);
    }

    private RewardedTokens TokensOf(AnsweredPrompt answer, int number, double reward, double value)
    {
        var id = FormattableString.Invariant($"{answer.Asked.Id} answer {number}");
        if (answer.Ids.Count > 0)
            return new(id, answer.PromptIds, answer.Ids, reward, value);
        var tokens = ChatEncoder.Answers(Model, answer.Asked.Prompt, answer.Text);
        return new(id, tokens.Prompt, tokens.Answers[0], reward, value);
    }
}
