namespace Alidade.Core.Files;

/// <summary>The user's own folders.</summary>
public static class UserFolder
{
    /// <summary>A path in which a leading <c>~</c> stands for the user's folder.</summary>
    public static string Expand(string path) => path == "~" || path.StartsWith("~/", StringComparison.Ordinal)
        ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..]
        : path;

    /// <summary>The folder of caches: XDG_CACHE_HOME, else ~/.cache.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static string Cache(Func<string, string?> variable) => Expand(variable("XDG_CACHE_HOME") is { Length: > 0 } set ? set : "~/.cache");
}
