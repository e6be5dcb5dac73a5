namespace Alidade.Tests.Golden;

/// <summary>
/// The folder of reference numbers: the one that ALIDADE_GOLDEN names, else ../shared/golden beside the repository, else the small copy in Fixtures.
/// </summary>
internal static class GoldenFolder
{
    /// <summary>What the tests say where the full folder is absent.</summary>
    public const string Absent = "the golden folder is absent: set ALIDADE_GOLDEN to a folder laid out like shared/golden (only the copy in Fixtures was tested)";

    private static readonly string[] Wanted =
        (Environment.GetEnvironmentVariable("ALIDADE_GOLDEN_PATHS") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The repository's root, found upwards from the test assembly; null when the tests run elsewhere.</summary>
    public static string? Repository { get; } = Upwards(AppContext.BaseDirectory, "Alidade.slnx");

    /// <summary>True when <see cref="Root"/> is the full set, not the copy in Fixtures.</summary>
    public static bool Full { get; }

    /// <summary>The folder whose cases are run.</summary>
    public static string Root { get; }

    static GoldenFolder()
    {
        var named = Environment.GetEnvironmentVariable("ALIDADE_GOLDEN");
        var beside = Repository is null ? null : Path.GetFullPath(Path.Combine(Repository, "..", "shared", "golden"));
        if (!string.IsNullOrEmpty(named) && !Directory.Exists(named))
            throw new DirectoryNotFoundException($"ALIDADE_GOLDEN names '{named}', which is not a folder");
        Full = !string.IsNullOrEmpty(named) || Directory.Exists(beside);
        Root = !string.IsNullOrEmpty(named) ? Path.GetFullPath(named)
            : Directory.Exists(beside) ? beside
            : Path.Combine(AppContext.BaseDirectory, "Fixtures", "golden");
    }

    /// <summary>The folder of real models beside the golden folder; it may be absent.</summary>
    public static string Models => Path.GetFullPath(Path.Combine(Root, "..", "models"));

    /// <summary>The folder of benchmark data beside the golden folder; it may be absent.</summary>
    public static string Data => Path.GetFullPath(Path.Combine(Root, "..", "data"));

    /// <summary>The absolute path of a case such as <c>models/llama</c>.</summary>
    public static string PathOf(string casePath) => Path.Combine(Root, casePath.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>
    /// One theory row for each case that <paramref name="enumerate"/> finds and the person asked for. A case is a path below the golden folder with
    /// forward slashes (<c>models/llama</c>); a case inside a file carries its name behind a slash (<c>objectives/ranking/sigmoid/plain_sums</c>).
    /// </summary>
    public static IEnumerable<TheoryDataRow<string>> Rows(Func<IEnumerable<string>> enumerate)
    {
        foreach (var path in enumerate().Where(IsWanted))
            yield return new TheoryDataRow<string>(path);
        if (!Full)
            yield return new TheoryDataRow<string>("full set") { Skip = Absent };
    }

    /// <summary>The sub-folders of <paramref name="folder"/> (relative, forward slashes) that hold <paramref name="file"/>, in ordinal order.</summary>
    public static IEnumerable<string> FoldersWith(string folder, string file) =>
        Directory.Exists(PathOf(folder))
            ? Directory.EnumerateDirectories(PathOf(folder)).Where(d => File.Exists(Path.Combine(d, file))).Select(Relative).Order(StringComparer.Ordinal)
            : [];

    /// <summary>The files of <paramref name="folder"/> (relative, forward slashes) that match <paramref name="pattern"/>, in ordinal order.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ? Directory.EnumerateFiles(PathOf(folder), pattern).Select(Relative).Order(StringComparer.Ordinal)
            : [];

    /// <summary>The path below <see cref="Root"/>, with forward slashes.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/');

    private static bool IsWanted(string path) =>
        Wanted.Length == 0 || Wanted.Any(w => path == w || path.StartsWith(w.TrimEnd('/') + "/", StringComparison.Ordinal));

    private static string? Upwards(string from, string file)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, file)))
                return folder.FullName;
        return null;
    }
}
