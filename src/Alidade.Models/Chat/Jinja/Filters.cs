namespace Alidade.Models.Chat.Jinja;

/// <summary>A filter's work: the value before the bar and the bound arguments give the value after it.</summary>
internal delegate object FilterBody(Evaluator evaluator, object value, Bound arguments);

/// <summary>What stands after a bar. Jinja's own filters, and <c>tojson</c> as the chat template convention has it.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, (Signature? Parameters, FilterBody Body)> Table = Collect();

    public static bool Exists(string name) => Table.ContainsKey(name);

    public static object Apply(Evaluator evaluator, string name, object value, Arguments arguments)
    {
        if (!Table.TryGetValue(name, out var filter))
            throw new JinjaException("TemplateRuntimeError", $"No filter named '{name}' found.");
        return filter.Body(evaluator, value, Bound.To(name, filter.Parameters, arguments));
    }

    private static Dictionary<string, (Signature?, FilterBody)> Collect()
    {
        var table = new Dictionary<string, (Signature?, FilterBody)>(StringComparer.Ordinal);
        foreach (var (name, parameters, body) in TextFilters.All.Concat(SequenceFilters.All).Concat(ValueFilters.All))
            table[name] = (parameters is null ? null : Signature.Parse(parameters), body);
        foreach (var (alias, name) in new[] { ("d", "default"), ("e", "escape"), ("count", "length") })
            table[alias] = table[name];
        return table;
    }
}
