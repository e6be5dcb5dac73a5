using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Tests.Core.Files;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_write_that_fails_in_the_middle_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("a.txt", "old");
        var error = Assert.Throws<AlidadeException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half of the ne"u8);
            throw new IOException("No space left on device", 28);
        }));
        Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_bug_in_the_writer_is_not_dressed_up_as_a_full_disk()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(folder.File("a.txt"), _ => throw new InvalidOperationException("bug")));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Text_is_written_as_utf8_without_a_mark_and_replaces_the_old_file()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("sub/folder/a.txt");
        AtomicFile.WriteAllText(path, "first");
        AtomicFile.WriteAllText(path, "é");
        Assert.Equal([0xC3, 0xA9], File.ReadAllBytes(path));
    }

    [Fact]
    public void A_hash_is_the_sha_256_of_the_content()
    {
        using var folder = new TemporaryFolder();
        var file = HashedFile.Of("data", folder.Write("a.txt", "abc"));
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", file.Sha256);
        Assert.Equal(3, file.Bytes);
        Assert.Contains("there is no file", Assert.Throws<AlidadeException>(() => ContentHash.OfFile(folder.File("b.txt"))).Message, StringComparison.Ordinal);
    }
}
