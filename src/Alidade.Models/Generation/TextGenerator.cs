using Alidade.Core;
using Alidade.Models.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>
/// Generates text with a preallocated cache of keys and values: prompts of any length together, padded on the left; a row leaves the batch when it is done.
/// </summary>
public static class TextGenerator
{
    /// <summary>Most rows that are decoded together.</summary>
    private const int BatchRows = 16;

    /// <summary>Generates from each prompt.</summary>
    /// <param name="model">The model, with the adapter in use.</param>
    /// <param name="prompts">Token ids of each prompt, at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how many prompts are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>One result for each prompt, in order.</returns>
    /// <exception cref="AlidadeException">A prompt is empty or fills the context.</exception>
    public static IReadOnlyList<Generated> Generate(
        CausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        options.Validate();
        var results = new Generated[prompts.Count];
        using var sampler = new Sampler(options);
        var done = 0;

        // Prompts of similar length share a batch, so that little of it is padding.
        foreach (var batch in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Count).Chunk(BatchRows))
        {
            var rows = batch.Select(i => new GenerationRow(i, prompts[i], model.HasTokenizer ? model.Tokenizer : null)).ToList();
            foreach (var finished in Steps(model, rows, options, sampler, cancellation).SelectMany(r => r))
            {
                results[finished.Index] = finished.Result!;
                progress?.Report(++done);
            }
        }

        return results;
    }

    /// <summary>Generates from one prompt and yields the text as it comes; half a character or the beginning of a stop text is held back.</summary>
    /// <returns>Pieces of text; together they are the <see cref="Generated.Text"/>.</returns>
    public static IEnumerable<string> Stream(CausalLM model, IReadOnlyList<int> prompt, GenerationOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        using var sampler = new Sampler(options);
        var row = new GenerationRow(0, prompt, model.HasTokenizer ? model.Tokenizer : null);
        var shown = 0;
        foreach (var _ in Steps(model, [row], options, sampler, cancellation))
        {
            var text = row.Result?.Text ?? row.Text;
            var safe = row.Result is null ? row.SafeLength(options.Stop) : text.Length;
            if (safe <= shown)
                continue;
            yield return text[shown..safe];
            shown = safe;
        }
    }

    // One step a token; yields the rows that the step finished.
    private static IEnumerable<IReadOnlyList<GenerationRow>> Steps(
        CausalLM model, IReadOnlyList<GenerationRow> rows, GenerationOptions options, Sampler sampler, CancellationToken cancellation)
    {
        var config = model.Config;
        if (rows.FirstOrDefault(r => r.Prompt.Count == 0 || r.Prompt.Count >= config.ContextLength) is { } bad)
            throw new AlidadeException($"prompt {bad.Index} has {bad.Prompt.Count} tokens; it must have at least 1 and leave room in the model's context of {config.ContextLength}");
        // A prompt that several rows share is read once.
        var prompts = new List<IReadOnlyList<int>>();
        foreach (var row in rows)
            if (!prompts.Any(row.Prompt.SequenceEqual))
                prompts.Add(row.Prompt);
        int[]? promptOf = prompts.Count == rows.Count ? null : [.. rows.Select(r => prompts.FindIndex(r.Prompt.SequenceEqual))];
        var width = prompts.Max(p => p.Count);
        using var attention = new CachedAttention(
            config, [.. prompts.Select(p => width - p.Count)], width + Math.Min(options.MaxNewTokens, config.ContextLength), model.Device, model.DType);
        long[] ids = [.. prompts.SelectMany(p => Enumerable.Repeat(0L, width - p.Count).Concat(p.Select(id => (long)id)))];
        var active = rows;
        for (var count = width; active.Count > 0; count = 1)
        {
            cancellation.ThrowIfCancellationRequested();
            var (tokens, logProbs) = Forward(model, attention, ids, count, promptOf, sampler);
            promptOf = null;
            for (var i = 0; i < active.Count; i++)
                active[i].Push((int)tokens[i], logProbs[i], model, options);
            yield return [.. active.Where(r => r.Result is not null)];
            var keep = Enumerable.Range(0, active.Count).Where(i => active[i].Result is null).ToArray();
            if (keep.Length < active.Count && keep.Length > 0)
                attention.Select(keep);
            ids = [.. keep.Select(i => tokens[i])];
            active = [.. keep.Select(i => active[i])];
        }
    }

    private static (long[] Tokens, double[] LogProbs) Forward(CausalLM model, CachedAttention attention, long[] ids, int count, int[]? spread, Sampler sampler)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        attention.Next(count);
        var hidden = model.Run(tensor(ids, [ids.Length / count, count], device: model.Device), attention);
        attention.Advance();
        var logits = model.Unembed(hidden.narrow(1, count - 1, 1).squeeze(1));
        if (spread is null)
            return sampler.Next(logits);
        attention.Select(spread);
        return sampler.Next(logits.index_select(0, tensor(spread, ScalarType.Int64, model.Device)));
    }
}
