using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Ratings;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// Peer review among several models: (1) every model answers every prompt; (2) every model compares the answers of every two models, in both orders; (3) peer rank weighs the reviewers by how well they answered
/// themselves, and a rating puts the models on one scale. Beside them stands how much each model favours its own answers.
/// </summary>
/// <remarks>Li et al. 2023 (arXiv 2307.02762), see <see cref="PeerRank"/>. n models give n·n(n − 1) comparisons a prompt. The prompt is Alidade's own.</remarks>
public sealed record PeerReviewTask : IEvaluationTask
{
    // Chatbot Arena's penalty of style coefficients.
    private const double LengthRidge = 0.5;

    /// <inheritdoc/>
    public string Name => "general.peer_rank";

    /// <summary>The prompts.</summary>
    public required IReadOnlyList<TextDemonstration> Items { get; init; }

    /// <summary>The models beside the evaluated one; names must differ.</summary>
    public required IReadOnlyList<IEvaluatedModel> Others { get; init; }

    /// <summary>Most tokens of an answer. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>What a reviewer is asked.</summary>
    public JudgePrompt Prompt { get; init; } = ComparisonPrompt.Explained;

    /// <summary>How a reviewer is asked.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 512 };

    /// <summary>Resamples of the prompts for intervals. Default 200.</summary>
    public int Resamples { get; init; } = 200;

    /// <inheritdoc/>
    /// <returns>For each model <c>.score.MODEL</c> (weighted win rate), <c>.weight.MODEL</c>, <c>.rating.MODEL</c> and <c>.rating_at_equal_length.MODEL</c> (scale of Elo, mean 1000), and <c>.self_preference.MODEL</c>.</returns>
    /// <exception cref="AlidadeException">There is no other model, or two models have one name.</exception>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        IEvaluatedModel[] models = [context.Model, .. Others];
        if (models.Length < 2 || models.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count() < models.Length)
            throw new AlidadeException($"{Name} needs at least two models with different names; there are {string.Join(", ", models.Select(m => m.Name))}");
        var items = context.Choose(Items);
        var cost = new Cost(0, 0);
        // 1.
        var answers = new Dictionary<string, (string Text, string? Why, bool Truncated)[]>(StringComparer.Ordinal);
        foreach (var model in models)
        {
            var asked = await context.AskAsync($"peer review, {model.Name} answers", model, [.. items.Select(i => (Request)JudgedAnswering.Request(context with { Model = model }, i.Text, MaxNewTokens))]).ConfigureAwait(false);
            answers[model.Name] = [.. asked.Responses.Select(JudgedAnswering.TextOf)];
            cost = new(cost.Tokens + asked.Cost.Tokens, cost.Seconds + asked.Cost.Seconds);
        }

        // 2.
        var reviews = new List<Review>();
        foreach (var reviewer in models)
        {
            var pairs = (from i in Enumerable.Range(0, items.Count)
                         from a in Enumerable.Range(0, models.Length)
                         from b in Enumerable.Range(a + 1, models.Length - a - 1)
                         let first = models[a].Name
                         let second = models[b].Name
                         where answers[first][i].Why is null && answers[second][i].Why is null
                         select (Item: i, First: first, Second: second)).ToArray();
            var judged = await new LlmJudge(context, reviewer, Judge).AskAsync(
                $"peer review, {reviewer.Name} judges",
                [
                    .. pairs.Select(p => ComparisonPrompt.Of(Prompt, items[p.Item].Text, answers[p.First][p.Item].Text, answers[p.Second][p.Item].Text)),
                    .. pairs.Select(p => ComparisonPrompt.Of(Prompt, items[p.Item].Text, answers[p.Second][p.Item].Text, answers[p.First][p.Item].Text)),
                ],
                reply => MtBenchReply.Comparison(reply.Text)).ConfigureAwait(false);
            cost = new(cost.Tokens + judged.Cost.Tokens, cost.Seconds + judged.Cost.Seconds);
            reviews.AddRange(pairs.Select((p, i) => new Review(p.Item, new(reviewer.Name, p.First, p.Second,
                PairVerdicts.OfBothOrders(judged.Verdicts[i], judged.Verdicts[i + pairs.Length].Select(PairVerdicts.Swapped))))));
        }

