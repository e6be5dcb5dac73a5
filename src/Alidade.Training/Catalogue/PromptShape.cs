using Alidade.Training.Data;
using Alidade.Training.Jobs;

namespace Alidade.Training.Catalogue;

/// <summary>Rows that are prompts, which the model answers itself.</summary>
internal sealed class PromptShape : IRowShape<PromptTokens>
{
    public string IdOf(PromptTokens row) => row.Source.Id;

    public int LengthOf(PromptTokens row) => row.Ids.Count;

    public IReadOnlyList<TokenStretch> StretchesOf(PromptTokens row) => [TokenStretch.Prompt(row.Ids)];
}
