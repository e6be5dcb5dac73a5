using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Alidade.Core.Recipes;

/// <summary>Puts YAML nodes into records, and gathers every problem on the way.</summary>
/// <param name="given">What errors call the places of nodes that stand in no text: those of <see cref="RecipeOverride"/>.</param>
internal sealed class RecipeBinder(IReadOnlyDictionary<YamlNode, string>? given = null)
{
    /// <summary>The key that says which of several records an abstract one is.</summary>
    internal const string NameKey = "name";

    private static readonly ConcurrentDictionary<Type, IReadOnlyDictionary<string, Type>> Choices = new();

    /// <summary>What was wrong, one entry a problem, each with its line.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>Checks a record for which nothing is said.</summary>
    public void Check(object record)
    {
        Require(record.GetType(), [], "", null);
        Validate(record, "", null);
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
            return new RecipePart(node, path, given);
        if (ItemOf(type, typeof(IReadOnlyList<>)) is [var item])
            return List(node, item, path);
        if (ItemOf(type, typeof(IReadOnlyDictionary<,>)) is [var key, var value] && key == typeof(string))
            return Dictionary(node, value, path);
        return type.IsAbstract ? Chosen(node, type, path) : Record(Formed(node, type), type, path, null);
    }

    // One of several records: its name alone, or a mapping with its name and its keys.
    private object? Chosen(YamlNode node, Type type, string path)
    {
        var choices = ChoicesOf(type);
        var mapping = node as YamlMappingNode ?? new YamlMappingNode(NameKey, node);
        var key = mapping.Children.Keys.FirstOrDefault(k => k is YamlScalarNode { Value: NameKey });
        if (key is null || mapping.Children[key] is not YamlScalarNode { Value: { } name } || !choices.TryGetValue(name, out var chosen))
        {
            var found = key is not null && mapping.Children[key] is YamlScalarNode { Value: { } text } ? text : "";
            Problems.Add($"'{path}' {At(node)} is '{found}'; allowed: {string.Join(", ", choices.Keys)}{(Suggest.Nearest(found, choices.Keys) is { } nearest ? $" (did you mean '{nearest}'?)" : "")}");
            return null;
        }

        var record = Activator.CreateInstance(chosen)!;
        Fill(record, new YamlMappingNode(mapping.Children.Where(c => c.Key != key)), path, []);
        return record;
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
        Problems.Add($"'{path}' {At(scalar)} is '{scalar.Value}'; allowed: {string.Join(", ", names.Keys)}"
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

    // What a recipe says nothing about stays as the part before it has it.
    private object? Record(YamlNode node, Type type, string path, object? before)
    {
        if (node is not YamlMappingNode)
            return Wrong(node, path, "a mapping of keys to values");
        if (type.GetConstructor(Type.EmptyTypes) is null)
            return Positional((YamlMappingNode)node, type, path);
        var copy = before is null ? null : type.GetMethod("<Clone>$")?.Invoke(before, null);
        var record = copy ?? Activator.CreateInstance(type)!;
        Fill(record, node, path, copy is null ? [] : [.. RequiredOf(type).Select(p => p.Name)], []);
        return record;
    }

    // A record whose constructor takes its values; all of them are needed.
    private object? Positional(YamlMappingNode mapping, Type type, string path)
    {
        var constructor = ConstructorOf(type) ?? throw new InvalidOperationException($"{type}: no record of a recipe");
        var before = Problems.Count;
        var given = mapping.Children.ToDictionary(c => Key(c.Key), c => c.Value, StringComparer.Ordinal);
        var names = constructor.GetParameters().Select(p => Snake(p.Name!)).ToArray();
        foreach (var unknown in mapping.Children.Keys.Where(k => !names.Contains(Key(k))))
            Problems.Add($"unknown key '{Join(path, Key(unknown))}' {At(unknown)}{Suggest.Hint(Key(unknown), names)}");
        foreach (var missing in names.Where(n => !given.ContainsKey(n)))
            Problems.Add($"key '{Join(path, missing)}' is missing in '{path}' {At(mapping)}");
        object?[] values = [.. constructor.GetParameters().Select((p, i) => given.TryGetValue(names[i], out var value) ? Value(value, p.ParameterType, Join(path, names[i])) : null)];
        if (Problems.Count > before)
            return null;
        try
        {
            return constructor.Invoke(values);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is AlidadeException problem)
        {
            Problems.Add($"'{path}' {At(mapping)}: {problem.Message}");
            return null;
        }
    }

    /// <summary>Sets what a mapping says; the properties that are given are not for it to set.</summary>
    public void Fill(object record, YamlNode node, string path, IReadOnlyList<string> notSettable) => Fill(record, node, path, notSettable, notSettable);

    /// <summary>The same for a record that has everything it requires, of which a mapping changes some.</summary>
    public void Change(object record, YamlNode node, string path) => Fill(record, node, path, [.. RequiredOf(record.GetType()).Select(p => p.Name)], []);

    private void Fill(object record, YamlNode node, string path, IReadOnlyList<string> known, IReadOnlyList<string> notSettable)
    {
        if (node is not YamlMappingNode mapping)
        {
            Wrong(node, path, "a mapping of keys to values");
            return;
        }

        var type = record.GetType();
        var before = Problems.Count;
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } && !notSettable.Contains(p.Name) && p.GetCustomAttribute<NoKeyAttribute>() is null && (HoldsParts(p.PropertyType) || CanRead(p.PropertyType)))
            .ToDictionary(p => Snake(p.Name), StringComparer.Ordinal);
        var set = new HashSet<string>(known, StringComparer.Ordinal);
        foreach (var (keyNode, child) in mapping.Children)
        {
            var key = Key(keyNode);
            if (!properties.TryGetValue(key, out var property))
            {
                Problems.Add($"unknown key '{Join(path, key)}' {At(keyNode)}{Suggest.Hint(key, properties.Keys)}");
                continue;
            }

            set.Add(property.Name);
            if (IsNull(child))
                Clear(record, property, child, Join(path, key));
            else if (Part(record, property, child, Join(path, key)) is { } value)
                Set(record, property, value, child, Join(path, key));
        }

