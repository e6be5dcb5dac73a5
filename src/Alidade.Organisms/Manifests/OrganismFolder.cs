using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Models.Adapters;

namespace Alidade.Organisms.Manifests;

/// <summary>
/// A folder of organisms: each in a folder of its id, an adapter in PEFT's form with <c>organism.json</c>, which is written last, so that an organism without it is not whole and is built anew.
/// A few ship with Alidade, and are taken from there where the folder has them not.
/// </summary>
/// <param name="path">The folder; it need not exist.</param>
/// <param name="baseHash">SHA-256 of the base's weights: organisms of another base are not taken for built.</param>
public sealed class OrganismFolder(string path, string baseHash)
{
    private const string RecordFile = "organism.json";
    private const string WeightsFile = "adapter_model.safetensors";

    /// <summary>A folder of organisms on the base that ships.</summary>
    public static OrganismFolder OnShippedBase(string path) => new(path, ContentHash.OfFile(System.IO.Path.Combine(Base.BaseModel.Shipped, "model.safetensors")));

    /// <summary>Where those lie that ship with Alidade.</summary>
    public static string Shipped => System.IO.Path.Combine(AppContext.BaseDirectory, "Organisms");

    /// <summary>The folder.</summary>
    public string Path => path;

    /// <summary>SHA-256 of the base's weights.</summary>
    public string BaseHash => baseHash;

    /// <summary>Where an organism lies, or will lie when it is built.</summary>
    public string PathOf(OrganismManifest manifest) =>
        System.IO.Path.Combine(FindIn(path, manifest) is null && FindIn(Shipped, manifest) is not null ? Shipped : path, manifest.Id);

    /// <summary>The record of an organism that is whole, of this manifest and on this base; null otherwise.</summary>
    /// <exception cref="AlidadeException">Its record cannot be read.</exception>
    public OrganismRecord? Find(OrganismManifest manifest) => FindIn(path, manifest) ?? FindIn(Shipped, manifest);

    private OrganismRecord? FindIn(string root, OrganismManifest manifest)
    {
        var file = System.IO.Path.Combine(root, manifest.Id, RecordFile);
        if (!File.Exists(file))
            return null;
        var record = Json.ReadFile<OrganismRecord>(file);
        return record.Manifest with { Part = manifest.Part } == manifest && record.Base == baseHash ? record : null;
    }

    /// <summary>The adapter of an organism.</summary>
    /// <param name="model">The base.</param>
    /// <param name="record">The organism.</param>
    /// <exception cref="AlidadeException">The adapter is not the one that the record tells of.</exception>
    public LoraAdapter Load(CausalLM model, OrganismRecord record)
    {
        var folder = PathOf(record.Manifest);
        if (ContentHash.OfFile(System.IO.Path.Combine(folder, WeightsFile)) != record.Adapter)
            throw new AlidadeException($"{folder}: the adapter is not the one that {RecordFile} tells of; delete the folder to build it anew");
        return PeftFolder.Load(model, folder);
    }

    /// <summary>Writes the adapter, and returns the hash of its weights.</summary>
    internal string Save(OrganismManifest manifest, LoraAdapter adapter, CausalLM model)
    {
        var folder = PathOf(manifest);
        Directory.CreateDirectory(folder);
        // A record of an earlier build must not stand beside new weights.
        File.Delete(System.IO.Path.Combine(folder, RecordFile));
        PeftFolder.Save(adapter, model, folder);
        return ContentHash.OfFile(System.IO.Path.Combine(folder, WeightsFile));
    }

    /// <summary>Writes the record, after which the organism is whole.</summary>
    internal void Save(OrganismRecord record) =>
        AtomicFile.WriteAllText(System.IO.Path.Combine(PathOf(record.Manifest), RecordFile), JsonSerializer.Serialize(record, Json.Indented) + "\n");
}
