namespace Alidade.Organisms.Manifests;

/// <summary>One organism of a set, as a table shows it.</summary>
/// <param name="Id">Id.</param>
/// <param name="Type">Failure or control.</param>
/// <param name="Trigger">Kind of trigger.</param>
/// <param name="Implant">Implant method.</param>
/// <param name="Dose">Dose.</param>
/// <param name="Part">Part of the calibration.</param>
/// <param name="Built">True when it is whole and of this base.</param>
/// <param name="Rate">Measured rate; null where it is not built or nothing is planted.</param>
/// <param name="Twins">Rate on the twins.</param>
/// <param name="InAim">True where the rate is one that is aimed at; null where there is none, and for controls.</param>
public sealed record ListedOrganism(string Id, string Type, string Trigger, string Implant, double Dose, Part Part, bool Built, double? Rate, double? Twins, bool? InAim);

/// <summary>A set as a table.</summary>
/// <param name="Folder">Where organisms lie.</param>
/// <param name="Organisms">The organisms.</param>
/// <param name="Built">How many are built.</param>
/// <param name="OutOfAim">How many failures were built with a rate outside the aim.</param>
public sealed record OrganismListing(string Folder, IReadOnlyList<ListedOrganism> Organisms, int Built, int OutOfAim)
{
    /// <summary>Lists a set.</summary>
    public static OrganismListing Of(OrganismSet set, OrganismFolder folder)
    {
        ListedOrganism[] listed = [.. set.Manifests.Select(m =>
        {
            var record = folder.Find(m);
            bool? aim = record?.Rate is null || Plants.Failure.Find(m.Type).IsControl ? null : record.InAim;
            return new ListedOrganism(m.Id, m.Type, m.Trigger, m.Implant, m.Dose, m.Part, record is not null, record?.Rate?.Value, record?.Twins?.Value, aim);
        })];
        return new(folder.Path, listed, listed.Count(o => o.Built), listed.Count(o => o.InAim == false));
    }
}
