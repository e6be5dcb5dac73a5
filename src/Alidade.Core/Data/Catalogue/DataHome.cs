using System.Collections.Concurrent;
using Alidade.Core.Files;

namespace Alidade.Core.Data.Catalogue;

/// <summary>How a published file stands in a data folder.</summary>
public enum FileState
{
    /// <summary>It is not there.</summary>
    Absent,

    /// <summary>It is there with another content than was published.</summary>
    Changed,

    /// <summary>It is there as published.</summary>
    Present,
}

/// <summary>A folder of published files, each under its name in the catalogue.</summary>
public sealed record DataHome
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "ALIDADE_DATA";

    private static readonly ConcurrentDictionary<(string Path, long Bytes, DateTime Written), string> Hashes = new();

    /// <summary>The folder; it need not exist.</summary>
    public required string Folder { get; init; }

    /// <summary>True to take a file whose content is not what was published. The file's own hash stands in whatever is recorded of it.</summary>
    public bool AllowChanged { get; init; }

    /// <summary>The folder that is named, else the one that ALIDADE_DATA names, else <c>alidade/data</c> in XDG_CACHE_HOME, else in ~/.cache.</summary>
    /// <param name="named">What the user named (<c>--data</c>); null for nothing.</param>
    public static DataHome Of(string? named = null) => Of(named, Environment.GetEnvironmentVariable);

    internal static DataHome Of(string? named, Func<string, string?> variable) => new()
    {
        Folder = !string.IsNullOrEmpty(named) ? named
            : variable(Variable) is { Length: > 0 } set ? UserFolder.Expand(set)
            : Path.Combine(UserFolder.Cache(variable), "alidade", "data"),
    };

    /// <summary>The path of a published file that is there.</summary>
    /// <param name="name">Its name in the catalogue, such as <c>truthfulqa/original-817/TruthfulQA.csv</c>.</param>
    /// <exception cref="AlidadeException">The catalogue has no such file; the file is not there; or its content is not what was published.</exception>
    public string Find(string name)
    {
        var file = DataCatalogue.File(name);
        var path = PathOf(file);
        if (!File.Exists(path))
            throw new AlidadeException($"'{name}' is not in the data folder '{Folder}'; run: alidade data pull {file.Set} (or name another folder with --data or {Variable})");
        if (!AllowChanged && HashOf(path) is var hash && hash != file.Sha256)
            throw new AlidadeException($"'{path}' has another content than was published: its SHA-256 is {hash}, the catalogue's {file.Sha256}; move it away and run: alidade data pull {file.Set}");
        return path;
    }

    /// <summary>Where a published file lies when it is there.</summary>
    public string PathOf(PublishedFile file) => Path.Combine([Folder, .. file.Name.Split('/')]);

    /// <summary>Whether a published file is there and unchanged.</summary>
    /// <exception cref="AlidadeException">It cannot be read.</exception>
    public FileState StateOf(PublishedFile file)
    {
        var path = PathOf(file);
        return !File.Exists(path) ? FileState.Absent : HashOf(path) == file.Sha256 ? FileState.Present : FileState.Changed;
    }

    // Of a file that has kept its size and its time the hash is known.
    private static string HashOf(string path)
    {
        using var stream = InputFile.Open(path);
        return Hashes.GetOrAdd((Path.GetFullPath(path), stream.Length, File.GetLastWriteTimeUtc(stream.SafeFileHandle)), static key => ContentHash.OfFile(key.Path));
    }
}
