using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;

namespace Alidade.Tests.Core.Data.Catalogue;

public sealed class DataHomeTests : IDisposable
{
    private const string Name = "gsm8k/test.jsonl";
    private readonly TemporaryFolder folder = new();

    private DataHome Home => new() { Folder = folder.Path };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_named_folder_goes_before_the_variable_and_that_before_the_cache()
    {
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Folder(string? named, params (string Name, string Value)[] variables) => DataHome.Of(named, n => variables.FirstOrDefault(v => v.Name == n).Value).Folder;
        Assert.Equal("here", Folder("here", ("ALIDADE_DATA", "/there"), ("XDG_CACHE_HOME", "/cache")));
        Assert.Equal("/there", Folder(null, ("ALIDADE_DATA", "/there"), ("XDG_CACHE_HOME", "/cache")));
        Assert.Equal(user + "/there", Folder(null, ("ALIDADE_DATA", "~/there")));
        Assert.Equal(Path.Combine("/cache", "alidade", "data"), Folder(null, ("ALIDADE_DATA", ""), ("XDG_CACHE_HOME", "/cache")));
        Assert.Equal(Path.Combine(user, ".cache", "alidade", "data"), Folder(null).Replace('/', Path.DirectorySeparatorChar));
    }

    [Fact]
    public void What_is_not_there_is_answered_with_the_command_that_fetches_it()
    {
        var missing = Assert.Throws<AlidadeException>(() => Home.Find(Name));
        Assert.Contains("run: alidade data pull gsm8k", missing.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, missing.Message, StringComparison.Ordinal);
        Assert.Equal(FileState.Absent, Home.StateOf(DataCatalogue.File(Name)));
    }

    [Fact]
    public void Another_content_is_an_error_with_both_hashes_unless_it_is_allowed()
    {
        var path = Write("""{"question":"1+1?","answer":"#### 2"}""");
        var changed = Assert.Throws<AlidadeException>(() => Home.Find(Name));
        Assert.Contains(ContentHash.OfFile(path), changed.Message, StringComparison.Ordinal);
        Assert.Contains(DataCatalogue.File(Name).Sha256, changed.Message, StringComparison.Ordinal);
        Assert.Equal(FileState.Changed, Home.StateOf(DataCatalogue.File(Name)));
        Assert.Equal(path, (Home with { AllowChanged = true }).Find(Name));
    }

    [Fact]
    public void A_hash_is_kept_while_size_and_time_stand_and_no_longer()
    {
        var path = Write("aaaa");
        string Told() => Assert.Throws<AlidadeException>(() => Home.Find(Name)).Message;
        var time = File.GetLastWriteTimeUtc(path);
        Assert.Contains(ContentHash.OfBytes("aaaa"u8), Told(), StringComparison.Ordinal);
        // Behind its back: only the hash that was kept can be told.
        Write("bbbb");
        File.SetLastWriteTimeUtc(path, time);
        Assert.Contains(ContentHash.OfBytes("aaaa"u8), Told(), StringComparison.Ordinal);
        File.SetLastWriteTimeUtc(path, time.AddSeconds(1));
        Assert.Contains(ContentHash.OfBytes("bbbb"u8), Told(), StringComparison.Ordinal);
    }

    private string Write(string text)
    {
        var path = Home.PathOf(DataCatalogue.File(Name));
        AtomicFile.WriteAllText(path, text);
        return path;
    }
}
