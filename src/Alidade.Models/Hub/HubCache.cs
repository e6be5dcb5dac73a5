using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Models.Hub;

/// <summary>
/// One model in the hub's cache, in the layout of huggingface_hub, which shares it: contents under their hash in <c>blobs</c>, a folder of links to them for
/// each commit in <c>snapshots</c>, and the commit of each branch in <c>refs</c>.
/// </summary>
internal sealed class HubCache(string cacheFolder, HubModelId id)
{
    /// <summary><c>models--ORG--NAME</c>.</summary>
    public string Folder { get; } = Path.Combine(cacheFolder, $"models--{id.Organisation}--{id.Name}");

    /// <summary>Where a content lies, complete.</summary>
    public string Blob(string hash) => Path.Combine(Folder, "blobs", hash);

    /// <summary>The folder of a commit.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>A file of a commit.</summary>
    public string FileOf(string commit, string name) => Path.Combine(Snapshot(commit), name.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The commit that a revision stood at when it was last pulled; null when it was not.</summary>
    public string? CommitOf(string revision)
    {
        var reference = Path.Combine(Folder, "refs", revision);
        var commit = File.Exists(reference) ? File.ReadAllText(reference).Trim() : revision;
        return IsCommit(commit) && Directory.Exists(Snapshot(commit)) ? commit : null;
    }

    /// <summary>Remembers the commit of a branch or tag.</summary>
    public void Remember(string revision, string commit)
    {
        if (revision != commit)
            AtomicFile.WriteAllText(Path.Combine(Folder, "refs", revision), commit);
    }

    /// <summary>
    /// Puts a content into a commit's folder: a relative link, or a copy where the system allows no links. A link that is right stays, for a model may be loading
    /// through it; another one is replaced and never written through.
    /// </summary>
    /// <exception cref="AlidadeException">The disk is full or the folder cannot be written.</exception>
    public void Link(string commit, string name, string hash)
    {
        var path = FileOf(commit, name);
        var target = Path.GetRelativePath(Path.GetDirectoryName(path)!, Blob(hash));
        if (new FileInfo(path).LinkTarget == target)
            return;
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            LinkOrCopy(temporary, target, Blob(hash));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(path, exception);
        }
    }

    private static void LinkOrCopy(string path, string target, string blob)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(blob, path);
        }
    }

    /// <summary>Forty hexadecimal digits.</summary>
    public static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);
}
