namespace Alidade.Evaluation.Judges;

/// <summary>A comparison with the lengths of its answers.</summary>
/// <param name="Judge">The judge's verdict.</param>
/// <param name="FirstLength">Length of the first answer, in characters.</param>
/// <param name="SecondLength">Length of the second answer, in characters.</param>
/// <param name="Human">A person's verdict; null when there is none.</param>
public sealed record SizedVerdict(Parsed<PairVerdict> Judge, int FirstLength, int SecondLength, PairVerdict? Human = null);

/// <summary>
/// Verbosity bias: how often the judge takes the longer answer where it takes one, and, where people judged too, how much oftener it agrees with them when they prefer
/// the longer answer than when they prefer the shorter, P(agree | person prefers longer) − P(agree | person prefers shorter).
/// </summary>
/// <remarks>Saito et al. 2023 (arXiv 2310.10076), the difference in accuracy; the first number is AlpacaEval's "Proba. prefer longer". Ties and answers of one length say nothing.</remarks>
/// <param name="PrefersLonger">Share of the longer answer among the judge's choices; NaN when there are none.</param>
/// <param name="Choices">Choices between answers of different lengths.</param>
/// <param name="PeoplePreferLonger">The same share of the people's choices; NaN when there are none.</param>
/// <param name="AgreesOnLonger">Share of agreement where the person prefers the longer answer; NaN when there is none.</param>
/// <param name="AgreesOnShorter">Share of agreement where the person prefers the shorter answer; NaN when there is none.</param>
/// <param name="Unjudged">Comparisons without a verdict of the judge.</param>
public sealed record VerbosityBias(double PrefersLonger, int Choices, double PeoplePreferLonger, double AgreesOnLonger, double AgreesOnShorter, int Unjudged)
{
    /// <summary>Above 0 for a judge that follows length; NaN without people's verdicts on both sides.</summary>
    public double Bias => AgreesOnLonger - AgreesOnShorter;

    /// <summary>Measures comparisons.</summary>
    public static VerbosityBias Of(IReadOnlyList<SizedVerdict> comparisons)
    {
        var sized = comparisons.Where(c => c.Judge.HasValue && c.FirstLength != c.SecondLength).ToArray();
        var chosen = sized.Where(c => c.Judge.Value != PairVerdict.Tie).ToArray();
        var people = sized.Where(c => c.Human is PairVerdict.First or PairVerdict.Second).ToLookup(c => IsLonger(c, c.Human!.Value));
        return new(
            Share(chosen, c => IsLonger(c, c.Judge.Value)),
            chosen.Length,
            people.Count == 0 ? double.NaN : people[true].Count() / (double)(people[true].Count() + people[false].Count()),
            Share([.. people[true]], c => c.Judge.Value == c.Human),
            Share([.. people[false]], c => c.Judge.Value == c.Human),
            comparisons.Count(c => !c.Judge.HasValue));
    }

    private static bool IsLonger(SizedVerdict comparison, PairVerdict chosen) => (chosen == PairVerdict.First) == (comparison.FirstLength > comparison.SecondLength);

    private static double Share(SizedVerdict[] of, Func<SizedVerdict, bool> counts) => of.Length == 0 ? double.NaN : of.Count(counts) / (double)of.Length;
}
