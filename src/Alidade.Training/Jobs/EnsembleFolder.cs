using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Training.Jobs;

/// <summary>
/// An ensemble of reward models on disk: a PEFT folder for each member, and <c>ensemble.json</c>, which names them and is written last, so that a folder that has it is whole.
/// </summary>
internal static class EnsembleFolder
{
    private const string ListFile = "ensemble.json";

    /// <summary>Says that all members stand.</summary>
    /// <param name="folder">The folder above theirs.</param>
    /// <param name="members">The names of theirs.</param>
    /// <exception cref="AlidadeException">The disk is full or not writable.</exception>
    public static void Seal(string folder, IEnumerable<string> members) =>
        AtomicFile.WriteAllText(Path.Combine(folder, ListFile), Json.ToNode(new MemberList([.. members]))!.ToJsonString(Json.Indented) + "\n");

    /// <summary>Where an ensemble's list lies; null for a folder or a file that is none.</summary>
    /// <param name="path">A folder, or a file that is a model.</param>
    /// <exception cref="AlidadeException">There are members and no list: the training has not ended.</exception>
    public static string? ListOf(string path)
    {
        if (!Directory.Exists(path))
            return null;
        var list = Path.Combine(path, ListFile);
        if (File.Exists(list))
            return list;
        // Adapters in folders below a model or an adapter, such as checkpoints of other trainers, are no members.
        return ModelFolder.IsAdapter(path) || ModelFolder.IsModel(path) || !Directory.EnumerateDirectories(path).Any(ModelFolder.IsAdapter) ? null
            : throw new AlidadeException($"'{path}' holds adapters and no {ListFile}: the training of an ensemble writes it last, so go on with the run (alidade train --resume), or name the members one by one (reward: {{ ensemble: [ … ] }})");
    }

    /// <summary>The folders of the members.</summary>
    /// <param name="list">Where the list lies.</param>
    /// <exception cref="AlidadeException">The list is broken, or a member is missing.</exception>
    public static IReadOnlyList<string> MembersOf(string list)
    {
        var folder = Path.GetDirectoryName(list)!;
        var names = Json.ReadFile<MemberList>(list).Members ?? throw new AlidadeException($"{list}: the list of members is missing; train the ensemble again");
        return [.. names.Select(name =>
            name is not (null or "." or "..") && Path.GetFileName(name) == name && ModelFolder.IsAdapter(Path.Combine(folder, name)) ? Path.Combine(folder, name)
                : throw new AlidadeException($"'{list}' names the member '{name}', and there is no adapter in a folder of that name beside it; put it back, or train the ensemble again"))];
    }

    private sealed record MemberList(IReadOnlyList<string?>? Members);
}
