using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>A prompt as tokens, to be answered.</summary>
/// <param name="Ids">Ids, the beginning of the answer's turn included.</param>
/// <param name="Source">The row it came from.</param>
public sealed record PromptTokens(IReadOnlyList<int> Ids, AskedPrompt Source);

/// <summary>Prompts to ids: plain texts as they are, conversations through the template with the assistant's next turn begun.</summary>
/// <remarks>Nothing is cut, as in TRL 1.16: a prompt without its beginning or its end asks something else. What is longer than the limit is left out and counted.</remarks>
public sealed class PromptTokenizer
{
    private readonly TextEncoder encoder;
    private readonly int? maxLength;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="maxLength">Longest prompt in tokens; null for no limit.</param>
    /// <exception cref="AlidadeException">The maximum length is below 1.</exception>
    public PromptTokenizer(Tokenizer tokenizer, ChatTemplate? template, int? maxLength = null)
    {
        this.maxLength = maxLength is < 1 ? throw new AlidadeException($"the maximum length of a prompt is {maxLength}; it must be at least 1 token") : maxLength;
        encoder = new(tokenizer, template);
    }

    /// <summary>All prompts.</summary>
    /// <exception cref="AlidadeException">No prompt can be used.</exception>
    public TokenRows<PromptTokens> Tokenize(IEnumerable<AskedPrompt> prompts)
    {
        var collector = new TokenRowCollector<PromptTokens>();
        foreach (var prompt in prompts)
        {
            var ids = RowProblems.Naming(prompt.Id, () => encoder.Prompt(prompt.Prompt));
            if (ids.Length == 0)
                collector.Drop("the prompt has no token");
            else if (ids.Length > maxLength)
                collector.Drop($"the prompt is longer than {maxLength} tokens");
            else
                collector.Add(new(ids, prompt), cut: false);
        }

        return collector.Finish("prompts");
    }
}
