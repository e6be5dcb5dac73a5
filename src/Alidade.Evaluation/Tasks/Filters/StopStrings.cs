namespace Alidade.Evaluation.Tasks.Filters;

/// <summary>Where a generated text ends.</summary>
public static class StopStrings
{
    /// <summary>
    /// The text up to the first stop string, each looked for in turn in what the ones before left. With a token that ends the model's thinking, only what follows
    /// its last occurrence is looked at, without white space at its beginning.
    /// </summary>
    /// <remarks>lm-evaluation-harness 0.4.13, <c>postprocess_generated_text</c>.</remarks>
    /// <param name="text">The generated text.</param>
    /// <param name="stops">Stop strings; an empty one stops nothing.</param>
    /// <param name="thinkingEnd">Such as "&lt;/think&gt;"; null when the model does not think aloud.</param>
    public static string Cut(string text, IEnumerable<string> stops, string? thinkingEnd = null)
    {
        if (!string.IsNullOrEmpty(thinkingEnd))
        {
            var end = text.LastIndexOf(thinkingEnd, StringComparison.Ordinal);
            text = PythonText.StripStart(end < 0 ? text : text[(end + thinkingEnd.Length)..]);
        }

        foreach (var stop in stops.Where(s => s.Length > 0))
            if (text.IndexOf(stop, StringComparison.Ordinal) is var at && at >= 0)
                text = text[..at];
        return text;
    }
}
