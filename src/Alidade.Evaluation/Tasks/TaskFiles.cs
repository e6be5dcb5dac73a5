using System.Reflection;
using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Evaluation.Tasks.Metrics;

namespace Alidade.Evaluation.Tasks;

/// <summary>A task file with everything that it includes.</summary>
/// <param name="Path">The file; the name of one that Alidade brings.</param>
/// <param name="File">Its keys.</param>
/// <param name="Files">Paths of the file and of those it includes, without the ones that Alidade brings.</param>
public sealed record LoadedTaskFile(string Path, TaskFile File, IReadOnlyList<string> Files)
{
    /// <summary>Name of the measure.</summary>
    public string Name => File.Name ?? (TaskFiles.IsFile(Path) ? "own." + System.IO.Path.GetFileNameWithoutExtension(Path) : $"{TaskFiles.Heading}.{Path}");

    /// <summary>Name for readers of lm-evaluation-harness's files.</summary>
    public string Harness => File.Harness ?? Name[(Name.LastIndexOf('.') + 1)..];

    /// <summary>Reads its data.</summary>
    /// <param name="find">Where a published file lies, by its name in the catalogue.</param>
    /// <returns>The task, and the paths of its data.</returns>
    /// <exception cref="AlidadeException">The data cannot be read, or do not fit the task.</exception>
    public (Engine.IEvaluationTask Task, IReadOnlyList<string> Files) Open(Func<string, string> find) => File.Use is not null
        ? UsedTask.Open(this, name => DeclaredTask.PathOf(this, name, find))
        : (DeclaredTask.Open(this, find), [.. DeclaredTask.PathsOf(this, find)]);
}

/// <summary>Reads task files, and knows those that Alidade brings.</summary>
public static class TaskFiles
{
    /// <summary>First part of the names of the tasks that Alidade brings as files: the definitions of lm-evaluation-harness.</summary>
    public const string Heading = "harness";

    private const string Resources = "Alidade.Evaluation.Tasks.";
    private const string Extension = ".yaml";

    /// <summary>Names of the task files that Alidade brings: definitions of lm-evaluation-harness, to run or to include.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(n => n.StartsWith(Resources, StringComparison.Ordinal) && n.EndsWith(Extension, StringComparison.Ordinal))
        .Select(n => n[Resources.Length..^Extension.Length]).Order(StringComparer.Ordinal)];

    /// <summary>True when a task is named by its file.</summary>
    public static bool IsFile(string name) => name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) || name.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a file and what it includes.</summary>
    /// <param name="path">The file, or the name of one that Alidade brings.</param>
    /// <exception cref="AlidadeException">A file is absent, includes itself, or says something that cannot be.</exception>
    public static LoadedTaskFile Read(string path)
    {
        var chain = new List<string>();
        var loaded = new LoadedTaskFile(path, Load(path, chain), [.. chain.Where(IsFile)]);
        Check(loaded);
        return loaded;
    }

    private static TaskFile Load(string path, List<string> chain)
    {
        var known = IsFile(path) ? Path.GetFullPath(path) : path;
        if (chain.Any(c => (IsFile(c) ? Path.GetFullPath(c) : c) == known))
            throw new AlidadeException($"{chain[^1]}: includes '{path}', which includes it: {string.Join(" → ", [.. chain, path])}");
        if (chain.Count > 0 && IsFile(path) && !System.IO.File.Exists(path))
            throw new AlidadeException($"{chain[^1]}: includes '{path}', and there is no file of that name");
        var yaml = IsFile(path) ? Recipe.ReadText(path) : ReadBuiltIn(path, chain);
        chain.Add(path);
        // Read for its own mistakes first: what it includes may stand in any folder.
        var own = Recipe.Parse<TaskFile>(yaml, path);
        if (own.Include is not { } include)
            return own;
        var basis = Load(IsFile(include) && IsFile(path) ? Path.Combine(Path.GetDirectoryName(path) ?? "", include) : include, chain);
        return Recipe.Parse(yaml, path, basis);
    }

    private static string ReadBuiltIn(string name, List<string> chain)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resources + name + Extension);
        if (stream is null)
            throw new AlidadeException($"{(chain.Count > 0 ? chain[^1] + ": " : "")}includes '{name}', which is no file (.yaml) and no task file that Alidade brings{Suggest.Hint(name, BuiltIn)}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static void Check(LoadedTaskFile loaded)
    {
        var (path, file, _) = loaded;
        void Need(bool holds, string what)
        {
            if (!holds)
                throw new AlidadeException($"{path}: {what}");
        }

        if (file.Use is not null)
            return;
        Need(file.Options is null, "'options' belong to a task that is used; name it with 'use'");
        Need(file.Kind != TaskKind.MultipleChoice || file.Choices.Count > 0 != file.Contexts.Count > 0, "a multiple_choice task needs 'choices', or 'contexts' and a 'continuation', one of the two");
        Need(file.Contexts.Count == 0 || file.Continuation is not null, "'contexts' need a 'continuation' that follows each of them");
        Need(file.Kind is TaskKind.MultipleChoice || file.Contexts.Count == 0, "'contexts' belong to a multiple_choice task");
        Need(file.Kind is not (TaskKind.Loglikelihood) || file.Answer is not null, "a loglikelihood task needs an 'answer' to score");
        Need(file.Kind != TaskKind.Rolling || file.Prompt.Length > 0, "a rolling task needs a 'prompt', the text to score");
        Need(file.Examples.Count >= 0 && file.Generate.MaxNewTokens >= 1 && file.Generate.Samples >= 1, "counts of examples are at least 0, of new tokens and samples at least 1");
        Need(file.Filters.Select(f => f.Name).Distinct(StringComparer.Ordinal).Count() == file.Filters.Count, "two chains of filters have one name");
        Need(file.Prepare is null || Preparations.Names.Contains(file.Prepare), $"there is no preparation '{file.Prepare}'{Suggest.Hint(file.Prepare ?? "", Preparations.Names)}");
        try
        {
            _ = new TaskTexts(file);
            _ = MetricTable.Of(file);
            _ = FilterTable.Of(file);
        }
        catch (AlidadeException exception)
        {
            throw new AlidadeException($"{path}: {exception.Message}", exception);
        }
    }
}
