using Alidade.Core.Statistics;
using Alidade.Training.Trainers;
using Alidade.Training.Watching;

namespace Alidade.Tests.Training.Watching;

public sealed class CurveWatchTests
{
    /// <summary>The watch, and a curve that it must warn of: a metric as a function of the update.</summary>
    public static TheoryData<string, string, Func<int, double>> Failures() => new()
    {
        { "chosen_falls", "logps_chosen", u => -50 - (0.2 * u) },
        { "groups_equal", "fraction_zero_std", _ => 0.95 },
        { "length_explodes", "answer_tokens", u => 20 + u },
        { "sampler_disagrees", "sampler_max_difference", _ => 0.3 },
        { "no_gradient", "gradient_norm", _ => 0 },
        { "loss_not_falling", "loss", _ => 0.7 },
        { "not_a_number", "loss", u => u == 30 ? double.NaN : 1.0 / (u + 1) },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void A_known_failure_is_seen_once_with_what_to_do(string name, string metric, Func<int, double> values)
    {
        var curve = Curve(200, (metric, values));
        var warning = Assert.Single(CurveWatcher.Over(curve), w => w.Name == name);
        Assert.InRange(warning.Update, 1, 200);
        Assert.NotEmpty(warning.Source);
        Assert.DoesNotContain(CurveWatcher.Over(Curve(200)), w => w.Name == name);
    }

    [Theory]
    [InlineData("groups_equal", "fraction_zero_std")]
    [InlineData("length_explodes", "answer_tokens")]
    [InlineData("sampler_disagrees", "sampler_max_difference")]
    public void What_is_logged_once_a_rollout_is_read_rollout_by_rollout(string name, string metric)
    {
        const int UpdatesOfRollout = 120;
        double Value(int rollout) => name == "length_explodes" ? 10 + (20 * rollout) : 0.95;
        List<TrainingStep> Rollouts(int rollouts) =>
        [.. Enumerable.Range(1, rollouts * UpdatesOfRollout).Select(u => new TrainingStep(u, 1e-3, 0.7, 1, u, u % UpdatesOfRollout == 1
            ? new Dictionary<string, double> { [metric] = Value(u / UpdatesOfRollout), ["reward"] = 1 } : []))];
        var needed = name switch { "groups_equal" => 10, "length_explodes" => 20, _ => 1 };
        Assert.DoesNotContain(CurveWatcher.Over(Rollouts(needed - 1)), w => w.Name == name);
        var seen = CurveWatcher.Over(Rollouts(needed));
        Assert.Equal(((needed - 1) * UpdatesOfRollout) + 1, Assert.Single(seen, w => w.Name == name).Update);
        // That a rollout logs its reward with its first update alone makes it no supervised training.
        Assert.DoesNotContain(seen, w => w.Name == "loss_not_falling");
    }

    [Fact]
    public void A_loss_that_a_moving_ratio_multiplies_has_no_level_to_fall_from() =>
        Assert.DoesNotContain(CurveWatcher.Over(Curve(200, ("loss", _ => 0.7), ("mean_advantage", _ => 0.5))), w => w.Name == "loss_not_falling");

    [Fact]
    public void A_sampler_that_is_corrected_for_may_differ() =>
        Assert.DoesNotContain(CurveWatcher.Over(Curve(20, ("sampler_max_difference", _ => 0.3), ("sampler_mean_difference", _ => 0.1))), w => w.Name == "sampler_disagrees");

    [Fact]
    public void The_live_line_shows_what_a_rollout_logged_until_the_next_one()
    {
        var figures = new LiveFigures(before: 100, planned: 3);
        TrainingStep Step(int update, params (string Name, double Value)[] metrics) => new(update, 1e-3, 0.5, 1, 100 + (10 * update), metrics.ToDictionary(m => m.Name, m => m.Value));
        Assert.Contains("reward 0.25  KL 2  entropy 3", figures.Of(Step(1, ("reward", 0.25), ("kl_to_reference", 2), ("entropy", 3), ("kl", 9))), StringComparison.Ordinal);
        var second = figures.Of(Step(2, ("entropy", 4), ("kl", 8)));
        Assert.Contains("reward 0.25  KL 2  entropy 4", second, StringComparison.Ordinal);
        Assert.Matches(@"gradient 1  [0-9]+ tokens/s  [0-9.]+ GB  0:0[01]:[0-9]{2} left$", second);
        Assert.DoesNotContain("left", figures.Of(Step(3)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reward_that_rises_far_from_the_reference_is_suspect_and_one_that_rises_near_it_is_not()
    {
        Assert.Contains(CurveWatcher.Over(Curve(60, ("reward", u => u), ("kl_to_reference", u => 0.5 * u))), w => w.Name == "reward_up_kl_explodes");
        Assert.DoesNotContain(CurveWatcher.Over(Curve(60, ("reward", u => u), ("kl_to_reference", u => 0.05 * u))), w => w.Name == "reward_up_kl_explodes");
        Assert.DoesNotContain(CurveWatcher.Over(Curve(60, ("reward", u => -u), ("kl_to_reference", u => 0.5 * u))), w => w.Name == "reward_up_kl_explodes");
    }

    [Theory]
    [InlineData(0, 0, 3)]
    [InlineData(150, 38, 40)]
    public void The_preferred_answers_fall_when_they_fall_by_more_than_rows_differ(double fall, int least, int most)
    {
        // Updates of 4 rows, whose log-probabilities differ by 80 nats.
        var seen = Enumerable.Range(0, 40).Count(run =>
        {
            var random = new SeededRandom((ulong)run);
            var curve = Curve(200, ("logps_chosen", u => -150 - (fall * u / 200) + (80 * random.NextNormal() / 2)));
            return CurveWatcher.Over(curve).Any(w => w.Name == "chosen_falls");
        });
        Assert.InRange(seen, least, most);
    }

    [Fact]
    public void Entropy_may_fall_where_it_is_taught_and_not_where_it_is_sampled()
    {
        static double Falling(int update) => Math.Exp(-0.1 * update);
        Assert.Contains(CurveWatcher.Over(Curve(60, ("reward", _ => 1), ("entropy", Falling))), w => w.Name == "entropy_collapses");
        Assert.DoesNotContain(CurveWatcher.Over(Curve(60, ("mean_entropy", Falling))), w => w.Name == "entropy_collapses");
    }

    [Fact]
    public void Margins_explode_when_every_pair_is_told_apart_and_they_are_large()
    {
        Assert.Contains(CurveWatcher.Over(Curve(60, ("rewards_accuracy", _ => 1), ("rewards_margin", u => u))), w => w is { Name: "margins_explode", Update: > 10 });
        Assert.DoesNotContain(CurveWatcher.Over(Curve(60, ("rewards_accuracy", _ => 0.8), ("rewards_margin", u => u))), w => w.Name == "margins_explode");
        Assert.DoesNotContain(CurveWatcher.Over(Curve(60, ("rewards_accuracy", _ => 1), ("rewards_margin", _ => 5))), w => w.Name == "margins_explode");
    }

    [Fact]
    public void Looking_at_every_update_and_looking_at_the_end_see_the_same()
    {
        var curve = Curve(150, ("logps_chosen", u => -50 - u), ("rewards_accuracy", _ => 1), ("rewards_margin", u => u));
        var watcher = new CurveWatcher();
        var live = new List<CurveWarning>();
        for (var count = 1; count <= curve.Count; count++)
            live.AddRange(watcher.Look([.. curve.Take(count)]));
        Assert.Equal(CurveWatcher.Over(curve), live);
        Assert.Equal(2, live.Count);
    }

    [Fact]
    public void Every_watch_has_a_name_of_its_own_and_a_source() =>
        Assert.All(CurveWatcher.All, w => Assert.True(w.Source.Length > 10 && CurveWatcher.All.Count(o => o.Name == w.Name) == 1, w.Name));

    private static List<TrainingStep> Curve(int updates, params (string Name, Func<int, double> Value)[] metrics)
    {
        double Of(string name, int update, double otherwise) => metrics.Where(m => m.Name == name).Select(m => m.Value(update)).Append(otherwise).First();
        return [.. Enumerable.Range(1, updates).Select(u => new TrainingStep(
            u, 1e-3, Of("loss", u, 2.0 / (1 + (0.1 * u))), Of("gradient_norm", u, 1), 10L * u,
            metrics.Where(m => m.Name is not ("loss" or "gradient_norm")).ToDictionary(m => m.Name, m => m.Value(u))))];
    }
}
