using Alidade.Core;

namespace Alidade.Evaluation.Likelihood;

/// <summary>
/// Cuts a text that is longer than the model's context into windows in which every token is predicted exactly once. The first window predicts as many tokens as fit;
/// each further one sees some tokens again, without predicting them; the last is filled up to the left.
/// </summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>get_rolling_token_windows</c> and <c>make_disjoint_window</c>.</remarks>
public static class RollingWindows
{
    /// <summary>The windows; none for an empty text.</summary>
    /// <param name="ids">The text.</param>
    /// <param name="prefix">The token that stands before the first.</param>
    /// <param name="length">Most tokens that go into the model at once; above 0. A window and what it predicts overlap by all but one.</param>
    /// <param name="seen">Tokens that a full window sees before the first that it predicts: from 1 (default, cheapest) to <paramref name="length"/>.</param>
    public static IReadOnlyList<(IReadOnlyList<int> Context, IReadOnlyList<int> Predicted)> Of(IReadOnlyList<int> ids, int prefix, int length, int seen = 1)
    {
        if (length < 1)
            throw new AlidadeException($"a window of {length} tokens is too short; it must have at least 1");
        if (seen < 1 || seen > length)
            throw new AlidadeException($"a window of {length} tokens cannot see {seen} tokens before the first that it predicts; it must be from 1 to {length}");
        var windows = new List<(IReadOnlyList<int>, IReadOnlyList<int>)>();
        var step = length - seen + 1;
        for (int from = 0, to; from < ids.Count; from = to)
        {
            to = Math.Min(ids.Count, from + (from == 0 ? length : step));
            // What a window reads ends before the last token that it predicts.
            var start = Math.Max(0, to - 1 - length);
            windows.Add((from == 0 ? [prefix] : [.. ids.Skip(start).Take(from - start)], [.. ids.Skip(from).Take(to - from)]));
        }

        return windows;
    }
}
