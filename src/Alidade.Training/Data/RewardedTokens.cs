namespace Alidade.Training.Data;

/// <summary>An answer that is there already, with its reward, as tokens: a row of offline reinforcement learning.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Prompt">Ids of the prompt; may be empty.</param>
/// <param name="Answer">Ids of the answer, its end token included.</param>
/// <param name="Reward">Its reward.</param>
/// <param name="Value">What an answer to this prompt is worth on average, under the model that training begins with.</param>
public sealed record RewardedTokens(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer, double Reward, double Value);
