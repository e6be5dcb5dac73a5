namespace Alidade.Training.Trainers;

/// <summary>A member of an ensemble of reward models: members differ in the seed of their adapter, of their head and of the order of the rows.</summary>
/// <param name="Name">Its name, such as "member-1": also that of its folders.</param>
/// <param name="Seed">Its seed.</param>
public sealed record EnsembleMember(string Name, ulong Seed)
{
    /// <summary>The members of an ensemble: member i has the seed of the training and i.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed of the training.</param>
    public static IReadOnlyList<EnsembleMember> Of(int count, ulong seed) =>
        [.. Enumerable.Range(1, count).Select(i => new EnsembleMember(FormattableString.Invariant($"member-{i}"), seed + (ulong)i))];
}