        Require(type, set, path, mapping);
        // What could not be read would only be complained of a second time.
        if (Problems.Count == before)
            Validate(record, path, mapping);
    }

    private object? Part(object record, PropertyInfo property, YamlNode child, string path) => (property.GetValue(record), property.PropertyType) switch
    {
        ({ } before, var type) when IsRecord(type) && before.GetType() == type => Record(Formed(child, type), type, path, before),
        // Without a name it is the one that was there before, with other options.
        ({ } before, var type) when IsChoice(type) && IsRecord(before.GetType()) && child is YamlMappingNode keys && !keys.Children.Keys.Any(k => Key(k) == NameKey) => Record(child, before.GetType(), path, before),
        var (_, type) => Value(Listed(Formed(child, property), property), type, path),
    };

    // A record checks some of its values itself.
    private void Set(object record, PropertyInfo property, object value, YamlNode node, string path)
    {
        try
        {
            property.SetValue(record, value);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is AlidadeException problem)
        {
            Problems.Add($"'{path}' {At(node)}: {problem.Message}");
        }
    }

    private YamlNode Formed(YamlNode node, MemberInfo member)
    {
        if (node is not YamlScalarNode || IsNull(node) || member.GetCustomAttribute<ShortFormAttribute>() is not { } form)
            return node;
        return new YamlMappingNode(form.Key, node);
    }

    private static YamlNode Listed(YamlNode node, PropertyInfo property) =>
        node is not YamlSequenceNode && property.GetCustomAttribute<OneOrMoreAttribute>() is not null ? new YamlSequenceNode(node) : node;

    private void Clear(object record, PropertyInfo property, YamlNode node, string path)
    {
        if (CanBeNull(property))
            property.SetValue(record, null);
        else
            Wrong(node, path, Needed(property.PropertyType));
    }

    private void Require(Type type, HashSet<string> set, string path, YamlNode? mapping)
    {
        foreach (var property in RequiredOf(type).Where(p => !set.Contains(p.Name)))
            Problems.Add($"key '{Join(path, Snake(property.Name))}' is missing{(path.Length == 0 || mapping is null ? "" : $" in '{path}' {At(mapping)}")}");
    }

    private void Validate(object record, string path, YamlNode? mapping)
    {
        if (record is IValidated validated)
            Problems.AddRange(validated.Violations().Select(v => path.Length == 0 || mapping is null ? v : given?.ContainsKey(mapping) == true ? $"{path}.{v}" : $"{path}.{v} ('{path}' begins {At(mapping)})"));
    }

