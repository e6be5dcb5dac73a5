using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Statistics;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>A method that imitates its own answers of high reward: what differs is which of them it keeps.</summary>
public abstract record ImitationLoop : RoundLoop
{
    /// <summary>What judges answers.</summary>
    [NoKey]
    public required IReward Reward { get; init; }

    /// <inheritdoc/>
    public override IReward? Measure
    {
        get => base.Measure ?? Reward;
        init => base.Measure = value;
    }

    /// <inheritdoc/>
    public override RoundLoop JudgedBy(IReward reward) => this with { Reward = reward };

    /// <summary>Which of a round's scored answers are imitated, and why the others are not.</summary>
    /// <param name="answers">Answers with their rewards, prompt by prompt.</param>
    /// <param name="notChosen">Counts of what is not kept.</param>
    private protected abstract IEnumerable<ScoredAnswer> Choose(IReadOnlyList<ScoredAnswer> answers, ReasonCounts notChosen);

    private protected override async Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var answers = Sample(prompts, Sampling.Answers, FormattableString.Invariant($"answers {round}"), context);
        var scores = await Reward.ScoreAsync(answers, context.Cancellation);
        var (leftOut, notChosen) = (new ReasonCounts(), new ReasonCounts());
        var scored = new List<ScoredAnswer>();
        for (var i = 0; i < answers.Count; i++)
            if (scores[i].Value is { } value)
                scored.Add(new(answers[i], i / Sampling.Answers, i % Sampling.Answers, value));
            else
                leftOut.Add($"unscored ({scores[i].Why})");
        if (scored.Count == 0)
            throw new AlidadeException($"{Name}: no answer of round {round} could be scored: {string.Join(", ", leftOut.Counts.Keys)}");
        return new()
        {
            Prompts = prompts.Count,
            Answers = answers.Count,
            Rows = [.. Choose(scored, notChosen).Select(s => new RoundRow(IdOf(s.Answer, s.Number), [.. s.Answer.PromptIds], [.. s.Answer.Ids], null))],
            LeftOut = leftOut.Counts,
            NotChosen = notChosen.Counts,
            Reward = Mean.Of([.. scored.Select(s => s.Reward)]),
        };
    }

    private protected override TrainingResult Train(IReadOnlyList<RoundRow> rows, TrainingOptions options, TrainingContext context) =>
        new SupervisedTrainer { Model = Model, Adapter = Adapter, Options = options }.Train(new([.. rows.Select(r => r.AsDemonstration())], new Dictionary<string, int>(), 0), null, context);
}

/// <summary>An answer with its reward.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Prompt">Number of the prompt in the round.</param>
/// <param name="Number">Number of the answer to it.</param>
/// <param name="Reward">Its reward.</param>
internal sealed record ScoredAnswer(AnsweredPrompt Answer, int Prompt, int Number, double Reward);
