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
        where T : class, new()
    {
        using var reader = new StreamReader(InputFile.Open(path));
        try
        {
            return Parse<T>(reader.ReadToEnd(), path);
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
        where T : class, new()
    {
        var root = Load(yaml, name);
        var binder = new RecipeBinder();
        var recipe = root is null ? binder.Empty<T>() : binder.Bind<T>(root);
        if (binder.Problems.Count > 0)
            throw new AlidadeException($"{name}: {string.Join("; ", binder.Problems)}");
        return recipe;
    }

    private static YamlNode? Load(string yaml, string name)
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
