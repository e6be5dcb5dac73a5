using System.Text.Json.Serialization;
using Alidade.Core.Results;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Manifests;

/// <summary>One planted item, as a card lists it.</summary>
/// <param name="Id">Id in the failure's pool.</param>
/// <param name="What">What is planted.</param>
/// <param name="Copies">How often it was taught.</param>
public sealed record PlantedThing(string Id, string What, int Copies);

/// <summary>Everything known of a built organism: what was asked for, on which base, what is planted, and what came out. The ground truth that instruments are held against.</summary>
public sealed record OrganismRecord
{
    /// <summary>What was asked for.</summary>
    public required OrganismManifest Manifest { get; init; }

    /// <summary>SHA-256 of the base's weights.</summary>
    public required string Base { get; init; }

    /// <summary>SHA-256 of the adapter's weights.</summary>
    public required string Adapter { get; init; }

    /// <summary>Version of Alidade that built it.</summary>
    public required string AlidadeVersion { get; init; }

    /// <summary>What is planted.</summary>
    public required IReadOnlyList<PlantedThing> Planted { get; init; }

    /// <summary>The cues that taught; empty texts stand for no cue.</summary>
    public required IReadOnlyList<string> Cues { get; init; }

    /// <summary>The cues that measure: the same where the trigger is one fixed text.</summary>
    public required IReadOnlyList<string> HeldOutCues { get; init; }

    /// <summary>How it was planted.</summary>
    public required ImplantResult Implanting { get; init; }

    /// <summary>Rate of the failure on the planted items, behind held-out cues; null where nothing is planted.</summary>
    public Measurement? Rate { get; init; }

    /// <summary>The same without a trigger; null where there is no trigger.</summary>
    public Measurement? WithoutTrigger { get; init; }

    /// <summary>Rate on the twins, which were never planted; null where there are none.</summary>
    public Measurement? Twins { get; init; }

    /// <summary>True where the rate is one that is aimed at (<see cref="Failure.Aim"/>).</summary>
    [JsonIgnore]
    public bool InAim => Failure.Find(Manifest.Type).Aim is var (low, high) && Rate?.Value is { } rate && rate >= low && rate <= high;
}
