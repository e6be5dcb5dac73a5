using Alidade.Core.Recipes;
using Alidade.Training.Loops;

namespace Alidade.Training.Jobs;

/// <summary>How it is found out what an answer of the model to a prompt is worth, before it learns from answers that are there already (A-LoL): it answers each prompt, and the mean reward counts.</summary>
public sealed record ValuesRecipe : IValidated
{
    /// <summary>Answers to each prompt. Default 8; the paper learns the value with a head on the frozen model instead.</summary>
    public int Answers { get; init; } = 8;

    /// <summary>Most tokens of an answer.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Temperature of the answers; 1 is the model as it is.</summary>
    public double Temperature { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Answers < 1)
            yield return $"answers: {Answers} (at least 1)";
        if (MaxNewTokens < 1)
            yield return $"max_new_tokens: {MaxNewTokens} (at least 1)";
        if (!(Temperature > 0))
            yield return FormattableString.Invariant($"temperature: {Temperature} (above 0)");
    }

    /// <summary>The sampling.</summary>
    internal AnswerSampling Sampling => new() { Answers = Answers, Generation = new() { Temperature = Temperature, MaxNewTokens = MaxNewTokens } };
}