        // 3.
        var unjudged = reviews.Where(r => !r.Peer.Verdict.HasValue).GroupBy(r => r.Peer.Verdict.Why!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var ranking = new PeerRank().Of([.. reviews.Select(r => r.Peer)]);
        var byItem = reviews.ToLookup(r => r.Item, r => r.Peer);
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Count = reviews.Count - unjudged.Values.Sum(), Unscored = unjudged, Cost = cost };
        return
        [
            .. ranking.Scores.Select(s => new MeasureResult(
                about with
                {
                    Name = $"{Name}.score.{s.Key}",
                    Meaning = $"Win rate of {s.Key} over the other models, a tie ½, reviewers weighted by their own scores.",
                    Value = s.Value,
                    Direction = Direction.Higher,
                    Interval = Interval(items.Count, byItem, s.Key, context.Seed),
                },
                [])),
            .. ranking.Weights.OrderByDescending(w => w.Value).Select(w => new MeasureResult(about with { Name = $"{Name}.weight.{w.Key}", Meaning = $"Weight of {w.Key} as a reviewer.", Value = w.Value }, [])),
            .. Ratings(about, reviews, answers, context.Seed),
            .. models.Select(m => SelfPreferenceOf(about, m.Name, [.. reviews.Select(r => (r.Item, r.Peer))])),
        ];
    }

    // Every review is one comparison. A model that never loses has no finite rating: then there is none, and the reason.
    private IEnumerable<MeasureResult> Ratings(Measurement about, List<Review> reviews, Dictionary<string, (string Text, string? Why, bool Truncated)[]> answers, ulong seed)
    {
        Review[] judged = [.. reviews.Where(r => r.Peer.Verdict.HasValue)];
        Battle[] battles = [.. judged.Select(r => new Battle(r.Peer.First, r.Peer.Second, r.Peer.Verdict.Value switch
        {
            PairVerdict.First => BattleOutcome.First,
            PairVerdict.Second => BattleOutcome.Second,
            _ => BattleOutcome.Tie,
        }))];
        IReadOnlyList<double> LengthOf(string model, int item) => [answers[model][item].Text.Length];
        about = about with { Unit = "rating", Direction = Direction.Higher };
        return
        [
            .. Rated("rating", "Bradley–Terry rating of {0} over all reviews, a tie ½, on the scale of Elo around 1000.", () =>
            {
                var rated = RatingBootstrap.Of(battles, b => BradleyTerry.Fit(b).OnEloScale(), seed, Resamples);
                return rated.Ratings.Select(r => (r.Key, r.Value, (Core.Results.Interval?)rated.Intervals[r.Key]));
            }),
            .. Rated("rating_at_equal_length", "The same with the part of the answers' lengths taken out.", () =>
            {
                var fit = StyleControl.Fit(battles, [.. judged.Select(r => LengthOf(r.Peer.First, r.Item))], [.. judged.Select(r => LengthOf(r.Peer.Second, r.Item))], LengthRidge);
                return fit.Players.Zip(fit.Strengths, (p, w) => (p, 1000 + (400 / Math.Log(10) * w), (Core.Results.Interval?)null));
            }),
        ];

        IEnumerable<MeasureResult> Rated(string name, string meaning, Func<IEnumerable<(string Model, double Rating, Core.Results.Interval? Interval)>> rate)
        {
            try
            {
                return [.. rate().OrderByDescending(r => r.Rating).Select(r => new MeasureResult(
                    about with { Name = $"{Name}.{name}.{r.Model}", Meaning = meaning.Replace("{0}", r.Model, StringComparison.Ordinal), Value = r.Rating, Interval = r.Interval }, []))];
            }
            catch (AlidadeException problem)
            {
                return [new(about with { Name = $"{Name}.{name}", Meaning = meaning.Replace(" of {0}", "", StringComparison.Ordinal), Count = 0, Unscored = new Dictionary<string, int> { [problem.Message] = battles.Length } }, [])];
            }
        }
    }

    // Whole prompts are drawn; a draw without a fixed point gives no interval.
    private Alidade.Core.Results.Interval? Interval(int items, ILookup<int, PeerReview> byItem, string model, ulong seed)
    {
        try
        {
            return items < 2 ? null : Bootstrap.Of(items, draw => new PeerRank().Of([.. draw.SelectMany(i => byItem[i])]).Scores.Single(s => s.Key == model).Value, seed, Resamples).Percentile();
        }
        catch (AlidadeException)
        {
            return null;
        }
    }

    // The others' majority stands in the place of people.
    private MeasureResult SelfPreferenceOf(Measurement about, string model, IReadOnlyList<(int Item, PeerReview Review)> reviews)
    {
        static PairVerdict From(PeerReview review, string own) => review.First == own ? review.Verdict.Value : review.Verdict.Value.Swapped();
        var own = from pair in reviews.Where(r => r.Review.First == model || r.Review.Second == model).GroupBy(r => (r.Item, r.Review.First, r.Review.Second))
                  let mine = pair.Single(r => r.Review.Reviewer == model).Review
                  let others = pair.Where(r => r.Review.Reviewer != model && r.Review.Verdict.HasValue).Select(r => From(r.Review, model).ScoreOfFirst()).ToArray()
                  where others.Length > 0
                  let mean = others.Average()
                  select new OwnVerdict(mine.Verdict.HasValue ? Parsed.Of(From(mine, model)) : mine.Verdict, mean > 0.5 ? PairVerdict.First : mean < 0.5 ? PairVerdict.Second : PairVerdict.Tie);
        var preference = SelfPreference.Of([.. own]);
        return new(
            about with
            {
                Name = $"{Name}.self_preference.{model}",
                Meaning = $"P({model} judges its own answer better | the others do) − P(it judges the other's better | the others do); win rate of its own answers with itself {Shown.Share(preference.WinRateWithItself)}, "
                    + $"with the others {Shown.Share(preference.WinRateWithPeople)}.",
                Unit = "difference of shares",
                Value = double.IsNaN(preference.Bias) ? null : preference.Bias,
                Count = preference.Judged,
                Direction = Direction.TowardsIdeal,
                Ideal = 0,
            },
            []);
    }

    private sealed record Review(int Item, PeerReview Peer);
}
