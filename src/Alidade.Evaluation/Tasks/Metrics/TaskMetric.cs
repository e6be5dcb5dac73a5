using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Tasks.Metrics;

/// <summary>An item with everything that the model said of it, after one chain of filters.</summary>
/// <param name="Asked">What was asked.</param>
/// <param name="Scores">Log-likelihoods of the choices, or of the answer; empty for other kinds.</param>
/// <param name="Unconditional">Log-likelihoods of the choices with nothing before them; empty where no metric needs them.</param>
/// <param name="LogProb">log p of a whole text.</param>
/// <param name="Answers">Written answers after the filters; empty for other kinds.</param>
internal sealed record ScoredDocument(
    AskedDocument Asked, IReadOnlyList<ContinuationScore> Scores, IReadOnlyList<double> Unconditional, double LogProb, IReadOnlyList<Filters.Filtered> Answers)
{
    public DocumentTexts Texts => Asked.Texts;

    /// <summary>The written answer.</summary>
    public string Answer => Answers[0].Text;

    /// <summary>Number of the choice with the largest value, the first of equals.</summary>
    public int Likeliest(Func<int, double> value) => Enumerable.Range(0, Texts.Choices.Count).Aggregate((best, i) => value(i) > value(best) ? i : best);

    /// <summary>Numbers of the right choices.</summary>
    /// <exception cref="Core.AlidadeException">The answer is none of the choices.</exception>
    public IReadOnlyList<int> Right => Texts.Gold is { Indices: { Count: > 0 } right } ? right : throw new Core.AlidadeException(
        Texts.Gold is null ? $"{Asked.Row.Place}: the task names no 'answer', which its metrics need" : $"{Asked.Row.Place}: the answer '{Texts.Gold.Raw}' is none of the {Texts.Choices.Count} choices");
}

/// <summary>How lm-evaluation-harness finds the standard error of a number.</summary>
internal enum HarnessError
{
    /// <summary>It does not ("N/A").</summary>
    None,

    /// <summary>s/√n.</summary>
    Mean,

    /// <summary>Its bootstrap (<see cref="HarnessBootstrap"/>).</summary>
    Bootstrap,
}

/// <summary>How the values of items become one number.</summary>
/// <param name="Name">Its name in lm-evaluation-harness.</param>
/// <param name="Of">The number.</param>
/// <param name="Item">What one item's value says by itself, for comparisons item by item.</param>
/// <param name="Error">Standard error of the harness.</param>
internal sealed record Aggregation(string Name, Func<IReadOnlyList<double[]>, double> Of, Func<double[], double> Item, HarnessError Error)
{
    /// <summary>The mean.</summary>
    public static Aggregation Mean { get; } = new("mean", v => Core.Statistics.Mean.Value([.. v.Select(x => x[0])]), v => v[0], HarnessError.Mean);

    /// <summary>The mean, for which the harness gives no standard error.</summary>
    public static Aggregation MeanWithoutError { get; } = Mean with { Name = "brier_score", Error = HarnessError.None };

    /// <summary>exp(−mean of log p).</summary>
    public static Aggregation Perplexity { get; } = new("perplexity", v => Math.Exp(-v.Average(x => x[0])), v => -v[0], HarnessError.Bootstrap);

    /// <summary>exp(−Σ log p / Σ units).</summary>
    public static Aggregation WeightedPerplexity { get; } = new("weighted_perplexity", v => Math.Exp(-PerUnit(v)), v => -v[0] / v[1], HarnessError.None);

    /// <summary>−Σ log₂ p / Σ bytes.</summary>
    public static Aggregation BitsPerByte { get; } = new("bits_per_byte", v => -PerUnit(v) / Math.Log(2), v => -v[0] / v[1] / Math.Log(2), HarnessError.None);

    private static double PerUnit(IReadOnlyList<double[]> values) => values.Sum(v => v[0]) / values.Sum(v => v[1]);
}

/// <summary>A number that a task reports.</summary>
internal sealed record TaskMetric
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The value of an item.</summary>
    public required Func<ScoredDocument, double[]> Of { get; init; }

    /// <summary>Whether an item has a part in the number.</summary>
    public Func<ScoredDocument, bool> Part { get; init; } = _ => true;

    /// <summary>Whether the harness lists the item's value all the same; null for those that have a part.</summary>
    public Func<ScoredDocument, bool>? Listed { get; init; }

    /// <summary>How values become one number.</summary>
    public Aggregation Over { get; init; } = Aggregation.Mean;

    /// <summary>Which way is better.</summary>
    public Direction Direction { get; init; } = Direction.Higher;

    /// <summary>The best value, where better is nearer to it.</summary>
    public double? Ideal { get; init; }

    /// <summary>What the number says.</summary>
    public required string Meaning { get; init; }

    /// <summary>Unit.</summary>
    public string Unit { get; init; } = "share";

    /// <summary>The kinds of task that have it.</summary>
    public required IReadOnlyList<TaskKind> Kinds { get; init; }

    /// <summary>True when it needs the choices' likelihoods with nothing before them.</summary>
    public bool NeedsUnconditional { get; init; }

    /// <summary>True when a choice that is written, and not scored, has it as well.</summary>
    public bool OfChosen { get; init; }

    /// <summary>What the harness says of its direction.</summary>
    public bool HigherIsBetter => Direction == Direction.Higher;
}
