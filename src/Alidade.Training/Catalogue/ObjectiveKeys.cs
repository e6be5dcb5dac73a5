using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Training.Jobs;

namespace Alidade.Training.Catalogue;

/// <summary>Which keys of a recipe an objective reads: some are read by a few objectives alone, and to set one in vain is a mistake to be told.</summary>
public static class ObjectiveKeys
{
    private const int MostNamed = 12;
    private static readonly Lazy<IReadOnlyDictionary<string, IReadOnlyList<string>>> Known = new(() =>
        ObjectiveCatalogue.All.SelectMany(o => o.Family.Reads(o.New()).Select(key => (key, o.Name))).GroupBy(r => r.key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(r => r.Name)], StringComparer.Ordinal));

    /// <summary>The objectives that read a key, by default; keys that every objective reads are not among them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Readers => Known.Value;

    /// <summary>Whether objectives of a family may read a key, or what stands below it.</summary>
    /// <param name="family">The family.</param>
    /// <param name="key">Dotted key of a recipe.</param>
    public static bool MayBeRead(ObjectiveFamily family, string key) =>
        !Readers.Keys.Any(k => IsIn(key, k)) || family.Objectives.Any(o => family.Reads(o.New()).Any(k => IsIn(key, k)));

    /// <summary>The one key of an objective's trainings that a person meant.</summary>
    /// <param name="known">The objective.</param>
    /// <param name="name">What was written, such as "learningRate".</param>
    /// <exception cref="AlidadeException">There is no such key, or it is one that only other objectives read; they are named.</exception>
    public static RecipeKey Find(KnownObjective known, string name)
    {
        RecipeKey[] own = [.. known.Options, .. TrainRecipe.SettingsOf(known.Family)];
        return RecipeKeys.Meant(own, name).Count == 0 && RecipeKeys.Meant(TrainRecipe.Settings, name) is [var other, ..] && Of(other.Key) is { } key
            ? throw new AlidadeException(Told(key, known.Name))
            : RecipeKeys.Find(own, name);
    }

    /// <summary>Says what a recipe sets in vain, or lacks.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="defaults">What holds where nobody set anything.</param>
    /// <param name="known">The objective's place in the catalogue.</param>
    /// <param name="objective">The objective, with its options.</param>
    /// <param name="name">What errors call the recipe.</param>
    /// <exception cref="AlidadeException">A key is set that the objective does not read; the objectives that read it are named. Or one is missing without which it cannot be trained.</exception>
    public static void Check(TrainRecipe recipe, TrainRecipe defaults, KnownObjective known, object objective, string name)
    {
        var (given, unset) = (Json.ToNode(recipe), Json.ToNode(defaults));
        var read = known.Family.Reads(objective).ToHashSet(StringComparer.Ordinal);
        var vain = Readers.Keys.Where(k => !read.Contains(k) && !JsonNode.DeepEquals(At(given, k), At(unset, k))).ToArray();
        if (vain.Length > 0)
            throw new AlidadeException($"{name}: {string.Join("; ", vain.Select(k => Told(k, known.Name)))}");
        if (known.Family.Missing(objective, recipe) is { } missing)
            throw new AlidadeException($"{name}: {missing}");
    }

    /// <summary>That an objective does not read a key, and which do.</summary>
    internal static string Told(string key, string objective)
    {
        var readers = Readers[key];
        var more = readers.Count > MostNamed ? $" and {readers.Count - MostNamed} more" : "";
        return $"'{key}' is not read by {objective} as it is set; it is read by {string.Join(", ", readers.Take(MostNamed))}{more}";
    }

    /// <summary>The key of some readers that another is or stands below; null for one that all read.</summary>
    internal static string? Of(string key) => Readers.Keys.FirstOrDefault(k => IsIn(key, k));

    private static bool IsIn(string key, string whole) => key == whole || key.StartsWith(whole + ".", StringComparison.Ordinal);

    private static JsonNode? At(JsonNode? node, string key) => key.Split('.').Aggregate(node, (n, part) => n?[part]);
}
