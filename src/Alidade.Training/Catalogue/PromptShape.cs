using Alidade.Training.Data;
using Alidade.Training.Jobs;

namespace Alidade.Training.Catalogue;

/// <summary>Rows that are prompts, which the model answers itself.</summary>
internal sealed class PromptShape : IRowShape<PromptTokens>
{
    /// <summary>What they hold, as a person would write them.</summary>
    public const string Rows = "prompts: rows {prompt, …} with whatever the reward reads, texts or lists of messages, or preference pairs, whose prompts are taken; and a reward, such as --set reward=ends_with_question";

    public string IdOf(PromptTokens row) => row.Source.Id;

    public int LengthOf(PromptTokens row) => row.Ids.Count;

    public IReadOnlyList<TokenStretch> StretchesOf(PromptTokens row) => [TokenStretch.Prompt(row.Ids)];
}
