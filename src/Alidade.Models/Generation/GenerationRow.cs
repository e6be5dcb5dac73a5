using System.Text;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Generation;

/// <summary>One prompt on its way: the tokens so far, their text, and how it ended.</summary>
internal sealed class GenerationRow(int index, IReadOnlyList<int> prompt, Tokenizer? tokenizer)
{
    // A model without a tokenizer generates ids without text.
    private readonly StreamingDecoder? stream = tokenizer?.CreateStream(skipSpecialTokens: false);
    private readonly List<int> ids = [];
    private readonly List<double> logProbs = [];
    private readonly StringBuilder text = new();

    /// <summary>Number of the prompt.</summary>
    public int Index => index;

    /// <summary>The prompt.</summary>
    public IReadOnlyList<int> Prompt => prompt;

    /// <summary>The text so far, whole characters only.</summary>
    public string Text => text.ToString();

    /// <summary>Set once the row is done.</summary>
    public Generated? Result { get; private set; }

    /// <summary>Takes the next token.</summary>
    public void Push(int token, double logProb, CausalLM model, GenerationOptions options)
    {
        if (!options.IgnoreEndTokens && model.EndTokens.Contains(token))
        {
            Finish(StopReason.EndToken, null);
            return;
        }

        ids.Add(token);
        logProbs.Add(logProb);
        text.Append(stream?.Push(token));
        if (options.Stop.Count > 0)
        {
            var all = Text;
            var found = options.Stop.Select(s => all.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).ToArray();
            if (found.Length > 0)
            {
                Finish(StopReason.StopText, found.Min());
                return;
            }
        }

        if (ids.Count >= options.MaxNewTokens)
            Finish(StopReason.Length, null);
        else if (prompt.Count + ids.Count >= model.Config.ContextLength)
            Finish(StopReason.Context, null);
    }

    /// <summary>How much of the text may be shown: what cannot become the beginning of a stop text.</summary>
    public int SafeLength(IReadOnlyList<string> stops)
    {
        var all = Text;
        var held = 0;
        foreach (var stop in stops)
            for (var n = Math.Min(stop.Length - 1, all.Length); n > held; n--)
                if (all.EndsWith(stop[..n], StringComparison.Ordinal))
                    held = n;
        return all.Length - held;
    }

    private void Finish(StopReason reason, int? cut)
    {
        text.Append(stream?.Flush());
        Result = new(ids, cut is { } at ? Text[..at] : Text, reason, logProbs);
    }
}
