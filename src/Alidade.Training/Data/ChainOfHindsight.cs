using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>Two phrases that say which answer is the better one.</summary>
/// <param name="Good">Stands before the better answer.</param>
/// <param name="Bad">Stands before the worse answer.</param>
public sealed record HindsightPhrases(string Good, string Bad);

/// <summary>
/// Chain of Hindsight: a pair becomes one sequence of prompt, phrase, answer, phrase, answer, in either order, of which the answers alone are learned with their end
/// tokens. Afterwards the model is asked with the phrase of a better answer (<see cref="Phrases"/>).
/// </summary>
/// <remarks>
/// Liu, Sferrazza and Abbeel 2023 (arXiv 2302.02676), §2. Past tokens are hidden at random from later ones while training ("forgetful" masking, §2.2), drawn once for a row.
/// Left out: the regularising mixture with pre-training text (add such rows to the data), and chains of more than two answers.
/// </remarks>
public sealed record ChainOfHindsight
{
    /// <summary>Phrases among which each row draws. Default three pairs in the manner of the paper's appendix.</summary>
    public IReadOnlyList<HindsightPhrases> Phrases
    {
        get;
        init => field = value.Count > 0 ? value : throw new AlidadeException("Chain of Hindsight needs a pair of phrases at least");
    } =
    [
        new("A good answer is:", "A bad answer is:"),
        new("A helpful answer:", "An unhelpful answer:"),
        new("This answer is preferred:", "This answer is not preferred:"),
    ];

    /// <summary>Share of tokens that are hidden from later ones, in [0, 1). Default 0.15, as the paper.</summary>
    public double MaskRatio
    {
        get;
        init => field = value is >= 0 and < 1 ? value : throw new AlidadeException($"the share of hidden tokens is {value}; it must be at least 0 and below 1");
    } = 0.15;

    /// <summary>Longest row in tokens; what is longer loses its end. Null for no limit. Default 1024.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>Seed of phrases, order and hidden tokens; a row draws the same whatever stands beside it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The text that ends an answer; null for the tokenizer's end-of-text token.</summary>
    public string? EndToken { get; init; }

    /// <summary>Rows of pairs.</summary>
    /// <param name="pairs">Pairs; a conversation is written by the chat template up to where the assistant answers.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <exception cref="AlidadeException">No pair can be used.</exception>
    public TokenRows<DemonstrationTokens> Tokenize(IEnumerable<PreferencePair> pairs, Tokenizer tokenizer, ChatTemplate? template)
    {
        var pieces = new TextPieces(tokenizer, template, EndToken);
        var collector = new TokenRowCollector<DemonstrationTokens>();
        foreach (var pair in pairs)
        {
            var random = new SeededRandom(Seed).Fork(pair.Id);
            var phrases = Phrases[random.NextInt(Phrases.Count)];
            (IReadOnlyList<int> Ids, bool Scored)[] good = [(pieces.Text(" " + phrases.Good), false), (pieces.Answer(" " + pair.Chosen), true)];
            (IReadOnlyList<int> Ids, bool Scored)[] bad = [(pieces.Text(" " + phrases.Bad), false), (pieces.Answer(" " + pair.Rejected), true)];
            var (first, second) = random.NextInt(2) == 0 ? (good, bad) : (bad, good);
            var whole = Joined(pair.Id, [(pieces.Prompt(pair.Id, pair.Prompt), false), .. first, .. second]);
            pieces.Add(collector, Masked(whole, random), MaxLength);
        }

        return collector.Finish("pairs");
    }

    /// <summary>Segments in a row, of which some are learned.</summary>
    /// <param name="id">Id of the row.</param>
    /// <param name="segments">Ids of each segment, and whether it is learned.</param>
    public static DemonstrationTokens Joined(string id, IEnumerable<(IReadOnlyList<int> Ids, bool Scored)> segments)
    {
        var all = segments.ToArray();
        return new(id, [.. all.SelectMany(s => s.Ids)], [.. all.SelectMany(s => Enumerable.Repeat(s.Scored, s.Ids.Count))]);
    }

    private DemonstrationTokens Masked(DemonstrationTokens row, SeededRandom random) =>
        MaskRatio == 0 ? row : row with { Hidden = [.. row.Ids.Select(_ => random.NextDouble() < MaskRatio)] };
}
