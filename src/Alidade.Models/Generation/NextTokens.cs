using Alidade.Core;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>One candidate.</summary>
/// <param name="Rank">1 = likeliest.</param>
/// <param name="Id">Token id.</param>
/// <param name="Text">Its text.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="LogProb">Its log-probability, in nats.</param>
public sealed record NextToken(int Rank, int Id, string Text, double Probability, double LogProb);

/// <summary>The likeliest next tokens of a prompt.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="PromptTokens">Its length, in tokens.</param>
/// <param name="Entropy">Entropy of the whole distribution, in nats.</param>
/// <param name="Tokens">The candidates, likeliest first.</param>
public sealed record NextTokenTable(string Prompt, int PromptTokens, double Entropy, IReadOnlyList<NextToken> Tokens);

/// <summary>Lists what may come next.</summary>
public static class NextTokens
{
    /// <summary>The <paramref name="top"/> likeliest tokens after a text.</summary>
    /// <exception cref="AlidadeException">The prompt is empty or too long, or fewer than one token is asked for.</exception>
    public static NextTokenTable Of(CausalLM model, string prompt, int top)
    {
        if (top < 1)
            throw new AlidadeException($"{top} tokens were asked for, it must be at least 1");
        var ids = model.Tokenizer.Encode(prompt);
        if (ids.Length == 0)
            throw new AlidadeException("the prompt is empty");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(ids);
        var logProbs = nn.functional.log_softmax(model.Unembed(model.Hidden(grid).narrow(1, ids.Length - 1, 1)).flatten().to(ScalarType.Float64), 0);
        var (values, indices) = logProbs.topk((int)Math.Min(top, logProbs.size(0)), 0);
        var found = values.cpu().data<double>().ToArray();
        var tokens = indices.cpu().data<long>().ToArray();
        return new(prompt, ids.Length, -(logProbs.exp() * logProbs).sum().item<double>(), [.. tokens.Select((id, i) =>
            new NextToken(i + 1, (int)id, model.Tokenizer.TokenText((int)id), Math.Exp(found[i]), found[i]))]);
    }
}
