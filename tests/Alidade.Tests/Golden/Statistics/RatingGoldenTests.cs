using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Ratings;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/ratings.json")]
public sealed class RatingGoldenTests
{
    private const double EloTolerance = 1e-9;
    private const double Tolerance = 1e-8;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["elo/final"] = e =>
        {
            var ratings = Rules(e).Rate(Battles(e));
            e.IsEach(name => ratings[name], EloTolerance);
        },
        ["elo/history_first_20"] = e =>
            e.Is(Rules(e).History(Battles(e)).Take(20).Select(after => Players(e).Select(name => after[name])), EloTolerance),
        ["bradley_terry/log_strength_sum_zero"] = e => Named(e, Fit(e).Players, Fit(e).Strengths),
        ["bradley_terry/elo_scale_400_mean_1000"] = e => e.IsEach(name => Fit(e).OnEloScale()[name], Tolerance),
        ["bradley_terry/elo_scale_anchored_first_at_1114"] = e => e.IsEach(name => Fit(e).OnEloScale(Players(e)[0], 1114)[name], Tolerance),
        ["bradley_terry/negative_log_likelihood"] = e => e.Is(Fit(e).NegativeLogLikelihood, Tolerance),
        ["bradley_terry/win_probability_matrix"] = e =>
        {
            var fit = Fit(e);
            e.Is(Players(e).Select(a => Players(e).Select(b => fit.WinProbability(a, b))), Tolerance);
        },
        ["bradley_terry/covariance_sum_zero_information_pinv"] = e => e.Is(Fit(e).Covariance, Tolerance),
        ["bradley_terry/se_of_difference_first_second"] = e => e.Is(Fit(e).ErrorOfDifference(Players(e)[0], Players(e)[1]), Tolerance),
        ["style_control/log_strength_sum_zero"] = e => Named(e, Styled(e).Players, Styled(e).Strengths),
        ["style_control/style_coefficients"] = e =>
        {
            var standardised = StyleControl.Standardised(Battles(e).Length, e.Matrix("feature_a"), e.Matrix("feature_b"));
            foreach (var (row, expected) in e.Matrix("standardised").Index())
                foreach (var (k, value) in expected.Index())
                    e.Is($"standardised [{row}, {k}]", value, standardised[k][row], Tolerance);
            e.Is(Styled(e).StyleCoefficients, Tolerance);
        },
        ["style_control/objective"] = e => e.Is(Styled(e).Objective, Tolerance),
        ["plackett_luce/log_strength_sum_zero"] = e => Named(e, Ordered(e).Players, Ordered(e).Strengths),
        ["plackett_luce/negative_log_likelihood"] = e => e.Is(Ordered(e).NegativeLogLikelihood, Tolerance),
        ["trueskill/final"] = e =>
        {
            var skills = new TrueSkill().Rate(Battles(e));
            foreach (var name in Players(e))
                e.Part(name).Is([skills[name].Mean, skills[name].Deviation], 1e-6);
        },
        ["trueskill/history"] = e =>
        {
            var rules = new TrueSkill();
            var skills = Players(e).ToDictionary(p => p, _ => rules.Initial);
            foreach (var (battle, after) in Battles(e).Zip(e.Expected.EnumerateArray()))
            {
                (skills[battle.First], skills[battle.Second]) = rules.Update(skills[battle.First], skills[battle.Second], battle.Outcome);
                foreach (var name in new[] { battle.First, battle.Second })
                    (e with { Expected = after.GetProperty(name) }).Is([skills[name].Mean, skills[name].Deviation], 1e-6);
            }
        },
        ["separation/bradley_terry"] = e =>
        {
            e.Same("diverges", e.Expected.GetString());
            var message = Assert.Throws<AlidadeException>(() => Fit(e)).Message;
            Assert.StartsWith("no finite ratings: 'y' never won or drew against 'x'", message, StringComparison.Ordinal);
        },
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("ratings");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Ratings_equal_the_reference(string path)
    {
        // Win rates are listed by player.
        if (path.StartsWith("statistics/ratings/win_rate/", StringComparison.Ordinal))
            StatisticsEntry.Run(path, new Dictionary<string, Check> { [path["statistics/ratings/".Length..]] = WinRates });
        else
            StatisticsEntry.Run(path, Checks);
    }

    private static void WinRates(StatisticsEntry e)
    {
        var rate = WinRate.Of(Battles(e))[e.Key];
        e.Part("battles").Is(rate.Count, 0);
        e.Part("win_rate").Is(rate.Value, Tolerance);
        e.Part("stderr").Is(rate.StandardError, Tolerance);
    }

    private static void Named(StatisticsEntry e, IReadOnlyList<string> players, IReadOnlyList<double> values) =>
        e.IsEach(name => values[players.Index().Single(p => p.Item == name).Index], Tolerance);

    private static string[] Players(StatisticsEntry e) => [.. e.Case.GetProperty("players").EnumerateArray().Select(p => p.GetString()!)];

    private static Battle[] Battles(StatisticsEntry e)
    {
        double[]? weights = e.Has("weights") ? e.Doubles("weights") : null;
        return [.. e.Case.GetProperty("battles").EnumerateArray().Select((b, i) => new Battle(
            b[0].GetString()!,
            b[1].GetString()!,
            b[2].GetString() switch
            {
                "a" => BattleOutcome.First,
                "b" => BattleOutcome.Second,
                "tie" => BattleOutcome.Tie,
                var other => throw new NotBuiltException($"the outcome '{other}'"),
            },
            weights?[i] ?? 1))];
    }

    private static Elo Rules(StatisticsEntry e) => new() { K = e.Double("K"), Initial = e.Double("init"), Base = e.Double("base"), Scale = e.Double("scale") };

    private static BradleyTerry Fit(StatisticsEntry e) => BradleyTerry.Fit(Battles(e));

    private static StyleControl Styled(StatisticsEntry e) => StyleControl.Fit(Battles(e), e.Matrix("feature_a"), e.Matrix("feature_b"), e.Double("ridge"));

    private static PlackettLuce Ordered(StatisticsEntry e) =>
        PlackettLuce.Fit([.. e.Case.GetProperty("orders").EnumerateArray().Select(o => o.EnumerateArray().Select(n => n.GetString()!).ToArray())]);
}
