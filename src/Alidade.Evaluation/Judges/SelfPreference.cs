namespace Alidade.Evaluation.Judges;

/// <summary>A comparison of the judge's own answer with another's.</summary>
/// <param name="Judge">The judge's verdict; <see cref="PairVerdict.First"/> is the judge's own answer.</param>
/// <param name="Human">A person's verdict, or that of other judges, told in the same way.</param>
public sealed record OwnVerdict(Parsed<PairVerdict> Judge, PairVerdict Human);

/// <summary>
/// Self-preference bias: how much oftener the judge recognises that its own answer is the better one than that the other's is,
/// P(judge: own | people: own) − P(judge: other | people: other); and by how much its own answers win more with it than with people.
/// </summary>
/// <remarks>Wataoka et al. 2024 (arXiv 2410.21819), equal opportunity; the second number as Zheng et al. 2023 (arXiv 2306.05685), section 3.3. Ties of people are left out of
/// the first.</remarks>
/// <param name="RecognisesOwn">Share of the pairs that people give to the judge's answer in which it does so too; NaN when there are none.</param>
/// <param name="RecognisesOther">The same of the pairs that people give to the other answer.</param>
/// <param name="WinRateWithItself">Win rate of its own answers by its verdicts, a tie ½; NaN when nothing was judged.</param>
/// <param name="WinRateWithPeople">The same by people's verdicts, over the same pairs.</param>
/// <param name="Judged">Pairs with a verdict.</param>
/// <param name="Unjudged">Pairs without a verdict of the judge.</param>
public sealed record SelfPreference(double RecognisesOwn, double RecognisesOther, double WinRateWithItself, double WinRateWithPeople, int Judged, int Unjudged)
{
    /// <summary>Above 0 for a judge that favours itself.</summary>
    public double Bias => RecognisesOwn - RecognisesOther;

    /// <summary>Measures comparisons.</summary>
    public static SelfPreference Of(IReadOnlyList<OwnVerdict> comparisons)
    {
        var judged = comparisons.Where(c => c.Judge.HasValue).ToArray();
        double Recognised(PairVerdict winner) =>
            judged.Where(c => c.Human == winner).Select(c => c.Judge.Value == winner ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();
        return new(
            Recognised(PairVerdict.First),
            Recognised(PairVerdict.Second),
            judged.Select(c => c.Judge.Value.ScoreOfFirst()).DefaultIfEmpty(double.NaN).Average(),
            judged.Select(c => c.Human.ScoreOfFirst()).DefaultIfEmpty(double.NaN).Average(),
            judged.Length,
            comparisons.Count - judged.Length);
    }
}
