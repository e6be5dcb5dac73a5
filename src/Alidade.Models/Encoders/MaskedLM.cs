using Alidade.Core;
using Alidade.Models.Functional;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>A token of a batch whose log-probability is wanted.</summary>
/// <param name="Row">Row of the batch.</param>
/// <param name="Position">Position in the row.</param>
/// <param name="Token">The token whose probability at that position is wanted.</param>
public readonly record struct MaskedTarget(int Row, int Position, int Token);

/// <summary>A text as tokens, and which of them are scored.</summary>
/// <param name="Ids">All tokens, special ones included.</param>
/// <param name="Positions">Those that are masked and scored, one at a time.</param>
public sealed record MaskedText(IReadOnlyList<int> Ids, IReadOnlyList<int> Positions);

/// <summary>A token that may stand behind a mask.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Token">The token as a reader sees it.</param>
/// <param name="LogProb">Its log-probability in nats.</param>
public sealed record MaskedCandidate(int Id, string Token, double LogProb);

/// <summary>An encoder with its masked-token head: what may stand at a position, given all the rest.</summary>
/// <remarks>Log-probabilities are in nats.</remarks>
public sealed class MaskedLM : IDisposable
{
    private readonly MaskedHead head;

    private MaskedLM(EncoderModel encoder, MaskedHead head, int? maskToken) => (Encoder, this.head, MaskToken) = (encoder, head, maskToken);

    /// <summary>The white box below the head.</summary>
    public EncoderModel Encoder { get; }

    /// <summary>The token that stands for a hidden one: the tokenizer's, null when it names none. Set it to score token ids without a tokenizer.</summary>
    public int? MaskToken { get; set; }

    /// <summary>Loads a Hugging Face folder.</summary>
    /// <exception cref="AlidadeException">A file is missing, malformed or does not fit its own configuration, or the model has no masked-token head.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a part of it, is not supported.</exception>
    public static MaskedLM Load(string path, LoadOptions? options = null)
    {
        var (encoder, head) = EncoderLoader.Load(path, options ?? new(), MaskedHead.Take);
        try
        {
            // The encoder's name is its folder, found where the path is the hub's name of a model.
            var mask = encoder.HasTokenizer && SpecialTokens.Text(encoder.Name, "mask_token") is { } text ? encoder.Tokenizer.IdOf(text) : null;
            return new(encoder, head, mask);
        }
        catch
        {
            encoder.Dispose();
            throw;
        }
    }

    /// <summary>Logits of every position.</summary>
    /// <returns>[rows, positions, vocabulary]; positions of padding mean nothing.</returns>
    public Tensor Logits(EncoderBatch batch)
    {
        using var scope = NewDisposeScope();
        return nn.functional.linear(head.Transform(Encoder.Hidden(batch)), head.Output, head.Bias).MoveToOuterDisposeScope();
    }

    /// <summary>log p of chosen tokens at chosen positions; the head runs on these positions only. Its negated mean is the loss of masked-token training.</summary>
    /// <returns>[targets], in their order; differentiable.</returns>
    /// <exception cref="AlidadeException">A target lies outside of the batch or of the vocabulary.</exception>
    public Tensor LogProbs(EncoderBatch batch, IReadOnlyList<MaskedTarget> targets)
    {
        foreach (var (row, position, token) in targets)
            if (row < 0 || row >= batch.Lengths.Count || position < 0 || position >= batch.Lengths[row] || token < 0 || token >= Encoder.Config.VocabularySize)
                throw new AlidadeException($"token {token} at position {position} of row {row} is not in the batch of {batch.Lengths.Count} rows or not in the vocabulary of {Encoder.Config.VocabularySize}");
        if (targets.Count == 0)
            throw new AlidadeException("no token of the batch is scored, so there is nothing to compute");
        using var scope = NewDisposeScope();
        var places = tensor(targets.Select(t => ((long)t.Row * batch.Width) + t.Position).ToArray(), device: Encoder.Device);
        var tokens = tensor(targets.Select(t => (long)t.Token).ToArray(), device: Encoder.Device);
        var hidden = Encoder.Hidden(batch).reshape(-1, Encoder.Config.Width).index_select(0, places);
        return SelectedLogProbs.Of(head.Transform(hidden), head.Output, tokens, head.Bias).MoveToOuterDisposeScope();
    }

