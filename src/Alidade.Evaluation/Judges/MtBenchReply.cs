using System.Globalization;
using System.Text.RegularExpressions;

namespace Alidade.Evaluation.Judges;

/// <summary>
/// Reads the verdicts that MT-bench's prompts ask for: <c>[[7]]</c> of one answer, <c>[[A]]</c>, <c>[[B]]</c> or <c>[[C]]</c> (a tie) of two.
/// </summary>
/// <remarks>
/// Zheng et al. 2023 (arXiv 2306.05685). FastChat takes the first number in two brackets, else the first in one bracket, which may be a footnote, with no check of the
/// range, and of several letters A before B before C ("not [[A]] but [[C]]" is A). Alidade reads a reply only when it says one thing; the other way stands under
/// <see cref="RatingAsFastChat"/> and <see cref="ComparisonAsFastChat"/>.
/// </remarks>
public static partial class MtBenchReply
{
    private const string NoVerdict = "no verdict in double brackets";

    /// <summary>A rating from 1 to 10: the one number in two brackets, else the one in one bracket that follows "rating".</summary>
    public static Parsed<double> Rating(string reply)
    {
        var found = Numbers(InTwo(), reply);
        if (found.Length == 0)
            found = Numbers(InOneAfterRating(), reply);
        return found switch
        {
            [] => Parsed.None<double>(NoVerdict),
            [var rating] => rating is >= 1 and <= 10 ? Parsed.Of(rating) : Parsed.None<double>("a rating outside 1 to 10"),
            _ => Parsed.None<double>("several different ratings"),
        };
    }

    /// <summary>FastChat's rating: the first number in two brackets, else the first in one, whatever it is.</summary>
    public static Parsed<double> RatingAsFastChat(string reply)
    {
        var match = InTwo().Match(reply) is { Success: true } two ? two : InOne().Match(reply);
        return match.Success ? Parsed.Of(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)) : Parsed.None<double>(NoVerdict);
    }

    /// <summary>Which of two answers is better.</summary>
    public static Parsed<PairVerdict> Comparison(string reply) =>
        Letter().Matches(reply).Select(m => m.Value).Distinct().ToArray() switch
        {
            [] => Parsed.None<PairVerdict>(NoVerdict),
            [var letter] => Parsed.Of(VerdictOf(letter)),
            _ => Parsed.None<PairVerdict>("several different verdicts"),
        };

    /// <summary>FastChat's verdict: [[A]] anywhere, else [[B]], else [[C]].</summary>
    public static Parsed<PairVerdict> ComparisonAsFastChat(string reply) =>
        Letter().Matches(reply).Select(m => m.Value).Order(StringComparer.Ordinal).FirstOrDefault() is { } letter ? Parsed.Of(VerdictOf(letter)) : Parsed.None<PairVerdict>(NoVerdict);

    private static PairVerdict VerdictOf(string letter) => letter switch { "[[A]]" => PairVerdict.First, "[[B]]" => PairVerdict.Second, _ => PairVerdict.Tie };

    private static double[] Numbers(Regex pattern, string reply) =>
        [.. pattern.Matches(reply).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Distinct()];

    [GeneratedRegex(@"\[\[([0-9]+\.?[0-9]*)\]\]")]
    private static partial Regex InTwo();

    [GeneratedRegex(@"\[([0-9]+\.?[0-9]*)\]")]
    private static partial Regex InOne();

    [GeneratedRegex(@"rating\W{0,5}\[([0-9]+\.?[0-9]*)\]", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InOneAfterRating();

    [GeneratedRegex(@"\[\[[ABC]\]\]")]
    private static partial Regex Letter();
}
