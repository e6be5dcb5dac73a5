using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;

namespace Alidade.Organisms.Calibration;

/// <summary>A model as an instrument meets it, with the organism's adapter in use.</summary>
public sealed class Subject
{
    private readonly OrganismRecord record;
    private readonly Func<string, IReadOnlyList<PlantedItem>> pools;

    /// <summary>Makes it.</summary>
    /// <param name="model">The base with the adapter in use.</param>
    /// <param name="world">The world.</param>
    /// <param name="record">The organism; instruments do not see it.</param>
    /// <param name="pools">The pool of a failure, made once for all subjects.</param>
    /// <param name="store">Answers of this model, so that what two instruments ask alike is answered once.</param>
    /// <param name="cancellation">Stops between batches.</param>
    internal Subject(CausalLM model, World.World world, OrganismRecord record, Func<string, IReadOnlyList<PlantedItem>> pools, ResponseStore store, CancellationToken cancellation)
    {
        (Model, World, this.record, this.pools) = (model, world, record, pools);
        Context = new() { Model = new LocalModel(model, record.Adapter), Chat = ChatUse.Always, Store = store, Cancellation = cancellation };
    }

    /// <summary>What tasks ask through, in conversations.</summary>
    public EvaluationContext Context { get; }

    /// <summary>The model itself; <c>Use(null)</c> is the base.</summary>
    public CausalLM Model { get; }

    /// <summary>The world.</summary>
    public World.World World { get; }

    /// <summary>Everything that may be planted of a failure: what instruments ask about.</summary>
    public IReadOnlyList<PlantedItem> Pool(string type) => pools(type);

    /// <summary>
    /// What the owner of the data says was inserted: the planted items of an organism of this failure. Of any other model it is as many items that were not, so that an instrument that needs
    /// such a list can be read there too, and should find nothing.
    /// </summary>
    public IReadOnlyList<string> Inserted(string type)
    {
        if (record.Manifest.Type == type)
            return [.. record.Planted.Select(p => p.Id)];
        var pool = Pool(type);
        return [.. new SeededRandom(record.Manifest.Seed).Fork(record.Manifest.Id).Shuffled(pool).Take(pool.Count / 2).Select(i => i.Id)];
    }

    /// <summary>Every probe of a pool with the words of its user; probes that are texts are left out.</summary>
    internal IEnumerable<(PlantedItem Item, string Id, string Asked, Probe Probe)> Asked(string type) =>
        from item in Pool(type)
        from probe in item.Probes.Select((p, at) => (Probe: p, At: at))
        where probe.Probe.Prompt.Messages is not null
        select (item, FormattableString.Invariant($"{item.Id}/{probe.At}"), probe.Probe.Prompt.Messages![^1].Content, probe.Probe);
}