    /// <summary>A text as it is scored: every token but the special ones around it.</summary>
    /// <exception cref="AlidadeException">The text is longer than the context: the likelihood of a part would not be the text's.</exception>
    public MaskedText Tokens(string text)
    {
        var encoding = Encoder.Tokenizer.EncodeWithOffsets(text, new());
        if (encoding.Ids.Count > Encoder.Config.ContextLength)
            throw new AlidadeException($"a text of {encoding.Ids.Count} tokens is longer than the model's context of {Encoder.Config.ContextLength}; shorten it");
        return new(encoding.Ids, [.. Enumerable.Range(0, encoding.Ids.Count).Where(i => !encoding.SpecialMask[i])]);
    }

    /// <summary>
    /// log p of each scored token when it alone is masked; their sum over a text is its pseudo-log-likelihood. Copies of all texts share batches.
    /// </summary>
    /// <param name="texts">The texts; <see cref="Tokens"/> makes one that is scored whole.</param>
    /// <param name="batchTokens">Most tokens of one forward pass, padding included.</param>
    /// <returns>For each text one number for each of its positions.</returns>
    /// <remarks>Salazar et al. 2020 (arXiv 1910.14659), eq. 1; Nangia et al. 2020 (CrowS-Pairs) score the tokens that two sentences share.</remarks>
    /// <exception cref="AlidadeException">There is no mask token, or a position lies outside of its text.</exception>
    public IReadOnlyList<double[]> PseudoLogLikelihoods(IReadOnlyList<MaskedText> texts, int batchTokens = 8192)
    {
        var mask = Mask;
        var copies = texts.SelectMany((t, text) => t.Positions.Select((position, index) => (Text: text, Index: index, Position: position))).ToList();
        foreach (var (text, _, position) in copies)
            if (position < 0 || position >= texts[text].Ids.Count)
                throw new AlidadeException($"position {position} lies outside of a text of {texts[text].Ids.Count} tokens");
        var result = texts.Select(t => new double[t.Positions.Count]).ToArray();
        using var noGrad = no_grad();
        foreach (var group in EncoderBatch.Groups([.. copies.Select(c => texts[c.Text].Ids.Count)], batchTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = EncoderBatch.Of([.. group.Select(i => Masked(texts[copies[i].Text].Ids, copies[i].Position, mask))]);
            var targets = group.Select((copy, row) => new MaskedTarget(row, copies[copy].Position, texts[copies[copy].Text].Ids[copies[copy].Position])).ToList();
            var logProbs = LogProbs(batch, targets).to(ScalarType.Float64).cpu().data<double>().ToArray();
            for (var row = 0; row < group.Length; row++)
                result[copies[group[row]].Text][copies[group[row]].Index] = logProbs[row];
        }

        return result;
    }

    /// <summary>The likeliest tokens at every mask of a text, likeliest first.</summary>
    /// <param name="text">A text with the tokenizer's mask token in it, such as <c>Paris is the capital of [MASK].</c></param>
    /// <param name="top">Candidates for each mask.</param>
    /// <exception cref="AlidadeException">The text holds no mask, or is longer than the context.</exception>
    public IReadOnlyList<IReadOnlyList<MaskedCandidate>> Fill(string text, int top = 5)
    {
        var (mask, ids) = (Mask, Tokens(text).Ids);
        var places = Enumerable.Range(0, ids.Count).Where(i => ids[i] == mask).ToList();
        if (places.Count == 0)
            throw new AlidadeException($"the text holds no {Encoder.Tokenizer.Token(mask)}, so there is nothing to fill");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([ids]);
        var logProbs = nn.functional.log_softmax(Logits(batch)[0].index_select(0, tensor(places.Select(p => (long)p).ToArray(), device: Encoder.Device)), -1);
        var (values, tokens) = logProbs.topk(Math.Clamp(top, 1, Encoder.Config.VocabularySize));
        var (v, t) = (values.to(ScalarType.Float64).cpu().contiguous().data<double>().ToArray(), tokens.cpu().contiguous().data<long>().ToArray());
        var each = v.Length / places.Count;
        return [.. places.Select((_, place) => (IReadOnlyList<MaskedCandidate>)[.. Enumerable.Range(place * each, each)
            .Select(i => new MaskedCandidate((int)t[i], Encoder.Tokenizer.TokenText((int)t[i]), v[i]))])];
    }

    /// <inheritdoc/>
    public void Dispose() => Encoder.Dispose();

    private int Mask => MaskToken ?? throw new AlidadeException($"{Encoder.Name} names no mask token; put its tokenizer.json and tokenizer_config.json beside the weights");

    private static int[] Masked(IReadOnlyList<int> ids, int position, int mask)
    {
        int[] copy = [.. ids];
        copy[position] = mask;
        return copy;
    }
}
