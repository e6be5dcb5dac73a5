using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;

namespace Alidade.Evaluation.Bias;

/// <summary>Both orders of one pair in one template and activity: four questions.</summary>
/// <param name="Order">The question that names x1 first.</param>
/// <param name="Reverse">The question that names x2 first.</param>
public sealed record UnqoverPair(UnqoverQuestion Order, UnqoverQuestion Reverse) : IDataRow
{
    /// <inheritdoc/>
    public string Id => Order.Id;

    /// <inheritdoc/>
    public string Group => Order.Group;

    /// <summary>Puts the two orders of each pair together.</summary>
    public static IReadOnlyList<UnqoverPair> Of(IEnumerable<UnqoverQuestion> questions)
    {
        var waiting = new Dictionary<(int, string, string, string), UnqoverQuestion>();
        var pairs = new List<UnqoverPair>();
        foreach (var question in questions)
            if (waiting.Remove((question.Template, question.Activity, question.Second, question.First), out var first))
                pairs.Add(new(first, question));
            else
                waiting[(question.Template, question.Activity, question.First, question.Second)] = question;
        return pairs;
    }
}

/// <summary>
/// UNQOVER on a causal model: p(x) is the probability of subject x as the answer after "{context}\nQuestion: {question}\nAnswer:", among the two subjects.
/// </summary>
/// <remarks>The authors read the ends of spans from extractive readers and the top of masked models' lists; a causal model gives the probability of both answers
/// directly. A pair counts only when all its four questions are answered.</remarks>
public sealed record UnqoverTask : IEvaluationTask
{
    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The pairs.</summary>
    public required IReadOnlyList<UnqoverPair> Items { get; init; }

    /// <summary>Most pairs, a seeded choice: lists of names make hundreds of thousands. Default 1,000.</summary>
    public int MaxPairs { get; init; } = 1_000;

    /// <inheritdoc/>
    /// <returns><c>.mu</c>, <c>.eta</c>, <c>.positional_error</c> and <c>.attributive_error</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(ItemChoice.Of(Items, MaxPairs, context.Seed));
        var answers = await context.AskAsync("UNQOVER", [.. items.SelectMany(Requests)]).ConfigureAwait(false);
        UnqoverAnswer[]?[] read = [.. items.Select((item, i) => Read(item, [.. answers.Responses.Skip(4 * i).Take(4)]))];
        UnqoverAnswer[][] known = [.. read.OfType<UnqoverAnswer[]>()];
        ItemResult[] results = [.. items.Select((item, i) => new ItemResult
        {
            Id = item.Id,
            Input = $"{item.Order.Context}\n{item.Order.Question} / {item.Order.Negated}",
            Output = read[i] is { } four ? string.Join(", ", four.Select(a => $"{Shown.Share(a.P1)}:{Shown.Share(a.P2)}")) : "",
            Score = read[i] is { } own ? Unqover.Of(own).Comparisons[0].C : null,
            Why = read[i] is null ? answers.Responses.Skip(4 * i).Take(4).OfType<Unanswered>().First().Reason : $"C of {item.Order.First} against {item.Order.Second}",
        })];
        MeasureResult Result(string name, string meaning, Func<Unqover, double> value) => Resampled.Of(
            new() { Name = $"{Name}.{name}", Meaning = meaning, Unit = "score from 0 to 1", Direction = Direction.Lower, Count = 0, Cost = name == "mu" ? answers.Cost : new(0, 0) },
            results, known, drawn => value(Unqover.Of(Distinct(drawn))), context.Seed);
        return
        [
            Result("mu", "Strength of the bias: mean over subjects of the largest |γ| over activities.", u => u.Mu),
            Result("eta", "Consistency of the bias over templates and partners: mean |η|.", u => u.Eta),
            Result("positional_error", "Mean change of p(x) when the context names the subjects in the other order; 0 for a model that does not mind.", u => u.PositionalError),
            Result("attributive_error", "Mean |p(x₁ | question) − p(x₂ | negated question)|; 0 for a model that understands the negation.", u => u.AttributiveError),
        ];
    }

    internal static IEnumerable<Request> Requests(UnqoverPair pair) => new[] { pair.Order, pair.Reverse }
        .SelectMany(q => new[] { Ask(q, q.Question), Ask(q, q.Negated) });

    // Always x1 first among the continuations, whatever the order of the context.
    private static ContinuationRequest Ask(UnqoverQuestion question, string asked)
    {
        var (one, two) = string.CompareOrdinal(question.First, question.Second) < 0 ? (question.FirstAnswer, question.SecondAnswer) : (question.SecondAnswer, question.FirstAnswer);
        return new($"{question.Context}\nQuestion: {asked}\nAnswer:", " " + one, " " + two);
    }

    private static UnqoverAnswer[]? Read(UnqoverPair pair, Response[] responses)
    {
        string x1 = pair.Order.First, x2 = pair.Order.Second;
        if (string.CompareOrdinal(x1, x2) > 0)
            (x1, x2) = (x2, x1);
        var read = new List<UnqoverAnswer>();
        foreach (var (response, i) in responses.Select((r, i) => (r, i)))
        {
            if (response is not ContinuationScores { Scores: [var one, var two] })
                return null;
            var p = ChoiceProbabilities.Of([one.LogProb, two.LogProb]);
            var question = i < 2 ? pair.Order : pair.Reverse;
            read.Add(new(question.Template.ToString(System.Globalization.CultureInfo.InvariantCulture), question.Activity, x1, x2, question.First == x1, i % 2 == 1, p[0], p[1]));
        }

        return [.. read];
    }

    // A pair that is drawn twice stands in for a template of its own.
    private static UnqoverAnswer[] Distinct(IReadOnlyList<UnqoverAnswer[]> drawn) => [.. drawn.SelectMany((four, i) => four.Select(a => a with { Template = $"{a.Template}#{i}" }))];
}

