using Alidade.Core;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Evaluation.Judges;

/// <summary>Numbers that say how far a judge can be believed, worked out by hand.</summary>
public sealed class JudgeDiagnosticsTests
{
    private static readonly Parsed<PairVerdict> None = Parsed.None<PairVerdict>("unread");

    private static Parsed<PairVerdict> First => Parsed.Of(PairVerdict.First);

    private static Parsed<PairVerdict> Second => Parsed.Of(PairVerdict.Second);

    private static Parsed<PairVerdict> Tie => Parsed.Of(PairVerdict.Tie);

    [Fact]
    public void Position_bias_says_which_place_gains()
    {
        // The first answer wins in the first place and loses in the second; then it ties and wins; then both say the same; then one verdict is missing.
        var bias = PositionBias.Of([First, Tie, Second, First], [Second, First, Second, None]);
        Assert.Equal(new PositionBias(1, 1, 1, 1), bias);
        Assert.Equal((1 / 3.0, 0.25), (bias.Consistency, bias.ConsistencyOfAll));
    }

    [Fact]
    public void Self_agreement_is_the_share_of_equal_pairs_of_replies()
    {
        var agreement = SelfAgreement.Of<PairVerdict>([[First, First, Second], [Tie, Tie], [First, None]]);
        Assert.Equal(new SelfAgreement((1 / 3.0 + 1) / 2, 0.5, 2, 1, 1), agreement);
    }

    [Fact]
    public void Verbosity_bias_is_the_difference_of_agreement_where_people_prefer_longer_and_shorter()
    {
        SizedVerdict[] comparisons =
        [
            new(First, 9, 1, PairVerdict.First), new(First, 9, 1, PairVerdict.First), new(Second, 1, 9, PairVerdict.First), new(First, 1, 9, PairVerdict.First),
            new(First, 5, 5, PairVerdict.First), new(None, 9, 1), new(Tie, 9, 1),
        ];
        var bias = VerbosityBias.Of(comparisons);
        Assert.Equal((0.75, 4, 0.5), (bias.PrefersLonger, bias.Choices, bias.PeoplePreferLonger));
        Assert.Equal((1, 0.5, 0.5, 1), (bias.AgreesOnLonger, bias.AgreesOnShorter, bias.Bias, bias.Unjudged));
    }

    [Fact]
    public void Self_preference_is_the_difference_of_what_a_judge_recognises()
    {
        var preference = SelfPreference.Of([new(First, PairVerdict.First), new(First, PairVerdict.Second), new(Second, PairVerdict.Second), new(Tie, PairVerdict.Tie), new(None, PairVerdict.First)]);
        Assert.Equal((1, 0.5, 0.5), (preference.RecognisesOwn, preference.RecognisesOther, preference.Bias));
        Assert.Equal((0.625, 0.375, 4, 1), (preference.WinRateWithItself, preference.WinRateWithPeople, preference.Judged, preference.Unjudged));
    }

    [Fact]
    public void Peer_rank_ends_at_the_fixed_point_of_scores_and_weights()
    {
        // Everybody finds a better than b and b better than c, but c sees it the other way round.
        PeerReview[] reviews =
        [
            .. ((string[])["a", "b"]).SelectMany(r => (PeerReview[])[new(r, "a", "b", First), new(r, "b", "c", First), new(r, "a", "c", First)]),
            new("c", "a", "b", Second), new("c", "b", "c", Second), new("c", "a", "c", Second), new("c", "a", "b", None),
        ];
        var ranking = new PeerRank().Of(reviews);
        Assert.Equal(["a", "b", "c"], ranking.Scores.Select(s => s.Key));
        // c ends with the least score, so with weight 0; with a and b alone the scores are 1, ½ and 0, and the weights 1 : ½.
        Assert.Equal([1.0, 0.5, 0.0], ranking.Scores.Select(s => Math.Round(s.Value, 9)));
        Assert.Equal(2 / 3.0, ranking.Weights["a"], 9);
        Assert.Equal(1 / 3.0, ranking.Weights["b"], 9);
        Assert.Equal(0, ranking.Weights["c"]);
        Assert.Equal(1, ranking.Unjudged);
    }

    [Fact]
    public void A_reviewer_that_answered_nothing_has_no_weight() =>
        Assert.Contains("the reviewer 'x' answered nothing", Assert.Throws<AlidadeException>(() => new PeerRank().Of([new("x", "a", "b", First)])).Message, StringComparison.Ordinal);

    [Fact]
    public void An_examiner_does_not_mark_itself_and_what_is_unmarked_is_counted()
    {
        var full = Parsed.Of(new ExamMarks(3, 3, 3, 3, 5));
        var poor = Parsed.Of(new ExamMarks(1, 3, 1, 1, 2));
        var results = LmExaminer.Of([new("a", "a", [full, full]), new("b", "a", [full, poor]), new("a", "b", [poor, Parsed.None<ExamMarks>("a mark is missing")])]);
        Assert.Equal(["a", "b"], results.Select(r => r.Examinee));
        Assert.Equal((3.5, 0.5, 2.0, 0), (results[0].Overall.Value, results[0].FullShare, results[0].Means["accuracy"], results[0].Unmarked));
        Assert.Equal(1, results[1].Unmarked);
    }
}
