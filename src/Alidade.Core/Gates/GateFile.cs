using Alidade.Core.Recipes;
using Alidade.Core.Results;

namespace Alidade.Core.Gates;

/// <summary>One rule of a gate.</summary>
[ShortForm("rule")]
public sealed record GateRule : IValidated
{
    /// <summary>What a measure must come to, such as <c>bias.crows_pairs&lt;=0.6</c>.</summary>
    public string Rule { get; init; } = "";

    /// <summary>Why it is asked for, for whoever reads that it failed.</summary>
    public string? Reason { get; init; }

    /// <summary>The rule as a requirement.</summary>
    /// <exception cref="AlidadeException">It is not of that form.</exception>
    public Requirement Requirement() => Results.Requirement.Parse(Rule);

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        AlidadeException? problem = null;
        try
        {
            Requirement();
        }
        catch (AlidadeException exception)
        {
            problem = exception;
        }

        if (problem is not null)
            yield return $"rule: {problem.Message}";
    }
}

/// <summary>A gate: what a model must come to before it is released, and on what it is measured.</summary>
public sealed record GateFile : IValidated
{
    /// <summary>A suite to measure; null for the tasks, or for those that the rules are about.</summary>
    public string? Suite { get; init; }

    /// <summary>Tasks to measure.</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Most items of a task; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>The rules.</summary>
    public IReadOnlyList<GateRule> Rules { get; init; } = [];

    /// <summary>Where it was read, as the user named it; empty for rules that stand in no file.</summary>
    public string Path { get; private init; } = "";

    private IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Reads a gate.</summary>
    /// <exception cref="AlidadeException">The file cannot be read, a key is unknown, or a rule is none.</exception>
    public static GateFile Read(string path)
    {
        var text = Recipe.ReadText(path);
        return Recipe.Parse<GateFile>(text, path) with { Path = path, Lines = text.Split('\n') };
    }

    /// <summary>Rules that stand in no file, such as those of a command line; null for none.</summary>
    /// <exception cref="AlidadeException">One of them is no rule.</exception>
    public static GateFile? Of(IReadOnlyCollection<string> rules) => rules.Count == 0 ? null : new() { Rules = [.. rules.Select(r => new GateRule { Rule = Requirement.Parse(r).ToString() })] };

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Rules.Count == 0)
            yield return "rules: there is none; give at least one, such as \"bias.crows_pairs<=0.6\"";
        if (Suite is not null && Tasks.Count > 0)
            yield return "name a suite or tasks, one of the two";
        if (Limit is < 1)
            yield return $"limit: {Limit} (at least 1)";
    }

    /// <summary>The tasks to measure where nobody names any: those that the rules' measures are of.</summary>
    /// <param name="known">Names of all tasks.</param>
    /// <exception cref="AlidadeException">A rule is on a measure of no task; the nearest is named.</exception>
    public IReadOnlyList<string> TasksOfRules(IReadOnlyCollection<string> known) =>
        [.. Rules.Select(r => TaskOf(r, known) ?? throw new AlidadeException($"{Path}:{LineOf(r)}: '{r.Requirement().Measure}' is a measure of no task{Suggest.Hint(r.Requirement().Measure, known)}; 'alidade evaluate --list' shows all")).Distinct(StringComparer.Ordinal)];

    /// <summary>Checks that every rule is on a measure of a task that will be measured.</summary>
    /// <param name="planned">Names of those tasks.</param>
    /// <exception cref="AlidadeException">A rule is on something else; all such rules are told together.</exception>
    public void Check(IReadOnlyCollection<string> planned)
    {
        string[] problems = [.. Rules.Where(r => TaskOf(r, planned) is null).Select(r => $"line {LineOf(r)}: '{r.Requirement().Measure}' is a measure of no task that is to be run{Suggest.Hint(r.Requirement().Measure, planned)}")];
        if (problems.Length > 0)
            throw new AlidadeException($"{Path}: {string.Join("; ", problems)}");
    }

    /// <summary>How each rule fared.</summary>
    /// <param name="measurements">Everything that was measured.</param>
    public IReadOnlyList<GateOutcome> Outcomes(IReadOnlyList<Measurement> measurements) =>
        [.. Rules.Select(r => (Rule: r, Required: r.Requirement())).Select(r => new GateOutcome(r.Rule, r.Required.Failure(measurements), measurements.FirstOrDefault(m => m.Name == r.Required.Measure), LineOf(r.Rule)))];

    // The measures of a task begin with its name; of two that fit the longer name is meant.
    private static string? TaskOf(GateRule rule, IEnumerable<string> tasks)
    {
        var measure = rule.Requirement().Measure;
        return tasks.Where(t => measure == t || (measure.StartsWith(t, StringComparison.Ordinal) && measure[t.Length] is '.' or '_')).MaxBy(t => t.Length);
    }

    private int LineOf(GateRule rule) => Lines.Count == 0 ? 0 : 1 + Math.Max(0, Lines.ToList().FindIndex(l => l.Contains(rule.Rule, StringComparison.Ordinal)));
}

/// <summary>How one rule fared.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Failure">Why it is not met; null when it is.</param>
/// <param name="Measurement">What was measured; null when it was not.</param>
/// <param name="Line">Its line in the file, from 1; 0 where it stands in none.</param>
public sealed record GateOutcome(GateRule Rule, string? Failure, Measurement? Measurement, int Line)
{
    /// <summary>Whether it is met.</summary>
    public bool Met => Failure is null;

    /// <summary>What the rule asks for, taken apart.</summary>
    public Requirement Required => Rule.Requirement();

    /// <summary>The failure with the reason that the rule gives, in one line; null when it is met.</summary>
    public string? Message => Failure is null ? null : Rule.Reason is { } reason ? $"{Failure} ({reason})" : Failure;
}
