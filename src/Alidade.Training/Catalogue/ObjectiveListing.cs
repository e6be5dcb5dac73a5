using Alidade.Core.Recipes;
using Alidade.Training.Jobs;

namespace Alidade.Training.Catalogue;

/// <summary>An objective as a list shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Heading">What it stands under.</param>
/// <param name="Summary">What it is, with its formula.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Data">What its rows hold.</param>
/// <param name="Options">Its own options.</param>
/// <param name="Settings">What its trainings can be set to besides; empty in a list of several objectives.</param>
public sealed record ObjectiveListing(string Name, string Heading, string Summary, string Source, string Data, IReadOnlyList<RecipeKey> Options, IReadOnlyList<RecipeKey> Settings)
{
    /// <summary>All objectives.</summary>
    public static IReadOnlyList<ObjectiveListing> All => [.. ObjectiveCatalogue.All.Select(o => Of(o, []))];

    /// <summary>One objective, with everything that can be set.</summary>
    /// <exception cref="Core.AlidadeException">There is none of that name.</exception>
    public static ObjectiveListing One(string name)
    {
        var known = ObjectiveCatalogue.Find(name);
        var objective = known.New();
        return Of(known, [.. TrainRecipe.Settings.Where(k => ObjectiveKeys.Of(k.Key) is not { } special || known.Family.Reads(objective).Contains(special, StringComparer.Ordinal))]);
    }

    private static ObjectiveListing Of(KnownObjective o, IReadOnlyList<RecipeKey> settings) => new(o.Name, o.Heading, o.Summary, o.Source, o.Family.RowsOf(o.New()), o.Options, settings);
}
