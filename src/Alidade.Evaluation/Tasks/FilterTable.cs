using Alidade.Core;
using Alidade.Evaluation.Tasks.Filters;

namespace Alidade.Evaluation.Tasks;

/// <summary>The filters by the names that lm-evaluation-harness gives them.</summary>
internal static class FilterTable
{
    /// <summary>Name of the one chain of a task without filters.</summary>
    public const string None = "none";

    private static readonly Dictionary<string, Func<FilterStep, ResponseFilter>> All = new(StringComparer.Ordinal)
    {
        ["regex"] = s => s.Pattern is null ? new RegexFilter { Select = s.Select, Fallback = s.Fallback ?? RegexFilter.Invalid } : new RegexFilter { Pattern = s.Pattern, Select = s.Select, Fallback = s.Fallback ?? RegexFilter.Invalid },
        ["multi_choice_regex"] = s => new MultiChoiceRegexFilter
        {
            Pattern = s.Pattern ?? new MultiChoiceRegexFilter().Pattern,
            Select = s.Select,
            Fallback = s.Fallback ?? RegexFilter.Invalid,
            IgnoreCase = s.IgnoreCase,
            IgnorePunctuation = s.IgnorePunctuation,
        },
        ["lowercase"] = _ => new LowercaseFilter(),
        ["uppercase"] = _ => new UppercaseFilter(),
        ["remove_whitespace"] = _ => new LeadingWhiteSpaceFilter(),
        ["map"] = s => new MapFilter { Mapping = s.Mapping, Fallback = s.Fallback ?? "" },
        ["take_first"] = _ => new TakeFirstFilter(),
        ["take_first_k"] = s => new TakeFirstFilter { Count = s.Count },
        ["majority_vote"] = _ => new MajorityVoteFilter(),
    };

    /// <summary>The chains of a task: its name and its steps.</summary>
    /// <exception cref="AlidadeException">A filter is unknown, or its pattern is no regular expression.</exception>
    public static IReadOnlyList<(string Name, IReadOnlyList<ResponseFilter> Steps)> Of(TaskFile file) => file.Filters.Count == 0
        ? [(None, [new TakeFirstFilter()])]
        : [.. file.Filters.Select(c => (c.Name.Length > 0 ? c.Name : None, (IReadOnlyList<ResponseFilter>)[.. c.Steps.Select(Step)]))];

    private static ResponseFilter Step(FilterStep step)
    {
        if (step.Pattern is { } pattern)
            Matches.Pattern(pattern);
        return All.TryGetValue(step.Filter, out var make) ? make(step) : throw new AlidadeException($"there is no filter '{step.Filter}'{Suggest.Hint(step.Filter, All.Keys)}");
    }
}
