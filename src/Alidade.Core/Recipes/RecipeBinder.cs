using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Alidade.Core.Recipes;

/// <summary>Puts YAML nodes into records, and gathers every problem on the way.</summary>
internal sealed class RecipeBinder
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>What was wrong, one entry a problem, each with its line.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Checks a record for which nothing is said.</summary>
    public void Check(object record)
    {
        Require(record.GetType(), [], "", 1);
        Validate(record, "", 1);
    }

    /// <summary>Sets what a mapping says.</summary>
    public void Bind(YamlNode node, object record)
    {
        if (node is YamlMappingNode)
            Fill(record, node, "", []);
        else
            Wrong(node, "the recipe", "a mapping of keys to values");
    }

    private object? Value(YamlNode node, Type type, string path)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return IsNull(node) ? null : Value(node, inner, path);
        if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(decimal))
            return Scalar(node, type, path);
        if (type == typeof(RecipePart))
            return new RecipePart(node, path);
        if (node is YamlScalarNode && type.GetCustomAttribute<ShortFormAttribute>() is { } form)
            return Record(new YamlMappingNode(form.Key, node), type, path);
        if (ItemOf(type, typeof(IReadOnlyList<>)) is [var item])
            return List(node, item, path);
        if (ItemOf(type, typeof(IReadOnlyDictionary<,>)) is [var key, var value] && key == typeof(string))
            return Dictionary(node, value, path);
        return Record(node, type, path);
    }

    private object? Scalar(YamlNode node, Type type, string path)
    {
        if (node is not YamlScalarNode scalar)
            return Wrong(node, path, Needed(type));
        var text = scalar.Value ?? "";
        if (type == typeof(string))
            return text;
        // A quoted value is a text, as YAML says.
        if (scalar.Style is ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted)
            return Wrong(node, path, Needed(type));
        if (type.IsEnum)
            return EnumValue(scalar, type, path);
        if (type == typeof(bool))
            return text switch { "true" => true, "false" => false, _ => Wrong(node, path, Needed(type)) };
        if (type == typeof(double) || type == typeof(float))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? Convert.ChangeType(number, type, CultureInfo.InvariantCulture)
                : Wrong(node, path, Needed(type));
        // "1e6" and "1_000" are often meant as whole numbers.
        if (decimal.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var whole)
            && whole == decimal.Truncate(whole))
            try
            {
                return Convert.ChangeType(whole, type, CultureInfo.InvariantCulture);
            }
            catch (OverflowException)
            {
                return Wrong(node, path, Needed(type));
            }

        return Wrong(node, path, Needed(type));
    }

    private object? EnumValue(YamlScalarNode scalar, Type type, string path)
    {
        var names = Enum.GetNames(type).ToDictionary(Snake, n => n, StringComparer.Ordinal);
        if (names.TryGetValue(scalar.Value ?? "", out var name))
            return Enum.Parse(type, name);
        Problems.Add($"'{path}' at line {scalar.Start.Line} is '{scalar.Value}'; allowed: {string.Join(", ", names.Keys)}"
            + (Suggest.Nearest(scalar.Value ?? "", names.Keys) is { } nearest ? $" (did you mean '{nearest}'?)" : ""));
        return null;
    }

    private Array? List(YamlNode node, Type item, string path)
    {
        if (node is not YamlSequenceNode sequence)
            return (Array?)Wrong(node, path, "a list");
        var list = Array.CreateInstance(item, sequence.Children.Count);
        for (var i = 0; i < list.Length; i++)
            if (Value(sequence.Children[i], item, $"{path}[{i}]") is { } value)
                list.SetValue(value, i);
        return list;
    }

    private IDictionary? Dictionary(YamlNode node, Type valueType, string path)
    {
        if (node is not YamlMappingNode mapping)
            return (IDictionary?)Wrong(node, path, "a mapping of names to values");
        var dictionary = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType))!;
        foreach (var (key, child) in mapping.Children)
            if (Value(child, valueType, Join(path, Key(key))) is { } value)
                dictionary[Key(key)] = value;
        return dictionary;
    }

    private object? Record(YamlNode node, Type type, string path)
    {
        if (node is not YamlMappingNode)
            return Wrong(node, path, "a mapping of keys to values");
        if (type.GetConstructor(Type.EmptyTypes) is null)
            throw new InvalidOperationException($"{type}: a record of a recipe needs a parameterless constructor");
        var record = Activator.CreateInstance(type)!;
        Fill(record, node, path, []);
        return record;
    }

    /// <summary>Sets what a mapping says; the properties that are given are not for it to set.</summary>
    public void Fill(object record, YamlNode node, string path, IReadOnlyList<string> given)
    {
        if (node is not YamlMappingNode mapping)
        {
            Wrong(node, path, "a mapping of keys to values");
            return;
        }

        var type = record.GetType();
        var before = Problems.Count;
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } && !given.Contains(p.Name))
            .ToDictionary(p => Snake(p.Name), StringComparer.Ordinal);
        var set = new HashSet<string>(given, StringComparer.Ordinal);
        foreach (var (keyNode, child) in mapping.Children)
        {
            var key = Key(keyNode);
            if (!properties.TryGetValue(key, out var property))
            {
                Problems.Add($"unknown key '{Join(path, key)}' at line {keyNode.Start.Line}{Suggest.Hint(key, properties.Keys)}");
                continue;
            }

            set.Add(property.Name);
            if (IsNull(child))
                Clear(record, property, child, Join(path, key));
            else if (Value(Listed(child, property), property.PropertyType, Join(path, key)) is { } value)
                property.SetValue(record, value);
        }

        Require(type, set, path, (int)mapping.Start.Line);
        // What could not be read would only be complained of a second time.
        if (Problems.Count == before)
            Validate(record, path, (int)mapping.Start.Line);
    }

    private static YamlNode Listed(YamlNode node, PropertyInfo property) =>
        node is not YamlSequenceNode && property.GetCustomAttribute<OneOrMoreAttribute>() is not null ? new YamlSequenceNode(node) : node;

    private void Clear(object record, PropertyInfo property, YamlNode node, string path)
    {
        if (Nullability.Create(property).WriteState == NullabilityState.Nullable)
            property.SetValue(record, null);
        else
            Wrong(node, path, Needed(property.PropertyType));
    }

    private void Require(Type type, HashSet<string> set, string path, int line)
    {
        foreach (var property in type.GetProperties().Where(p => p.GetCustomAttribute<RequiredMemberAttribute>() is not null && !set.Contains(p.Name)))
            Problems.Add($"key '{Join(path, Snake(property.Name))}' is missing{(path.Length == 0 ? "" : $" in '{path}' at line {line}")}");
    }

    private void Validate(object record, string path, int line)
    {
        if (record is IValidated validated)
            Problems.AddRange(validated.Violations().Select(v => path.Length == 0 ? v : $"{path}.{v} ('{path}' begins at line {line})"));
    }

    private object? Wrong(YamlNode node, string path, string needed)
    {
        var found = node switch
        {
            YamlScalarNode scalar when IsNull(scalar) => "empty",
            YamlScalarNode scalar => $"'{scalar.Value?.ReplaceLineEndings(" ")}'",
            YamlSequenceNode => "a list",
            _ => "a mapping",
        };
        Problems.Add($"'{path}' at line {node.Start.Line} is {found}; {needed} is needed");
        return null;
    }

    private static string Needed(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) ? "a text"
            : plain == typeof(bool) ? "true or false"
            : plain.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(plain).Select(Snake))
            : plain == typeof(double) || plain == typeof(float) || plain == typeof(decimal) ? "a number"
            : plain == typeof(uint) || plain == typeof(ulong) ? "a whole number from 0"
            : plain.IsPrimitive ? "a whole number"
            : ItemOf(plain, typeof(IReadOnlyList<>)) is not null ? "a list"
            : "a mapping of keys to values";
    }

    private static Type[]? ItemOf(Type type, Type generic) => type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments() : null;

    private static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private static string Key(YamlNode node) => node is YamlScalarNode scalar ? scalar.Value ?? "" : node.ToString();

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The key of a property.</summary>
    internal static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
