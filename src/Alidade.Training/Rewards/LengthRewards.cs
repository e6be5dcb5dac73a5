using Alidade.Core;
using Alidade.Training.Objectives.Reinforcement;

namespace Alidade.Training.Rewards;

/// <summary>Nearness to a length: 1 − |tokens − target|/target, at least −1.</summary>
public sealed record LengthTarget : RuleReward
{
    /// <summary>Tokens that are aimed at, the end token included (at least 1).</summary>
    public required int Tokens
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"a length target of {value} tokens; it must be at least 1");
    }

    /// <inheritdoc/>
    public override string Name => "length_target";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion) => completion.Ids.Count == 0
        ? RewardScore.None("the answer's tokens are not known")
        : RewardScore.Of(Math.Max(-1, 1 - (Math.Abs(completion.Ids.Count - Tokens) / (double)Tokens)));
}

/// <summary>A punishment of overlong answers, to be added to another reward: DAPO's soft rule (<see cref="OverlongPenalty"/>).</summary>
public sealed record OverlongReward : RuleReward
{
    /// <summary>The rule.</summary>
    public required OverlongPenalty Penalty { get; init; }

    /// <inheritdoc/>
    public override string Name => "overlong";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion) => completion.Ids.Count == 0
        ? RewardScore.None("the answer's tokens are not known")
        : RewardScore.Of(Penalty.Of(completion.Ids.Count));
}

/// <summary>A price for each token: −price·tokens.</summary>
public sealed record LengthPenalty : RuleReward
{
    /// <summary>What a token costs (at least 0). Default 0.01.</summary>
    public double Price
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new AlidadeException($"a token's price of {value}; it must be a number of at least 0");
    } = 0.01;

    /// <inheritdoc/>
    public override string Name => "length_penalty";

    /// <inheritdoc/>
    public override RewardScore Score(AnsweredPrompt completion) => completion.Ids.Count == 0
        ? RewardScore.None("the answer's tokens are not known")
        : RewardScore.Of(-Price * completion.Ids.Count);
}
