using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>Texts that are tokenised piece by piece and joined, so that the boundary between what is learned and what is not is one between tokens.</summary>
internal sealed class TextPieces(Tokenizer tokenizer, ChatTemplate? template, string? endToken)
{
    private static readonly EncodeOptions Bare = new() { AddSpecialTokens = false };
    private readonly TextEncoder encoder = new(tokenizer, template, endToken);

    /// <summary>A prompt with the tokenizer's own begin token, or a conversation up to where the assistant answers.</summary>
    public int[] Prompt(string row, Prompt prompt) => RowProblems.Naming(row, () => encoder.Prompt(prompt));

    /// <summary>A text without anything added.</summary>
    public int[] Text(string text) => [.. tokenizer.EncodeWithOffsets(text, Bare).Ids];

    /// <summary>An answer with the end-of-text token.</summary>
    public int[] Answer(string text) => Text(encoder.Ended(text));

    /// <summary>Cuts and keeps a row, or counts why not.</summary>
    public void Add(TokenRowCollector<DemonstrationTokens> collector, DemonstrationTokens row, int? maxLength)
    {
        var cut = maxLength is { } limit && row.Ids.Count > limit;
        if (cut)
        {
            var most = maxLength!.Value;
            row = row with { Ids = [.. row.Ids.Take(most)], Scored = [.. row.Scored.Take(most)], Hidden = row.Hidden?.Take(most).ToArray(), Documents = [most] };
        }

        if (row.Targets == 0)
            collector.Drop(cut ? "the prompt fills the maximum length" : "nothing to learn");
        else
            collector.Add(row, cut);
    }
}
