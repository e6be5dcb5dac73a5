using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Models.Generation;

/// <summary>
/// Generates text: prompts of any length together, a row leaves the batch when it is done and the next prompt takes its place; a prompt that is given several
/// times is read once, and so is a long beginning that prompts share.
/// </summary>
public static class TextGenerator
{
    /// <summary>Most rows that are decoded together where nobody says otherwise.</summary>
    private const int BatchRows = 16;

    /// <summary>Generates from each prompt.</summary>
    /// <param name="model">The model, with the adapter in use.</param>
    /// <param name="prompts">Token ids of each prompt, at least one.</param>
    /// <param name="options">How. Prompt i draws from the random state that the seed and i give, whatever else is in the batch.</param>
    /// <param name="progress">Told how many prompts are finished.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <param name="batchRows">Most rows that are decoded together: more are faster, and take memory for their keys and values.</param>
    /// <param name="guide">Says which tokens may come; null for all.</param>
    /// <returns>One result for each prompt, in order.</returns>
    /// <exception cref="AlidadeException">A prompt is empty or fills the context, an option is out of range, or the options leave no token to choose.</exception>
    public static IReadOnlyList<Generated> Generate(
        CausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts, GenerationOptions options, IProgress<int>? progress = null, CancellationToken cancellation = default,
        int batchRows = BatchRows, TokenGuide? guide = null)
    {
        options.Validate(model);
        // Prompts of similar length share a batch, so that little of it is padding; those that are alike stand together.
        var waiting = new Queue<GenerationRow>(prompts.Select((p, i) => new GenerationRow(i, p, model, options)).OrderBy(r => r.Prompt.Count));
        foreach (var row in waiting)
            DecodingBatch.CheckPrompt(model, row.Prompt, row.Index);
        var results = new Generated[prompts.Count];
        var most = DecodingBatch.MostRows(model, batchRows);
        using var batch = new DecodingBatch(model);
        // The guide reads the same rows, always one token ahead of their choice.
        using var guiding = guide is null ? null : new DecodingBatch(model, said: (rows, logits) => Allow(rows, guide.Allowed(logits)));
        var guided = new Queue<GenerationRow>(waiting);
        for (var done = 0; done < prompts.Count;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (guiding is not null)
                using (model.Use(guide!.Adapter))
                    guiding.Advance(guided, most);
            var finished = batch.Advance(waiting, most);
            foreach (var row in finished)
                results[row.Index] = row.Result ?? throw row.Fault!;
            guiding?.Leave(row => row.Done);
            done += finished.Count;
            if (finished.Count > 0)
                progress?.Report(done);
        }

        return results;
    }

    /// <summary>Generates from one prompt and yields the text as it comes; half a character or the beginning of a stop text is held back.</summary>
    /// <param name="model">The model, with the adapter in use.</param>
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="prefixes">Keys and values of earlier texts, and where those of this one are kept; null for none.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>One chunk a token, generated anew each time that they are enumerated; their texts together are the <see cref="Generated.Text"/> that the last one carries.</returns>
    /// <exception cref="AlidadeException">As <see cref="Generate"/>.</exception>
    public static IEnumerable<GenerationChunk> Stream(
        CausalLM model, IReadOnlyList<int> prompt, GenerationOptions options, PrefixCache? prefixes = null, CancellationToken cancellation = default)
    {
        options.Validate(model);
        DecodingBatch.CheckPrompt(model, prompt);
        return Chunks(model, [.. prompt], options, prefixes, cancellation);
    }

    private static void Allow(IReadOnlyList<GenerationRow> rows, Tensor allowed)
    {
        foreach (var (row, tokens) in rows.Zip(TokenSet.Of(allowed)))
            row.Allow(tokens);
    }

    private static IEnumerable<GenerationChunk> Chunks(CausalLM model, int[] prompt, GenerationOptions options, PrefixCache? prefixes, CancellationToken cancellation)
    {
        var row = new GenerationRow(0, prompt, model, options);
        var waiting = new Queue<GenerationRow>([row]);
        using var batch = new DecodingBatch(model, prefixes);
        while (!row.Done)
        {
            cancellation.ThrowIfCancellationRequested();
            batch.Advance(waiting, 1);
            if (row.Fault is { } fault)
                throw fault;
            yield return row.TakeChunk();
        }
    }
}
