namespace Alidade.Training.Objectives;

/// <summary>What an objective on pairs cannot do without, besides the policy's log-probabilities of both answers. A trainer computes what is asked for and nothing else.</summary>
[Flags]
public enum PairInputs
{
    /// <summary>Nothing else.</summary>
    None = 0,

    /// <summary>ℓ°, the log-probabilities under the reference.</summary>
    Reference = 1,

    /// <summary><see cref="PairLogProbs.Shared"/>: the same sums over the tokens that both answers have a position for.</summary>
    SharedLength = 2,

    /// <summary><see cref="PairLogProbs.ChosenCollision"/> and its twin: log Σ π(v)² over the vocabulary, summed over the tokens.</summary>
    Collision = 4,

    /// <summary><see cref="PairLogProbs.PromptAndChosen"/>: the log-probability of prompt and preferred answer together.</summary>
    PromptAndChosen = 8,

    /// <summary><see cref="PairLogProbs.ChosenReward"/> and its twin; from the data or a reward model.</summary>
    Rewards = 16,

    /// <summary><see cref="PairLogProbs.ChosenFromReference"/>: which answer the reference wrote.</summary>
    Source = 32,

    /// <summary><see cref="PairLogProbs.Tie"/>: pairs in which neither answer is better.</summary>
    Ties = 64,
}
