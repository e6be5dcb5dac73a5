namespace Alidade.Evaluation.Tasks.Filters;

/// <summary>A response, or what a filter took out of it.</summary>
/// <param name="Text">The text.</param>
/// <param name="Parsed">False when a filter found nothing to take, and the text is its fallback.</param>
public readonly record struct Filtered(string Text, bool Parsed = true);

/// <summary>A step from a model's responses to the answers that are scored. Steps run one after the other on all responses to one item.</summary>
/// <remarks>The filters of lm-evaluation-harness 0.4.13, each under its name there. The harness scores a failed extraction as a wrong answer and tells nobody; here it
/// is marked, so that a task counts it.</remarks>
public abstract record ResponseFilter
{
    /// <summary>Takes the step.</summary>
    /// <param name="responses">All responses to the item.</param>
    /// <param name="choices">The options of the item; empty when it has none.</param>
    public abstract IReadOnlyList<Filtered> Apply(IReadOnlyList<Filtered> responses, IReadOnlyList<string> choices);

    /// <summary>Takes several steps.</summary>
    public static IReadOnlyList<Filtered> ApplyAll(IEnumerable<ResponseFilter> filters, IReadOnlyList<string> responses, params IReadOnlyList<string> choices) =>
        filters.Aggregate<ResponseFilter, IReadOnlyList<Filtered>>([.. responses.Select(r => new Filtered(r))], (current, filter) => filter.Apply(current, choices));
}

/// <summary>A step that treats every response by itself.</summary>
public abstract record SingleResponseFilter : ResponseFilter
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<Filtered> Apply(IReadOnlyList<Filtered> responses, IReadOnlyList<string> choices) => [.. responses.Select(r => Apply(r, choices))];

    /// <summary>Takes the step with one response.</summary>
    protected abstract Filtered Apply(Filtered response, IReadOnlyList<string> choices);
}

/// <summary><c>lowercase</c>.</summary>
public sealed record LowercaseFilter : SingleResponseFilter
{
    /// <inheritdoc/>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices) => response with { Text = PythonText.Lower(response.Text) };
}

/// <summary><c>uppercase</c>.</summary>
public sealed record UppercaseFilter : SingleResponseFilter
{
    /// <inheritdoc/>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices) => response with { Text = response.Text.ToUpperInvariant() };
}

/// <summary><c>remove_whitespace</c>: white space at the beginning goes.</summary>
public sealed record LeadingWhiteSpaceFilter : SingleResponseFilter
{
    /// <inheritdoc/>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices) => response with { Text = PythonText.StripStart(response.Text) };
}

/// <summary><c>map</c>: a response that is one of the keys becomes its value, any other one the fallback.</summary>
public sealed record MapFilter : SingleResponseFilter
{
    /// <summary>Keys and values.</summary>
    public required IReadOnlyDictionary<string, string> Mapping { get; init; }

    /// <summary>What another response becomes, unparsed. Default empty.</summary>
    public string Fallback { get; init; } = "";

    /// <inheritdoc/>
    protected override Filtered Apply(Filtered response, IReadOnlyList<string> choices) =>
        Mapping.TryGetValue(response.Text, out var value) ? response with { Text = value } : new(Fallback, Parsed: false);
}

/// <summary><c>take_first_k</c>: the first k responses; <c>take_first</c> is k = 1.</summary>
public sealed record TakeFirstFilter : ResponseFilter
{
    /// <summary>How many. Default 1.</summary>
    public int Count { get; init; } = 1;

    /// <inheritdoc/>
    public override IReadOnlyList<Filtered> Apply(IReadOnlyList<Filtered> responses, IReadOnlyList<string> choices) => [.. responses.Take(Count)];
}

/// <summary><c>majority_vote</c>: the most frequent response; of several, the one that came first.</summary>
public sealed record MajorityVoteFilter : ResponseFilter
{
    /// <inheritdoc/>
    public override IReadOnlyList<Filtered> Apply(IReadOnlyList<Filtered> responses, IReadOnlyList<string> choices) =>
        [responses.GroupBy(r => r.Text, StringComparer.Ordinal).MaxBy(g => g.Count())!.First()];
}
