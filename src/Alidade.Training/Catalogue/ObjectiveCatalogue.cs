using Alidade.Core;
using Alidade.Core.Recipes;

namespace Alidade.Training.Catalogue;

/// <summary>An objective that can be trained.</summary>
/// <param name="Name">Its name, such as "dpo".</param>
/// <param name="Heading">The heading it stands under, such as "ranking".</param>
/// <param name="Summary">What it is, with its formula.</param>
/// <param name="Source">Where it comes from, and where it departs from that.</param>
/// <param name="Family">What rows it learns from, and how.</param>
/// <param name="New">Makes one with every option at its default.</param>
public sealed record KnownObjective(string Name, string Heading, string Summary, string Source, ObjectiveFamily Family, Func<object> New)
{
    /// <summary>Its own options, dotted behind "objective".</summary>
    public IReadOnlyList<RecipeKey> Options => [.. RecipeKeys.Of(New(), "objective").Where(k => k.Key != "objective.name")];

    /// <summary>The objective of a type, which says the rest of itself.</summary>
    internal static KnownObjective Of(Type type, ObjectiveFamily family)
    {
        var name = type.GetProperty("Name")?.GetValue(Activator.CreateInstance(type)) as string ?? throw new InvalidOperationException($"{type}: an objective needs a name");
        return new(name, HeadingOf(type), XmlDocumentation.Of(type), XmlDocumentation.RemarksOf(type), family, () => Activator.CreateInstance(type)!);
    }

    /// <summary>The last part of a type's namespace.</summary>
    internal static string HeadingOf(Type type) => type.Namespace![(type.Namespace!.LastIndexOf('.') + 1)..].ToLowerInvariant();
}

/// <summary>The objectives that can be trained, as the families find them.</summary>
public static class ObjectiveCatalogue
{
    private static readonly Lazy<IReadOnlyList<KnownObjective>> Known = new(() =>
        [.. typeof(ObjectiveFamily).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(ObjectiveFamily)) && !t.IsAbstract).Select(t => (ObjectiveFamily)Activator.CreateInstance(t)!)
            .SelectMany(f => f.Objectives).OrderBy(o => o.Heading, StringComparer.Ordinal).ThenBy(o => o.Name, StringComparer.Ordinal)]);

    /// <summary>Every objective, by heading and name.</summary>
    public static IReadOnlyList<KnownObjective> All => Known.Value;

    /// <summary>The objective of a name, however its parts are joined: "a_lol", "a-lol", "A-LoL".</summary>
    /// <exception cref="AlidadeException">There is none; the message has the nearest.</exception>
    public static KnownObjective Find(string name) => All.FirstOrDefault(o => o.Name == name) ?? All.FirstOrDefault(o => OtherNames.Joined(o.Name) == OtherNames.Joined(name))
        ?? throw new AlidadeException(OtherNames.Find(name) is { } other ? $"there is no objective '{name}'; it is {other.Where}"
            : $"there is no objective '{name}'{(Suggest.Nearest(name, All.Select(o => o.Name)) is { } near ? $" (did you mean '{near}'?)" : "")}; 'alidade train --list' shows all");
}
