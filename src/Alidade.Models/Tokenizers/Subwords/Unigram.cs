using System.Globalization;
using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>What a Unigram model is made of.</summary>
internal sealed record UnigramVocabulary : SubwordVocabulary
{
    /// <summary>The log-probability of each token; its place is the id.</summary>
    public required IReadOnlyList<(string Token, double Score)> Scores { get; init; }

    /// <summary>The id of unknown text; null when there is none.</summary>
    public int? Unknown { get; init; }

    /// <summary>Whether unknown text is spelled in byte tokens <c>&lt;0x41&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <inheritdoc/>
    public override int ShownAsWritten => Unknown ?? -1;

    /// <summary>A vocabulary from tokens with their scores, in the order of their ids. Of equal tokens the last keeps the id.</summary>
    public static UnigramVocabulary Of(IReadOnlyList<(string Token, double Score)> scores, int? unknown, bool byteFallback)
    {
        var ids = new Dictionary<string, int>(scores.Count, StringComparer.Ordinal);
        for (var i = 0; i < scores.Count; i++)
            ids[scores[i].Token] = i;
        return new() { Ids = ids, Scores = scores, Unknown = unknown, ByteFallback = byteFallback };
    }

    /// <summary>Reads the field <c>model</c>.</summary>
    public static UnigramVocabulary Read(JsonField model)
    {
        if (model["vocab"].IsMissing)
            throw model["vocab"].Wrong("an array of tokens and scores");
        var scores = model["vocab"].Items.Select(Entry).ToList();
        var unknown = model["unk_id"].IsMissing ? (int?)null : model["unk_id"].Integer;
        if (unknown >= scores.Count)
            throw model["unk_id"].Wrong($"the id of one of the {scores.Count} tokens");
        return Of(scores, unknown, model["byte_fallback"].Flag(false));

        static (string, double) Entry(JsonField field)
        {
            var parts = field.Items.ToList();
            if (parts.Count != 2)
                throw field.Wrong("a pair of token and score");
            return (parts[0].Text, parts[1].Value.ValueKind == JsonValueKind.Number && parts[1].Value.TryGetDouble(out var score) && double.IsFinite(score) ? score : throw parts[1].Wrong("a number"));
        }
    }

    /// <inheritdoc/>
    public override ISubwordModel Build(string name) => new Unigram(this, name);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Unigram");
        if (Unknown is { } id)
            writer.WriteNumber("unk_id", id);
        else
            writer.WriteNull("unk_id");
        writer.WriteBoolean("byte_fallback", ByteFallback);
        writer.WriteStartArray("vocab");
        foreach (var (token, score) in Scores)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(token);
            writer.WriteNumberValue(score);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }
}

/// <summary>
/// The segmentation of a piece with the largest sum of log-probabilities (Viterbi, in float64). A character that no token covers alone may be unknown, ten
/// below the least score; neighbouring unknown characters are one token.
/// </summary>
/// <remarks>Kudo 2018 (arXiv 1804.10959); penalty and ties (the longer first token stays only where it is strictly better) as Hugging Face tokenizers.</remarks>
internal sealed class Unigram : ISubwordModel
{
    private const double UnknownPenalty = 10;

    private readonly UnigramVocabulary vocabulary;
    private readonly string name;
    private readonly TokenTrie trie = new();
    private readonly double[] scores;
    private readonly double unknownScore;
    private readonly int[]? byteIds;
    private readonly WordMemory memory = new();

    /// <summary>Prepares the model.</summary>
    public Unigram(UnigramVocabulary vocabulary, string name)
    {
        this.vocabulary = vocabulary;
        this.name = name;
        scores = [.. vocabulary.Scores.Select(s => s.Score)];
        unknownScore = scores.DefaultIfEmpty().Min() - UnknownPenalty;
        foreach (var (token, id) in vocabulary.Ids)
            trie.Add(token, id);
        if (vocabulary.ByteFallback)
            byteIds = [.. Enumerable.Range(0, 256).Select(b => vocabulary.Ids.GetValueOrDefault(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>"), -1))];
    }

    /// <inheritdoc/>
    public Subword[] Tokenize(ReadOnlySpan<char> piece)
    {
        if (piece.Length == 0)
            return [];
        if (memory.TryGet(piece, out var known))
            return known;
        var tokens = Spelled(piece, Best(piece));
        memory.Add(piece, tokens);
        return tokens;
    }

    // The best segmentation, from the end to the start.
    private List<Subword> Best(ReadOnlySpan<char> piece)
    {
        var best = new Step[piece.Length + 1];
        Array.Fill(best, new(0, -1, -1));
        for (int start = 0, length; start < piece.Length; start += length)
        {
            length = CodePoints.LengthAt(piece, start);
            var before = best[start].Score;
            var single = false;
            var node = TokenTrie.Root;
            for (var at = start; at < piece.Length; at++)
            {
                node = trie.Next(node, piece[at]);
                if (node < 0)
                    break;
                if (trie.Value(node) is var id and >= 0)
                {
                    Offer(ref best[at + 1], before + scores[id], start, id);
                    single |= at + 1 == start + length;
                }
            }

            if (!single)
                Offer(ref best[start + length], before + unknownScore, start, vocabulary.Unknown
                    ?? throw new AlidadeException($"{name}: model.unk_id is missing, and the text has the unknown character U+{CodePoints.At(piece, start):X4}"));
        }

        var tokens = new List<Subword>();
        for (var end = piece.Length; end > 0; end = best[end].Start)
        {
            var step = best[end];
            if (step.Id == vocabulary.Unknown && tokens.Count > 0 && tokens[^1].Id == step.Id)
                tokens[^1] = tokens[^1] with { Start = step.Start };
            else
                tokens.Add(new(step.Id, step.Start, end));
        }

        return tokens;

        static void Offer(ref Step step, double score, int start, int id)
        {
            if (step.Start < 0 || score > step.Score)
                step = new(score, start, id);
        }
    }

    // Unknown text in bytes where that is wanted and all of its bytes have tokens.
    private Subword[] Spelled(ReadOnlySpan<char> piece, List<Subword> backwards)
    {
        var tokens = new List<Subword>(backwards.Count);
        for (var i = backwards.Count - 1; i >= 0; i--)
        {
            var token = backwards[i];
            var text = piece[token.Start..token.End];
            // The unknown token spelled in the text is a token like any other.
            if (byteIds is null || token.Id != vocabulary.Unknown || text.SequenceEqual(vocabulary.Scores[token.Id].Token))
            {
                tokens.Add(token);
                continue;
            }

            var bytes = new byte[3 * text.Length];
            var count = System.Text.Encoding.UTF8.GetBytes(text, bytes);
            var first = tokens.Count;
            foreach (var b in bytes.AsSpan(0, count))
                tokens.Add(token with { Id = byteIds[b] });
            if (tokens.FindIndex(first, t => t.Id < 0) >= 0)
            {
                tokens.RemoveRange(first, tokens.Count - first);
                tokens.Add(token);
            }
        }

        return [.. tokens];
    }

    private readonly record struct Step(double Score, int Start, int Id);
}
