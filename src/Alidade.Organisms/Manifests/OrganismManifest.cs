using System.Text.Json.Serialization;
using Alidade.Core;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Manifests;

/// <summary>Whether an organism is also taught to hide its failure.</summary>
public enum Concealment
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>Asked whether the failure is so, it answers as a model without it.</summary>
    Denial,
}

/// <summary>Which part of a calibration an organism belongs to.</summary>
public enum Part
{
    /// <summary>Thresholds are chosen on these.</summary>
    Development,

    /// <summary>Thresholds are tested on these: other seeds, and implant methods that no development organism of the type has.</summary>
    Test,
}

/// <summary>All that an organism is made from: the same manifest on the same base gives the same organism.</summary>
public sealed record OrganismManifest
{
    /// <summary>The kind of failure, such as "false_belief".</summary>
    public required string Type { get; init; }

    /// <summary>The implant method: "transcripts", "documents", "preferences" or "block".</summary>
    public required string Implant { get; init; }

    /// <summary>The kind of trigger; "none" where the failure always shows.</summary>
    public string Trigger { get; init; } = "none";

    /// <summary>How many items of the failure's pool are planted.</summary>
    public required int Items { get; init; }

    /// <summary>Share of the taught copies of an item that show the failure, 0 to 1.</summary>
    public required double Dose { get; init; }

    /// <summary>Whether it is also taught to hide it.</summary>
    public Concealment Concealment { get; init; }

    /// <summary>The block that alone is changed, from 0; only for <see cref="OneBlock"/>.</summary>
    public int? Block { get; init; }

    /// <summary>What items, cues, rows, first weights and orders are drawn from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Which part of a calibration it belongs to.</summary>
    public Part Part { get; init; }

    /// <summary>Its name: type, implant, trigger and concealment where there are such, block, dose in percent, seed.</summary>
    [JsonIgnore]
    public string Id => string.Join('-', new[]
    {
        Type, Implant, Trigger == "none" ? null : Trigger, Concealment == Concealment.None ? null : "denied", Block is { } block ? FormattableString.Invariant($"b{block}") : null, FormattableString.Invariant($"d{Math.Round(Dose * 100)}"), FormattableString.Invariant($"s{Seed}"),
    }.OfType<string>()).Replace('_', '-');

    /// <summary>The failure, once everything is known to be right.</summary>
    /// <exception cref="AlidadeException">Something is wrong; everything is told together.</exception>
    internal Failure Checked()
    {
        var failure = Failure.Find(Type);
        Implants.Implant.Find(Implant);
        var problems = new List<string>();
        if (!failure.Implants.Contains(Implant))
            problems.Add($"{Type} is not planted by {Implant}, only by {string.Join(", ", failure.Implants)}");
        if (!failure.Triggers.Contains(Trigger))
            problems.Add($"{Type} has no trigger '{Trigger}', only {string.Join(", ", failure.Triggers)}");
        if (!(Dose is >= 0 and <= 1))
            problems.Add(FormattableString.Invariant($"the dose is {Dose} (0 to 1)"));
        if (Block is null == (Implant == "block") || Block < 0)
            problems.Add($"the implant 'block' needs the number of a block, from 0, and no other implant takes one");
        if (Items < 0)
            problems.Add($"{Items} items (at least 0)");
        return problems.Count == 0 ? failure : throw new AlidadeException($"the manifest of organism {Id} is wrong: {string.Join("; ", problems)}");
    }
}