    private static IEnumerable<PropertyInfo> RequiredOf(Type type) => type.GetProperties().Where(p => p.GetCustomAttribute<RequiredMemberAttribute>() is not null);

    private string At(YamlNode node) => given is not null && given.TryGetValue(node, out var place) ? $"({place})" : $"at line {node.Start.Line}";

    private object? Wrong(YamlNode node, string path, string needed)
    {
        var found = node switch
        {
            YamlScalarNode scalar when IsNull(scalar) => "empty",
            YamlScalarNode scalar => $"'{scalar.Value?.ReplaceLineEndings(" ")}'",
            YamlSequenceNode => "a list",
            _ => "a mapping",
        };
        Problems.Add($"'{path}' {At(node)} is {found}; {needed} is needed");
        return null;
    }

    /// <summary>What a value of a type is, in words.</summary>
    internal static string Needed(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) ? "a text"
            : plain == typeof(bool) ? "true or false"
            : plain.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(plain).Select(Snake))
            : plain == typeof(double) || plain == typeof(float) || plain == typeof(decimal) ? "a number"
            : plain == typeof(uint) || plain == typeof(ulong) ? "a whole number from 0"
            : plain.IsPrimitive ? "a whole number"
            : plain.IsAbstract && ChoicesOf(plain) is { Count: > 0 } choices ? "one of " + string.Join(", ", choices.Keys)
            : ItemOf(plain, typeof(IReadOnlyList<>)) is not null ? "a list"
            : "a mapping of keys to values";
    }

    /// <summary>True for a record whose properties are keys of their own.</summary>
    internal static bool IsRecord(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type != typeof(string) && type != typeof(RecipePart) && !type.IsArray && type.GetConstructor(Type.EmptyTypes) is not null && type.GetMethod("<Clone>$") is not null;

    // That of a record which has no other but the one that copies.
    private static ConstructorInfo? ConstructorOf(Type type) =>
        type.GetMethod("<Clone>$") is not null && type.GetConstructors() is [var only] && only.GetParameters() is { Length: > 0 } parameters && parameters.All(p => CanRead(p.ParameterType)) ? only : null;

    /// <summary>True for an abstract type that stands for one of several records, by their names.</summary>
    internal static bool IsChoice(Type type) => type is { IsAbstract: true, IsGenericType: false } && ChoicesOf(type).Count > 0;

    /// <summary>True for a property that may hold nothing.</summary>
    internal static bool CanBeNull(PropertyInfo property) => new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    /// <summary>True when a value of the type can be read from a recipe.</summary>
    internal static bool CanRead(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) || plain.IsPrimitive || plain.IsEnum || plain == typeof(decimal) || IsRecord(plain) || IsChoice(plain) || (plain.IsClass && !plain.IsAbstract && ConstructorOf(plain) is not null)
            || (ItemOf(plain, typeof(IReadOnlyList<>)) is [var item] && CanRead(item))
            || (ItemOf(plain, typeof(IReadOnlyDictionary<,>)) is [var key, var value] && key == typeof(string) && CanRead(value));
    }

    private static bool HoldsParts(Type type) => type == typeof(RecipePart) || ItemOf(type, typeof(IReadOnlyList<>)) is [var item] && item == typeof(RecipePart);

    /// <summary>The records that can stand for an abstract one, by their names.</summary>
    internal static IReadOnlyDictionary<string, Type> ChoicesOf(Type type) => Choices.GetOrAdd(type, Found);

    // Two records of one name would be two meanings of it: an error of ours.
    private static Dictionary<string, Type> Found(Type type) => type.Assembly.GetTypes()
        .Where(t => type.IsAssignableFrom(t) && IsRecord(t) && t.GetProperty("Name")?.PropertyType == typeof(string))
        .Select(t => (Name: (string?)t.GetProperty("Name")!.GetValue(Activator.CreateInstance(t)), Type: t)).Where(t => t.Name is not null)
        .OrderBy(t => t.Name, StringComparer.Ordinal).ToDictionary(t => t.Name!, t => t.Type, StringComparer.Ordinal);

    private static Type[]? ItemOf(Type type, Type generic) => type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments() : null;

    private static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private static string Key(YamlNode node) => node is YamlScalarNode scalar ? scalar.Value ?? "" : node.ToString();

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>The key of a property.</summary>
    internal static string Snake(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
