using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models.Chat;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Microsoft.Extensions.AI;

namespace Alidade.Training.Loops;

/// <summary>
/// Self-rewarding: the policy judges its own answers with a rubric, and learns to prefer the best to the worst, round by round.
/// </summary>
/// <remarks>Yuan et al. 2024 (arXiv 2401.10020), sec. 2: N answers, scores from 0 to 5 by the policy as it is, ties skipped, DPO against the policy of the round before. The paper averages three scores of an answer; here the judge is greedy, so one is enough.</remarks>
public sealed record SelfRewarding : PreferenceLoop
{
    /// <summary>Makes the judge of a chat client that is the policy as it is. Default the paper's rubric in short, from 0 to 5.</summary>
    [NoKey]
    public Func<IChatClient, IReward> JudgeOf { get; init; } = chat => new JudgeReward("the policy itself", chat);

    /// <inheritdoc/>
    public override string Name => "self_rewarding";

    /// <summary>The same method, which judges itself, with a reward that measures its answers to held-out prompts.</summary>
    public override RoundLoop JudgedBy(IReward reward) => this with { Measure = reward };

    private protected override ReferenceModel ReferenceOf => ReferenceModel.Start;

    private protected override string Settings
    {
        get
        {
            using var chat = new LocalChatClient(Model, new());
            return $"{Fingerprints.Of(Objective)} {JudgeOf(chat).Fingerprint}";
        }
    }

    internal override void Check(bool hasAdapter)
    {
        base.Check(hasAdapter);
        if (Sampling.Answers < 2)
            throw new AlidadeException("self-rewarding compares answers to one prompt and needs at least 2 of them");
        if (Model.ChatTemplate is null)
            throw new AlidadeException($"{Model.Name} has no chat template, so it cannot be asked to judge itself; use a model that was tuned for chat");
    }

    private protected override async Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var answers = Sample(prompts, Sampling.Answers, FormattableString.Invariant($"answers {round}"), context);
        using var use = Model.Use(Adapter);
        // A client of its own for each round: it keeps keys and values, which are those of the weights as they are.
        using var chat = new LocalChatClient(Model, new());
        return await BestAgainstWorstAsync(prompts, answers, JudgeOf(chat), context);
    }
}
