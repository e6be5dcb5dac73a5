using Alidade.Core.Files;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Alidade.Core.Recipes;

/// <summary>Options that can say what is wrong with them.</summary>
public interface IValidated
{
    /// <summary>Every violation as "key: what is wrong and what is allowed"; nothing when all is well.</summary>
    IEnumerable<string> Violations();
}

/// <summary>Marks a list of a recipe for which one value alone may stand.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OneOrMoreAttribute : Attribute;

/// <summary>Marks a record of a recipe, or a property that holds one, for which a plain value may stand: that of one of its keys.</summary>
/// <param name="key">The key.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property)]
public sealed class ShortFormAttribute(string key) : Attribute
{
    /// <summary>The key.</summary>
    public string Key => key;
}

/// <summary>Marks a property of a record that is no key: whoever runs the record sets it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NoKeyAttribute : Attribute;

/// <summary>A part of a recipe whose record is known only when the rest has been read.</summary>
public sealed class RecipePart
{
    private readonly YamlNode node;
    private readonly string path;
    private readonly IReadOnlyDictionary<YamlNode, string>? places;

    internal RecipePart(YamlNode node, string path, IReadOnlyDictionary<YamlNode, string>? places)
    {
        this.node = node;
        this.path = path;
        this.places = places;
    }

    /// <summary>Takes a key out: its texts.</summary>
    /// <param name="property">The property that the key stands for.</param>
    /// <returns>Empty when the key is absent or holds no text.</returns>
    public IReadOnlyList<string> Take(string property)
    {
        if (node is not YamlMappingNode mapping || mapping.Children.Keys.FirstOrDefault(k => k is YamlScalarNode { Value: { } name } && name == RecipeBinder.Snake(property)) is not { } key)
            return [];
        string[] texts = [.. (mapping.Children[key] is YamlSequenceNode list ? list.Children : [mapping.Children[key]]).OfType<YamlScalarNode>().Select(s => s.Value ?? "")];
        mapping.Children.Remove(key);
        return texts;
    }

    /// <summary>Sets a new record's properties; those that it requires must be among the keys.</summary>
    /// <param name="record">The record; it is changed.</param>
    /// <param name="name">What errors call the recipe, such as the file's path.</param>
    /// <param name="given">Properties that are not the recipe's to set.</param>
    /// <exception cref="AlidadeException">A key is unknown, missing, of the wrong type or out of range.</exception>
    public void Bind(object record, string name, params IReadOnlyList<string> given) => Fill(name, binder => binder.Fill(record, node, path, given));

    /// <summary>Changes a record that has all that it requires, such as a preset: what no key names stays.</summary>
    /// <param name="record">The record; it is changed.</param>
    /// <param name="name">What errors call the recipe, such as the file's path.</param>
    /// <exception cref="AlidadeException">A key is unknown, of the wrong type or out of range.</exception>
    public void Change(object record, string name) => Fill(name, binder => binder.Change(record, node, path));

    private void Fill(string name, Action<RecipeBinder> fill)
    {
        var binder = new RecipeBinder(places);
        fill(binder);
        if (binder.Problems.Count > 0)
            throw new AlidadeException($"{name}: {string.Join("; ", binder.Problems)}");
    }
}

/// <summary>
/// Reads a recipe: YAML whose keys are the snake_case names of a record's properties. Unknown keys, wrong types and values out of range are errors with their line; all
/// of them are reported together.
/// </summary>
public static class Recipe
{
    // Deeper nesting than any record has; a bound keeps a hostile file from exhausting the stack.
    private const int DeepestNesting = 32;

    /// <summary>Reads a file.</summary>
    /// <typeparam name="T">A record with a parameterless constructor and init properties: text, numbers, true/false, enums, records, lists, dictionaries by text.</typeparam>
    /// <exception cref="AlidadeException">The file cannot be read or is not a valid recipe.</exception>
    public static T Read<T>(string path)
        where T : class, new() => Parse<T>(ReadText(path), path);

    /// <summary>The text of a recipe's file.</summary>
    /// <exception cref="AlidadeException">The file cannot be read.</exception>
    public static string ReadText(string path)
    {
        using var reader = new StreamReader(InputFile.Open(path));
        try
        {
            return reader.ReadToEnd();
        }
        catch (IOException exception)
        {
            throw InputFile.CannotRead(path, exception);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="yaml">The recipe.</param>
    /// <param name="name">What errors call it, such as the file's path.</param>
    /// <exception cref="AlidadeException">It is not a valid recipe.</exception>
    public static T Parse<T>(string yaml, string name)
        where T : class, new() => Parse(yaml, name, new T());

    /// <summary>Reads a text whose keys replace those of a recipe read before, which is changed.</summary>
    /// <param name="yaml">The recipe.</param>
    /// <param name="name">What errors call it, such as the file's path.</param>
    /// <param name="basis">What holds where the text says nothing.</param>
    /// <exception cref="AlidadeException">It is not a valid recipe.</exception>
    public static T Parse<T>(string yaml, string name, T basis)
        where T : class, new() => Parse(yaml, name, basis, []);

    /// <summary>Reads a text with values that were given apart from it.</summary>
    /// <param name="yaml">The recipe; may be empty.</param>
    /// <param name="name">What errors call it, such as the file's path.</param>
    /// <param name="basis">What holds where neither says anything; it is changed.</param>
    /// <param name="overrides">Values that win over the text's.</param>
    /// <exception cref="AlidadeException">It is not a valid recipe.</exception>
    public static T Parse<T>(string yaml, string name, T basis, IReadOnlyList<RecipeOverride> overrides)
        where T : class, new()
    {
        var places = new Dictionary<YamlNode, string>(ReferenceEqualityComparer.Instance);
        var root = RecipeOverride.Apply(Load(yaml, name), typeof(T), overrides, places);
        var binder = new RecipeBinder(places);
        if (root is null)
            binder.Check(basis);
        else
            binder.Bind(root, basis);
        if (binder.Problems.Count > 0)
            throw new AlidadeException($"{name}: {string.Join("; ", binder.Problems)}");
        return basis;
    }

    internal static YamlNode? Load(string yaml, string name)
    {
        try
        {
            CheckDepth(yaml, name);
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return stream.Documents.Count switch
            {
                0 => null,
                1 => stream.Documents[0].RootNode,
                _ => throw new AlidadeException($"{name}: holds {stream.Documents.Count} YAML documents; a recipe is one"),
            };
        }
        catch (YamlException exception)
        {
            throw new AlidadeException($"{name}: not YAML at line {exception.Start.Line}, column {exception.Start.Column}: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static void CheckDepth(string yaml, string name)
    {
        var parser = new Parser(new StringReader(yaml));
        var depth = 0;
        while (parser.MoveNext())
        {
            if (parser.Current is AnchorAlias alias)
                throw new AlidadeException($"{name}: alias '*{alias.Value}' at line {alias.Start.Line}: recipes have no aliases; write the value out");
            depth += parser.Current!.NestingIncrease;
            if (depth > DeepestNesting)
                throw new AlidadeException($"{name}: nested more than {DeepestNesting} deep at line {parser.Current.Start.Line}");
        }
    }
}
