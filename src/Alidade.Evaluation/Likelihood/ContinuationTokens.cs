using Alidade.Core;
using Alidade.Models;

namespace Alidade.Evaluation.Likelihood;

/// <summary>
/// How a context and its continuation become tokens: white space at the end of the context moves to the continuation, the whole and the context are
/// tokenised, and the continuation is what follows the context's number of tokens. An empty context is the model's beginning token, or its end token
/// where it has none.
/// </summary>
/// <remarks>As lm-evaluation-harness 0.4.13 (<c>TemplateLM._encode_pair</c>). The cut is not repaired where a token spans the border.</remarks>
public static class ContinuationTokens
{
    /// <summary>What stands before a text that has nothing before it: the model's beginning token, or its end token where it has none.</summary>
    /// <exception cref="AlidadeException">The model has neither.</exception>
    public static int Prefix(CausalLM model) => model.Tokenizer.BeginningOfText ?? model.Tokenizer.EndOfText
        ?? throw new AlidadeException($"{model.Name} has neither a beginning nor an end token to put in front of a text");

    /// <summary>Tokens of both.</summary>
    /// <exception cref="AlidadeException">The continuation is empty.</exception>
    public static (int[] Context, int[] Continuation) Of(CausalLM model, string context, string continuation)
    {
        if (continuation.Length == 0)
            throw new AlidadeException("an empty continuation has no likelihood");
        var tokenizer = model.Tokenizer;
        if (context.Length == 0)
        {
            var prefix = Prefix(model);
            var ids = tokenizer.Encode(continuation);
            return ids[0] == prefix && ids.Length > 1 ? ([prefix], ids[1..]) : ([prefix], ids);
        }

        var kept = context.TrimEnd();
        continuation = context[kept.Length..] + continuation;
        var before = tokenizer.Encode(kept);
        return (before, tokenizer.Encode(kept + continuation)[before.Length..]);
    }
}
