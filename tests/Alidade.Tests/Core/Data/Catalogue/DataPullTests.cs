using System.Text;
using Alidade.Core;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Files;

namespace Alidade.Tests.Core.Data.Catalogue;

/// <summary>Pulling published files from a server on loopback that is laid out as GitHub's files are.</summary>
public sealed class DataPullTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private static readonly byte[] Large = [.. Enumerable.Range(0, 400_000).Select(i => (byte)(i * 7))];
    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, byte[]> contents = new(StringComparer.Ordinal)
    {
        [$"/owner/name/{Commit}/raw/small%20%231.jsonl"] = "{\"q\":1}\n"u8.ToArray(),
        [$"/owner/name/{Commit}/large.csv"] = Large,
    };

    private readonly PublishedSet set = new()
    {
        Name = "some",
        Area = DataArea.General,
        Description = "Some.",
        Offensive = false,
        Files = [Published("some/deep/small.jsonl", "raw/small #1.jsonl", "{\"q\":1}\n"u8.ToArray()), Published("some/large.csv", "large.csv", Large)],
    };

    private readonly LoopbackServer server;

    public DataPullTests() => server = new() { Content = path => contents.GetValueOrDefault(path) };

    private DataHome Home => new() { Folder = folder.File("data") };

    private DataSource Source => new() { Endpoint = server.Address, Tries = 3, FirstWait = TimeSpan.FromMilliseconds(1), Silence = TimeSpan.FromSeconds(10) };

    public void Dispose()
    {
        server.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Pulled_files_stand_under_their_names_and_are_not_fetched_again()
    {
        var pulled = await Pull();
        Assert.All(pulled.Files, f => Assert.True(f.Fetched));
        Assert.Equal(set.Bytes, pulled.FetchedBytes);
        Assert.All(set.Files, f => Assert.Equal(FileState.Present, Home.StateOf(f)));
        Assert.Equal(set.Files.Select(Home.PathOf), Directory.EnumerateFiles(Home.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        server.Requests.Clear();
        Assert.Equal(0, (await Pull()).FetchedBytes);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_cut_connection_and_a_killed_pull_are_gone_on_with()
    {
        var large = Home.PathOf(set.Files[1]);
        AtomicFile.WriteAllBytes(large + ".incomplete", Large.AsMemory(0, 100_000));
        var cuts = 0;
        server.Trouble = context =>
        {
            if (context.Request.Headers["Range"] != "bytes=100000-" || cuts++ > 0)
                return false;
            context.Response.StatusCode = 206;
            context.Response.AddHeader("Content-Range", $"bytes 100000-{Large.Length - 1}/{Large.Length}");
            LoopbackServer.Cut(context, Large[100_000..], 50_000);
            return true;
        };
        await Pull();
        var ranges = server.Requests.Where(r => r.Path.EndsWith("large.csv", StringComparison.Ordinal)).Select(r => r.Range!).ToList();
        Assert.Equal(2, ranges.Count);
        Assert.True(int.Parse(ranges[1]["bytes=".Length..^1]) > 100_000);
        Assert.Equal(Large, File.ReadAllBytes(large));
    }

    [Fact]
    public async Task Another_content_than_was_published_never_stands_under_the_name()
    {
        contents[$"/owner/name/{Commit}/large.csv"] = [.. Large[..^1], 9];
        await Refused("some/large.csv", "another content", set.Files[1].Sha256);
        Assert.Equal(FileState.Absent, Home.StateOf(set.Files[1]));
    }

    [Fact]
    public async Task A_pointer_of_Git_LFS_is_told_as_one()
    {
        contents[$"/owner/name/{Commit}/large.csv"] = Encoding.ASCII.GetBytes($"version https://git-lfs.github.com/spec/v1\noid sha256:{set.Files[1].Sha256}\nsize 400000\n");
        await Refused("some/large.csv", "Git LFS", "pointer");
        Assert.Single(server.Requests, r => r.Path.EndsWith("large.csv", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(404, 1, "404", "large.csv", "ALIDADE_DATA_ENDPOINT")]
    [InlineData(403, 1, "403", "large.csv")]
    [InlineData(500, 3, "500", "tried 3 times")]
    public async Task An_answer_that_is_no_file_is_told_and_asked_again_only_where_it_may_pass(int status, int requests, params string[] says)
    {
        server.Trouble = context => context.Request.RawUrl!.EndsWith("large.csv", StringComparison.Ordinal) && LoopbackServer.Answer(context, status, "<html>");
        await Refused(says);
        Assert.Equal(requests, server.Requests.Count(r => r.Path.EndsWith("large.csv", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_file_of_the_users_own_is_not_written_over()
    {
        AtomicFile.WriteAllText(Home.PathOf(set.Files[1]), "mine");
        await Refused("large.csv", "another content", "move it away");
        Assert.Equal("mine", File.ReadAllText(Home.PathOf(set.Files[1])));
        Assert.Empty(server.Requests);
    }

    private static PublishedFile Published(string name, string path, byte[] content) => new()
    {
        Name = name,
        Rows = 1,
        Bytes = content.Length,
        Sha256 = ContentHash.OfBytes(content),
        Repository = "owner/name",
        Commit = Commit,
        SourcePath = path,
        Licence = "MIT",
    };

    private Task<PulledData> Pull() => DataPull.PullAsync([set], Home, Source, cancellation: TestContext.Current.CancellationToken);

    private async Task Refused(params string[] says)
    {
        var refusal = await Assert.ThrowsAsync<AlidadeException>(Pull);
        Assert.All(says, s => Assert.Contains(s, refusal.Message, StringComparison.Ordinal));
    }
}
