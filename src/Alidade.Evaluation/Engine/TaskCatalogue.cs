using Alidade.Core;
using Alidade.Evaluation.Tasks;

namespace Alidade.Evaluation.Engine;

/// <summary>The tasks that Alidade knows, and the suites that they make.</summary>
public static class TaskCatalogue
{
    /// <summary>The suite of everything, but for the definitions of lm-evaluation-harness, which ask the same data in another form.</summary>
    public const string Full = "full";

    /// <summary>The suite that takes a small model on two cores less than three minutes.</summary>
    public const string Quick = "quick";

    private static readonly Lazy<IReadOnlyList<KnownTask>> Known = new(() =>
        [.. typeof(TaskCatalogue).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(KnownTask)) && !t.IsAbstract && t.GetConstructor(Type.EmptyTypes) is not null)
            .Select(t => (KnownTask)Activator.CreateInstance(t)!).Concat(DeclaredKnownTask.All).OrderBy(t => t.Name, StringComparer.Ordinal)]);

    /// <summary>Every task, by name.</summary>
    public static IReadOnlyList<KnownTask> All => Known.Value;

    /// <summary>The suites: one for each heading, <see cref="Quick"/> and <see cref="Full"/>.</summary>
    public static IReadOnlyList<string> Suites => [.. All.Select(t => HeadingOf(t.Name)).Distinct(StringComparer.Ordinal), Quick, Full];

    /// <summary>The tasks of a suite.</summary>
    /// <exception cref="AlidadeException">There is no such suite; the message has the nearest.</exception>
    public static IReadOnlyList<KnownTask> Suite(string name) => name switch
    {
        Full => [.. All.Where(t => HeadingOf(t.Name) != TaskFiles.Heading)],
        Quick => [.. All.Where(t => t.QuickItems > 0)],
        _ => All.Where(t => HeadingOf(t.Name) == name).ToArray() is { Length: > 0 } tasks ? tasks
            : throw new AlidadeException($"there is no suite '{name}'; suites: {string.Join(", ", Suites)}{Suggest.Hint(name, Suites)}"),
    };

    /// <summary>The task of a name.</summary>
    /// <exception cref="AlidadeException">There is none; the message has the nearest.</exception>
    public static KnownTask Find(string name) => All.FirstOrDefault(t => t.Name == name) ?? throw Unknown(name);

    private static AlidadeException Unknown(string name) => new(
        UsedTask.Names.Contains(name) ? $"'{name}' has no data of its own: name yours in a task file (use: {name}, data: rows.jsonl) and give that file"
        : $"there is no task '{name}'{(Suggest.Nearest(name, All.Select(t => t.Name)) is { } nearest ? $" (did you mean '{nearest}'?)" : "")}; 'alidade evaluate --list' shows all");

    private static string HeadingOf(string name) => name.Split('.', 2)[0];
}
