using System.Reflection;
using YamlDotNet.RepresentationModel;

namespace Alidade.Core.Recipes;

/// <summary>A value of a recipe that was given apart from its text, such as on a command line.</summary>
public sealed record RecipeOverride
{
    private readonly Func<YamlNode> value;

    private RecipeOverride(IReadOnlyList<string> path, string shown, Func<YamlNode> value) => (Path, Shown, this.value) = (path, shown, value);

    /// <summary>Keys, the outermost first.</summary>
    public IReadOnlyList<string> Path { get; }

    /// <summary>What errors call its place, such as "--set beta=0.2".</summary>
    public string Shown { get; }

    /// <summary>A value that is a text, whatever it holds.</summary>
    public static RecipeOverride OfText(IReadOnlyList<string> path, string text, string shown) => new(path, shown, () => new YamlScalarNode(text));

    /// <summary>A value as YAML: a plain value, a list [a, b] or a mapping {a: 1}.</summary>
    public static RecipeOverride OfYaml(IReadOnlyList<string> path, string yaml, string shown) => new(path, shown, () => Recipe.Load(yaml, shown) ?? new YamlScalarNode(""));

    /// <summary>A recipe's tree with values put in.</summary>
    internal static YamlNode? Apply(YamlNode? root, Type type, IReadOnlyList<RecipeOverride> overrides, Dictionary<YamlNode, string> places)
    {
        // What is no mapping is the binder's to complain of.
        if (overrides.Count == 0 || root is not (null or YamlMappingNode))
            return root;
        var whole = (YamlMappingNode?)root ?? new YamlMappingNode();
        foreach (var one in overrides)
            one.PutInto(whole, type, places);
        return whole;
    }

    private void PutInto(YamlMappingNode mapping, Type? type, Dictionary<YamlNode, string> places)
    {
        for (var depth = 0; ; depth++)
        {
            var key = mapping.Children.Keys.FirstOrDefault(k => k is YamlScalarNode { Value: { } name } && name == Path[depth]);
            if (depth == Path.Count - 1)
            {
                var node = value();
                foreach (var part in node.AllNodes)
                    places[part] = Shown;
                if (key is not null)
                    mapping.Children.Remove(key);
                mapping.Add(Marked(new YamlScalarNode(Path[depth]), places), node);
                return;
            }

            var property = type?.GetProperties(BindingFlags.Public | BindingFlags.Instance).FirstOrDefault(p => RecipeBinder.Snake(p.Name) == Path[depth]);
            type = property?.PropertyType;
            // Parts whose record is known only later, such as an objective's, are named.
            var form = (property?.GetCustomAttribute<ShortFormAttribute>() ?? type?.GetCustomAttribute<ShortFormAttribute>())?.Key ?? (type is null || RecipeBinder.IsChoice(type) ? RecipeBinder.NameKey : null);
            var child = key is null ? null : mapping.Children[key];
            if (child is not YamlMappingNode inner)
            {
                // A plain value stands for one of the keys.
                inner = child is YamlScalarNode { Value.Length: > 0 } plain && form is not null ? new YamlMappingNode(form, plain) : new YamlMappingNode();
                Marked(inner, places);
                if (key is not null)
                    mapping.Children.Remove(key);
                mapping.Add(key ?? Marked(new YamlScalarNode(Path[depth]), places), inner);
            }

            mapping = inner;
        }
    }

    private T Marked<T>(T node, Dictionary<YamlNode, string> places)
        where T : YamlNode
    {
        places[node] = Shown;
        return node;
    }
}
