using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Core.Recipes;

/// <summary>One key that a recipe may have, as a person reads it.</summary>
/// <param name="Key">Dotted, such as "training.schedule.learning_rate".</param>
/// <param name="Type">What its value is, such as "a number" or "one of linear, cosine".</param>
/// <param name="Default">What holds when it is left out; empty for none.</param>
/// <param name="Description">What it means, from the documentation of the code.</param>
/// <param name="Values">The meaning of each allowed value, where the code tells it.</param>
public sealed record RecipeKey(string Key, string Type, string Default, string Description, IReadOnlyDictionary<string, string> Values);

/// <summary>The keys of a recipe, told from its record and the documentation beside its assembly: said once, in the code.</summary>
public static class RecipeKeys
{
    /// <summary>All keys of a record, those of the records in it dotted.</summary>
    /// <param name="defaults">The record with its defaults.</param>
    /// <param name="prefix">What stands before every key; empty for nothing.</param>
    public static IReadOnlyList<RecipeKey> Of(object defaults, string prefix = "") => [.. Below(defaults, prefix)];

    /// <summary>The one key that a person meant: written in full, or by its last parts where only one key ends so. Case, '_' and '-' do not count.</summary>
    /// <param name="keys">All keys.</param>
    /// <param name="name">What was written, such as "learningRate".</param>
    /// <exception cref="AlidadeException">No key, or more than one, is called so; the nearest is named.</exception>
    public static RecipeKey Find(IReadOnlyList<RecipeKey> keys, string name)
    {
        var ending = Meant(keys, name);
        if (ending is [var only])
            return only;
        if (ending.Count > 1)
            throw new AlidadeException($"the option '{name}' could be {string.Join(" or ", ending.Select(k => $"'{k.Key}'"))}; write it in full");
        // A short name is like the last part of a key, a long one like the whole.
        var near = Suggest.Nearest(name, keys.Select(k => k.Key));
        if (near is null && Suggest.Nearest(name[(name.LastIndexOf('.') + 1)..], keys.Select(k => k.Key[(k.Key.LastIndexOf('.') + 1)..])) is { } part)
            near = keys.First(k => k.Key == part || k.Key.EndsWith("." + part, StringComparison.Ordinal)).Key;
        throw new AlidadeException($"there is no option '{name}'{(near is null ? "" : $" (did you mean '{near}'?)")}");
    }

    /// <summary>The keys that a name may mean: the one that is written in full, else those that end so.</summary>
    /// <param name="keys">All keys.</param>
    /// <param name="name">What was written.</param>
    public static IReadOnlyList<RecipeKey> Meant(IReadOnlyList<RecipeKey> keys, string name)
    {
        var wanted = Plain(name);
        return keys.FirstOrDefault(k => Plain(k.Key) == wanted) is { } exact ? [exact] : [.. keys.Where(k => Plain(k.Key).EndsWith("." + wanted, StringComparison.Ordinal))];
    }

    /// <summary>The names of the records that can stand for an abstract one.</summary>
    public static IEnumerable<string> Choices(Type type) => RecipeBinder.ChoicesOf(type).Keys;

    private static IEnumerable<RecipeKey> Below(object record, string prefix)
    {
        foreach (var property in record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0 && p.GetCustomAttribute<NoKeyAttribute>() is null))
        {
            var key = (prefix.Length == 0 ? "" : prefix + ".") + RecipeBinder.Snake(property.Name);
            var type = property.PropertyType;
            if (!RecipeBinder.CanRead(type))
                continue;
            var value = property.GetValue(record);
            if (!RecipeBinder.IsRecord(type))
                yield return new(key, RecipeBinder.Needed(type), Text(value), XmlDocumentation.Of(property), ValuesOf(Nullable.GetUnderlyingType(type) ?? type));
            else if (RecipeBinder.CanBeNull(property))
                yield return new(key, "a part: {} for it with its defaults, null for none", value is null ? "null" : "", XmlDocumentation.Of(property), ValuesOf(type));
            // What is none by default has its defaults once a key below it is set.
            if (PartOf(type, value) is { } part)
                foreach (var inner in Below(part, key))
                    yield return inner;
        }
    }

    private static object? PartOf(Type type, object? value) => RecipeBinder.IsRecord(type) ? value ?? Activator.CreateInstance(type)
        : RecipeBinder.IsChoice(type) && value is not null && RecipeBinder.IsRecord(value.GetType()) ? value : null;

    private static Dictionary<string, string> ValuesOf(Type type) => !type.IsEnum ? []
        : type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (Name: RecipeBinder.Snake(f.Name), Meaning: XmlDocumentation.Of(f))).Where(v => v.Meaning.Length > 0).ToDictionary(v => v.Name, v => v.Meaning);

    private static string Text(object? value) => value switch
    {
        null => "",
        double.NaN => "",
        bool flag => flag ? "true" : "false",
        Enum name => RecipeBinder.Snake(name.ToString()),
        string text => text,
        _ when value.GetType() is { IsSealed: true } type && RecipeBinder.IsRecord(type) && type.BaseType != typeof(object) && type.GetProperty("Name")?.GetValue(value) is string name => name,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable many when !many.GetEnumerator().MoveNext() => "",
        _ => JsonSerializer.Serialize(value, value.GetType(), Json.Line),
    };

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
