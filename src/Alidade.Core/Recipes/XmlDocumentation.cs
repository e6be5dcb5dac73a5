using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Alidade.Core.Recipes;

/// <summary>
/// What the code says about itself: the documentation file that the compiler writes beside an assembly. Where the file is absent, every text is empty.
/// </summary>
public static class XmlDocumentation
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> Files = new();

    /// <summary>The summary of a type, in one line.</summary>
    public static string Of(Type type) => Text(Member(type.Assembly, "T:" + Name(type))?.Element("summary"));

    /// <summary>The remarks of a type, in one line: its source, and where it departs from it.</summary>
    public static string RemarksOf(Type type) => Text(Member(type.Assembly, "T:" + Name(type))?.Element("remarks"));

    /// <summary>The summary of a property, or what its record says of its parameter, in one line.</summary>
    public static string Of(PropertyInfo property)
    {
        var type = property.DeclaringType!;
        return Text(Member(type.Assembly, $"P:{Name(type)}.{property.Name}")?.Element("summary")) is { Length: > 0 } own ? own
            : Text(Member(type.Assembly, "T:" + Name(type))?.Elements("param").FirstOrDefault(p => (string?)p.Attribute("name") == property.Name));
    }

    /// <summary>The summary of a method, in one line.</summary>
    public static string Of(MethodInfo method) => Text(Member(method.DeclaringType!.Assembly, Id(method))?.Element("summary"));

    /// <summary>The remarks of a property, in one line.</summary>
    public static string RemarksOf(PropertyInfo property) => Text(Member(property.DeclaringType!.Assembly, $"P:{Name(property.DeclaringType)}.{property.Name}")?.Element("remarks"));

    /// <summary>The remarks of a method, in one line.</summary>
    public static string RemarksOf(MethodInfo method) => Text(Member(method.DeclaringType!.Assembly, Id(method))?.Element("remarks"));

    /// <summary>The summary of a field, such as a value of an enumeration, in one line.</summary>
    public static string Of(FieldInfo field) => Text(Member(field.DeclaringType!.Assembly, $"F:{Name(field.DeclaringType!)}.{field.Name}")?.Element("summary"));

    private static string Id(MethodInfo method) => $"M:{Name(method.DeclaringType!)}.{method.Name}({string.Join(',', method.GetParameters().Select(p => Written(p.ParameterType)))})";

    // As the compiler writes a type in an id: the arguments of a generic one in braces.
    private static string Written(Type type) => !type.IsGenericType ? type.FullName!
        : $"{type.GetGenericTypeDefinition().FullName!.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(Written))}}}";

    private static XElement? Member(Assembly assembly, string id) => Files.GetOrAdd(assembly, Read).GetValueOrDefault(id);

    private static IReadOnlyDictionary<string, XElement> Read(Assembly assembly)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        if (assembly.Location.Length == 0 || !File.Exists(path))
            return new Dictionary<string, XElement>();
        try
        {
            return XDocument.Load(path).Descendants("member").Where(m => m.Attribute("name") is not null)
                .GroupBy(m => (string)m.Attribute("name")!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            return new Dictionary<string, XElement>();
        }
    }

    private static string Name(Type type) => (type.FullName ?? type.Name).Replace('+', '.');

    private static string Text(XElement? element)
    {
        if (element is null)
            return "";
        var text = new StringBuilder();
        foreach (var node in element.Nodes())
            text.Append(node switch
            {
                XText plain => plain.Value,
                XElement { Name.LocalName: "see" or "seealso" or "paramref" or "typeparamref" } link => Linked(link),
                XElement { Name.LocalName: "para" } paragraph => " " + Text(paragraph) + " ",
                XElement inner => Text(inner),
                _ => "",
            });
        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Linked(XElement link)
    {
        if (link.Value.Length > 0)
            return link.Value;
        var target = (string?)link.Attribute("cref") ?? (string?)link.Attribute("name") ?? (string?)link.Attribute("langword") ?? "";
        var name = target.Split('(')[0];
        // A property is a key of a recipe for whoever reads this.
        return target.StartsWith("P:", StringComparison.Ordinal) ? RecipeBinder.Snake(name[(name.LastIndexOf('.') + 1)..]) : name[(name.LastIndexOf('.') + 1)..];
    }
}
