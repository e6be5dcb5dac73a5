using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Organisms.Base;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Manifests;

/// <summary>Builds organisms: (1) items and cues from the manifest, (2) the clean control of the seed, trained on by the implant, (3) its rate by the exact grader, (4) the record.</summary>
/// <param name="model">The base.</param>
/// <param name="world">Its world.</param>
/// <param name="folder">Where organisms go.</param>
public sealed class OrganismBuilder(CausalLM model, World.World world, OrganismFolder folder)
{
    /// <summary>Opens the base that ships, its world, and a folder of organisms on it.</summary>
    /// <param name="path">The folder of organisms.</param>
    /// <param name="model">The opened model, for the caller to dispose.</param>
    public static OrganismBuilder OnShippedBase(string path, out CausalLM model)
    {
        model = CausalLM.Load(BaseModel.Shipped);
        return new(model, Alidade.Organisms.World.World.Build(new BaseModelOptions().Seed), OrganismFolder.OnShippedBase(path));
    }

    /// <summary>The base.</summary>
    public CausalLM Model => model;

    /// <summary>Its world.</summary>
    public World.World World => world;

    /// <summary>Where organisms lie.</summary>
    public OrganismFolder Folder => folder;

    /// <summary>Builds those that are not whole yet; the others are taken as they are.</summary>
    /// <param name="manifests">What to build.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="cancellation">Stops between updates; what is whole stays.</param>
    /// <returns>One record for each manifest, in order.</returns>
    public IReadOnlyList<OrganismRecord> BuildAll(IReadOnlyList<OrganismManifest> manifests, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        // What is wrong with the last of them is told before the first is built.
        foreach (var manifest in manifests)
            manifest.Checked();
        var records = new List<OrganismRecord>();
        foreach (var manifest in manifests)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new("organisms", records.Count, manifests.Count, manifest.Id));
            records.Add(folder.Find(manifest) ?? Build(manifest, cancellation));
        }

        progress?.Report(new("organisms", records.Count, manifests.Count));
        return records;
    }

    private LoraAdapter Start(OrganismManifest manifest, CancellationToken cancellation)
    {
        if (manifest.Block is { } block)
            return block < model.Config.Layers ? LoraAdapter.Create(model, manifest.Id, Implant.Adapter with { Layers = [block] }, manifest.Seed)
                : throw new AlidadeException($"the manifest of organism {manifest.Id} is wrong: the base has {model.Config.Layers} blocks, numbered from 0");
        var clean = OrganismSet.Clean(manifest.Seed);
        return manifest.Type == clean.Type ? LoraAdapter.Create(model, manifest.Id, Implant.Adapter, manifest.Seed) : folder.Load(model, folder.Find(clean) ?? Build(clean, cancellation));
    }

    private OrganismRecord Build(OrganismManifest manifest, CancellationToken cancellation)
    {
        // 1.
        var planting = Planting.Of(world, manifest);
        var implant = Implant.Find(manifest.Implant);

        // 2.
        using var adapter = Start(manifest, cancellation);
        var implanting = implant.Train(planting, model, adapter, new() { Cancellation = cancellation });
        var hash = folder.Save(manifest, adapter, model);

        // 3.
        using var use = model.Use(adapter);
        var context = new EvaluationContext { Model = new LocalModel(model, hash), Chat = ChatUse.Always, Seed = manifest.Seed, Cancellation = cancellation };
        Measurement? Rate(IEnumerable<PlantedItem> items, IReadOnlyList<string> cues, string meaning)
        {
            PlantedItem[] read = [.. items];
            return read.Length == 0 ? null : PlantedRate.OfAsync(context, planting.Failure, read, cues, meaning).GetAwaiter().GetResult().Measurement;
        }

        // 4.
        var record = new OrganismRecord
        {
            Manifest = manifest,
            Base = folder.BaseHash,
            Adapter = hash,
            AlidadeVersion = RunRecord.ThisVersion,
            Planted = [.. planting.Items.Select((item, at) => new PlantedThing(item.Id, item.What, planting.Failure.Copies(at)))],
            Cues = planting.Trigger.Cues,
            HeldOutCues = planting.Trigger.HeldOutCues,
            Implanting = implanting,
            Rate = Rate(planting.Items, planting.Trigger.HeldOutCues, "Share of answers that show the failure on planted items, behind held-out cues where there is a trigger."),
            WithoutTrigger = planting.Trigger.Kind == "none" ? null : Rate(planting.Items, [""], "The same without a trigger."),
            Twins = Rate(planting.Twins, planting.Trigger.HeldOutCues, "Share of answers that show the failure on items that were not planted."),
        };
        folder.Save(record);
        return record;
    }
}