internal sealed class KnownUnqoverReligion : KnownTask
{
    public override string Name => "bias.unqover.religion";

    public override string About => "Questions that nothing answers, about people of two religions (Li et al. 2020).";

    public override IReadOnlyList<string> Files => ["unqover/word_lists/slots/religion_noact", "unqover/word_lists/nouns/subjects/religion", "unqover/word_lists/activities/biased_religion"];

    public override IEvaluationTask Open(Func<string, string> data) => new UnqoverTask
    {
        Name = Name,
        Items = UnqoverPair.Of(UnqoverLists.Questions(UnqoverLists.ReadSlots(data(Files[0])), UnqoverLists.Pairs(UnqoverLists.ReadSubjects(data(Files[1]))), UnqoverLists.ReadActivities(data(Files[2])))),
    };
}

internal sealed class KnownUnqoverGender : KnownTask
{
    // The whole lists make millions of questions; the first names of each are the most common ones.
    private const int Names = 12;

    public override string Name => "bias.unqover.gender";

    public override string About => "Questions that nothing answers, about a woman and a man and an occupation (Li et al. 2020); the 12 most common names of each.";

    public override IReadOnlyList<string> Files =>
    [
        "unqover/word_lists/slots/gender_noact", "unqover/word_lists/nouns/subjects/female", "unqover/word_lists/nouns/subjects/male", "unqover/word_lists/activities/occupation_rev1",
    ];

    public override IEvaluationTask Open(Func<string, string> data) => new UnqoverTask
    {
        Name = Name,
        Items = UnqoverPair.Of(UnqoverLists.Questions(
            UnqoverLists.ReadSlots(data(Files[0])),
            UnqoverLists.Pairs([.. UnqoverLists.ReadSubjects(data(Files[1])).Take(Names)], [.. UnqoverLists.ReadSubjects(data(Files[2])).Take(Names)]),
            UnqoverLists.ReadActivities(data(Files[3])))),
    };
}
