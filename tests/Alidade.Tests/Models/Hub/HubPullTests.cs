using System.Text;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Hub;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;

namespace Alidade.Tests.Models.Hub;

/// <summary>Pulling from a hub on loopback: the cache's layout, resuming, checking, refusals, and who is shown the token.</summary>
public sealed class HubPullTests : IDisposable
{
    private const string Token = "hf_notARealTokenOfAnybody";
    private static readonly HubModelId Id = HubModelId.Parse("org/name");
    private static readonly byte[] Weights = [.. Enumerable.Range(0, 400_000).Select(i => (byte)(i * 7))];
    private readonly TemporaryFolder folder = new();
    private readonly FakeHub hub = new();

    private string Cache => folder.File("hub");

    private string ModelFolder => Path.Combine(Cache, "models--org--name");

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task A_pulled_model_lies_in_the_hubs_own_layout_and_is_found_by_its_name()
    {
        var source = TinyModel.Write(folder.File("source"));
        foreach (var file in Directory.EnumerateFiles(source))
            hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        hub.Files["pytorch_model.bin"] = [1];
        hub.Files["onnx/model.onnx"] = [1];
        hub.Files["README.md"] = Encoding.UTF8.GetBytes("---\nlicense: mit\n---\n");
        hub.Files[".gitattributes"] = [1];
        var pulled = await Pull();
        Assert.Equal(["onnx/model.onnx", "pytorch_model.bin"], pulled.LeftOut.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.Equal(hub.Files.Keys.Except(["onnx/model.onnx", "pytorch_model.bin", ".gitattributes"]).Order(), pulled.Files.Select(f => f.Name).Order());
        Assert.All(pulled.Files, f => Assert.True(f.Fetched));
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(ModelFolder, "refs", "main")));
        foreach (var file in pulled.Files)
        {
            var link = new FileInfo(Path.Combine(ModelFolder, "snapshots", FakeHub.Commit, file.Name));
            Assert.Equal("../../blobs/" + FakeHub.HashOf(file.Name, hub.Files[file.Name]), link.LinkTarget);
            Assert.Equal(hub.Files[file.Name], File.ReadAllBytes(link.FullName));
        }

        Assert.Empty(Directory.EnumerateFiles(Path.Combine(ModelFolder, "blobs"), "*.incomplete"));
        var found = ModelLocation.Resolve("org/name", () => hub.Options(Cache));
        Assert.Equal(pulled.Folder, found);
        Assert.Equal(found, ModelLocation.Resolve($"org/name@{FakeHub.Commit}", () => hub.Options(Cache)));
        using var model = CausalLM.Load(found);
        Assert.True(model.HasTokenizer);

        // What is there is not fetched again, and needs no network; its links stay, for a model may be loading through them.
        hub.Requests.Clear();
        DateTime[] Links() => [.. pulled.Files.Select(f => new FileInfo(Path.Combine(pulled.Folder, f.Name)).CreationTimeUtc)];
        var links = Links();
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.All((await Pull()).Files, f => Assert.False(f.Fetched));
        Assert.Single(hub.Requests);
        Assert.Equal(links, Links());
        var offline = await HubPull.PullAsync(Id, [], hub.Options(Cache) with { Offline = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(pulled.Files.Select(f => f.Name).Order(), offline.Files.Select(f => f.Name).Order());
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task A_cut_connection_is_gone_on_with_where_it_broke()
    {
        Simple();
        var cuts = 0;
        hub.Trouble = context =>
        {
            if (!context.Request.RawUrl!.EndsWith("model.safetensors", StringComparison.Ordinal) || cuts++ > 0)
                return false;
            FakeHub.Cut(context, Weights, 150_000);
            return true;
        };
        await Pull();
        var ranges = hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Select(r => r.Range).ToList();
        Assert.Equal(2, ranges.Count);
        Assert.Null(ranges[0]);
        Assert.Matches("^bytes=[1-9][0-9]*-$", ranges[1]);
        Assert.Equal(Weights, File.ReadAllBytes(ModelLocation.Resolve("org/name", () => hub.Options(Cache)) + "/model.safetensors"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_killed_pull_left_is_used_only_where_it_is_right(bool right)
    {
        Simple();
        var part = Part(Weights[..100_000]);
        if (!right)
            File.WriteAllBytes(part, [.. Enumerable.Repeat((byte)9, 100_000)]);
        await Pull();
        var ranges = hub.Requests.Where(r => r.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Select(r => r.Range);
        Assert.Equal(right ? ["bytes=100000-"] : ["bytes=100000-", null], ranges);
        Assert.Equal(Weights, File.ReadAllBytes(part.Replace(".incomplete", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_sends_the_file_again()
    {
        Simple();
        Part(Weights[..100_000]);
        hub.Trouble = context =>
        {
            context.Request.Headers.Remove("Range");
            return false;
        };
        await Pull();
        Assert.Equal(Weights, File.ReadAllBytes(ModelLocation.Resolve("org/name", () => hub.Options(Cache)) + "/model.safetensors"));
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("config.json")]
    public async Task Another_content_than_the_hub_lists_is_refused_and_not_kept(string name)
    {
        Simple();
        hub.Trouble = context =>
        {
            if (!context.Request.RawUrl!.EndsWith(name, StringComparison.Ordinal))
                return false;
            var other = hub.Files[name].ToArray();
            other[^1] ^= 1;
            context.Response.ContentLength64 = other.Length;
            context.Response.OutputStream.Write(other);
            context.Response.Close();
            return true;
        };
        await Refused(name, "another content", FakeHub.HashOf(name, hub.Files[name]));
        Assert.False(File.Exists(Path.Combine(ModelFolder, "refs", "main")));
        Assert.False(File.Exists(Path.Combine(ModelFolder, "blobs", FakeHub.HashOf(name, hub.Files[name]))));
        Assert.All(Directory.EnumerateFiles(Path.Combine(ModelFolder, "blobs"), FakeHub.HashOf(name, hub.Files[name]) + "*"), f => Assert.Equal(0, new FileInfo(f).Length));
    }

    [Theory]
    [InlineData(401, "RepoNotFound", null, "HF_TOKEN", "does not exist", "did you mean 'org/names'?")]
    [InlineData(401, "GatedRepo", null, "accept them at", "HF_TOKEN")]
    [InlineData(403, "GatedRepo", Token, "accept them at")]
    [InlineData(401, "", Token, "owner of the token")]
    [InlineData(404, "RepoNotFound", Token, "there is no model org/name", "did you mean 'org/names'?")]
    [InlineData(404, "RevisionNotFound", null, "no revision 'main'", "did you mean 'mai'?")]
    [InlineData(418, "", Token, "418")]
    public async Task A_refusal_says_what_to_do_and_never_the_token(int status, string code, string? token, params string[] says)
    {
        Simple();
        hub.Trouble = context => context.Request.Url!.AbsolutePath switch
        {
            "/api/models" => FakeHub.Answer(context, 200, """[{"id":"other/thing"},{"id":"org/names"}]"""),
            "/api/models/org/name/refs" => FakeHub.Answer(context, 200, """{"branches":[{"name":"mai"}],"tags":[{"name":"v1.0"}]}"""),
            _ => FakeHub.Answer(context, status, "", ("X-Error-Code", code)),
        };
        await Refused([.. says], token);
    }

    [Fact]
    public async Task The_token_is_shown_to_the_hub_alone()
    {
        Simple();
        hub.Trouble = context =>
        {
            var path = context.Request.Url!.AbsolutePath;
            return path.EndsWith("model.safetensors", StringComparison.Ordinal) && !path.StartsWith("/cdn/", StringComparison.Ordinal)
                && FakeHub.Answer(context, 302, "", ("Location", hub.OtherHost + "/cdn/model.safetensors"));
        };
        await Pull(Token);
        Assert.All(hub.Requests.Where(r => r.Host == "127.0.0.1"), r => Assert.Equal("Bearer " + Token, r.Authorization));
        Assert.Null(Assert.Single(hub.Requests, r => r.Host == "localhost").Authorization);
    }

    [Fact]
    public async Task A_busy_hub_is_asked_again_after_the_time_that_it_names()
    {
        Simple();
        var refusals = 0;
        hub.Trouble = context => Interlocked.Increment(ref refusals) <= 2 && FakeHub.Answer(context, refusals == 1 ? 429 : 503, "", ("Retry-After", "1"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Pull();
        Assert.True(clock.Elapsed.TotalSeconds >= 1.9);
    }

    [Fact]
    public async Task A_hub_that_stays_broken_is_given_up_after_the_tries()
    {
        Simple();
        hub.Trouble = context => FakeHub.Answer(context, 500);
        await Refused("500", "tried 3 times");
        Assert.Equal(3, hub.Requests.Count);
        hub.Trouble = context => FakeHub.Answer(context, 429, "", ("Retry-After", "3600"));
        await Refused("60 minutes");
        Assert.Equal(4, hub.Requests.Count);
        hub.Trouble = context => FakeHub.Answer(context, 500);
        await Assert.ThrowsAsync<AlidadeException>(() => HubPull.PullAsync(Id, [], hub.Options(Cache) with { Tries = 1 }, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(5, hub.Requests.Count);
    }

    [Theory]
    [InlineData("pytorch_model.bin")]
    [InlineData("sub/part.safetensors")]
    public async Task An_index_that_names_another_file_than_a_shard_fetches_nothing_of_it(string shard)
    {
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["model.safetensors.index.json"] = Encoding.UTF8.GetBytes($$$"""{"weight_map":{"a":"{{{shard}}}"}}""");
        hub.Files[shard] = [1];
        await Refused(shard, "plain name of a .safetensors file");
        Assert.DoesNotContain(hub.Requests, r => r.Path.EndsWith(shard, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_to_another_content_is_replaced_and_not_written_through()
    {
        Simple();
        var other = Path.Combine(ModelFolder, "blobs", "other");
        var link = Path.Combine(ModelFolder, "snapshots", FakeHub.Commit, "config.json");
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        File.WriteAllText(other, "other");
        File.CreateSymbolicLink(link, other);
        await Pull();
        Assert.Equal("other", File.ReadAllText(other));
        Assert.Equal(hub.Files["config.json"], File.ReadAllBytes(link));
        Assert.Equal(2, Directory.GetFileSystemEntries(Path.GetDirectoryName(link)!).Length);
    }

    [Theory]
    [InlineData("../outside.json")]
    [InlineData("/etc/outside.json")]
    [InlineData("a/../../outside.json")]
    [InlineData("a\\outside.json")]
    [InlineData("c:outside.json")]
    [InlineData("a//outside.json")]
    [InlineData("a/. ./outside.json\n")]
    [InlineData("")]
    public async Task A_name_that_leaves_the_folder_is_refused_before_anything_is_fetched(string name)
    {
        Simple();
        hub.Files[name] = [1];
        await Refused("leaves the model's folder");
        Assert.Single(hub.Requests);
        Assert.False(Directory.Exists(ModelFolder));
    }

    [Fact]
    public async Task The_shards_of_the_index_are_fetched_and_no_others()
    {
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["model.safetensors.index.json"] = """{"weight_map":{"a":"part-one.safetensors","b":"part-two.safetensors","c":"part-one.safetensors"}}"""u8.ToArray();
        foreach (var name in new[] { "part-one", "part-two", "consolidated" })
            hub.Files[name + ".safetensors"] = Encoding.UTF8.GetBytes(name);
        var pulled = await Pull();
        Assert.Equal(["config.json", "model.safetensors.index.json", "part-one.safetensors", "part-two.safetensors"], pulled.Files.Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["consolidated.safetensors"], pulled.LeftOut.Select(f => f.Name));
        hub.Files.Remove("part-two.safetensors");
        await Refused("part-two.safetensors");
    }

    [Fact]
    public async Task One_of_several_gguf_files_is_chosen_by_name()
    {
        foreach (var name in new[] { "m.Q4_1.gguf", "m.Q8_0.gguf" })
            hub.Files[name] = Encoding.UTF8.GetBytes(name);
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["pytorch_model.bin"] = [1];
        await Refused("--file", "m.Q4_1.gguf", "m.Q8_0.gguf");
        var pulled = await HubPull.PullAsync(Id, ["m.Q8_0.gguf"], hub.Options(Cache), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["m.Q8_0.gguf"], pulled.Files.Select(f => f.Name));
        Assert.Equal(Path.Combine(pulled.Folder, "m.Q8_0.gguf"), ModelLocation.Resolve("org/name", () => hub.Options(Cache)));
        foreach (var (file, says) in new[] { ("m.Q8_00.gguf", "did you mean 'm.Q8_0.gguf'?"), ("pytorch_model.bin", "can run code") })
        {
            var refusal = await Assert.ThrowsAsync<AlidadeException>(() => HubPull.PullAsync(Id, [file], hub.Options(Cache), cancellation: TestContext.Current.CancellationToken));
            Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Weights_that_are_only_pickles_are_refused()
    {
        hub.Files["config.json"] = "{}"u8.ToArray();
        hub.Files["pytorch_model.bin"] = [1];
        await Refused("pytorch_model.bin", "can run code", "refs/pr");
    }

    [Fact]
    public async Task A_stopped_pull_keeps_what_came()
    {
        Simple();
        using var stop = new CancellationTokenSource();
        hub.Trouble = context =>
        {
            if (!context.Request.RawUrl!.EndsWith("model.safetensors", StringComparison.Ordinal))
                return false;
            context.Response.ContentLength64 = Weights.Length;
            context.Response.OutputStream.Write(Weights, 0, 200_000);
            context.Response.OutputStream.Flush();
            return true;
        };
        var came = new SynchronousProgress(p =>
        {
            if (p.Task == "model.safetensors" && p.Done >= 100_000)
                stop.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => HubPull.PullAsync(Id, [], hub.Options(Cache), came, stop.Token));
        Assert.True(new FileInfo(Path.Combine(ModelFolder, "blobs", FakeHub.HashOf("model.safetensors", Weights) + ".incomplete")).Length >= 100_000);
    }

    [Fact]
    public void A_model_that_was_not_pulled_is_asked_for()
    {
        var missing = Assert.Throws<AlidadeException>(() => ModelLocation.Resolve("org/name@v1", () => hub.Options(Cache)));
        Assert.Contains("alidade model pull org/name@v1", missing.Message, StringComparison.Ordinal);
        Assert.Equal("./no/such/path.gguf", ModelLocation.Resolve("./no/such/path.gguf", () => hub.Options(Cache)));
    }

    private void Simple()
    {
        hub.Files["config.json"] = """{"model_type":"llama"}"""u8.ToArray();
        hub.Files["model.safetensors"] = Weights;
    }

    private string Part(byte[] content)
    {
        var part = Path.Combine(ModelFolder, "blobs", FakeHub.HashOf("model.safetensors", Weights) + ".incomplete");
        Directory.CreateDirectory(Path.GetDirectoryName(part)!);
        File.WriteAllBytes(part, content);
        return part;
    }

    private Task<PulledModel> Pull(string? token = null) => HubPull.PullAsync(Id, [], hub.Options(Cache, token), cancellation: TestContext.Current.CancellationToken);

    private Task Refused(params string[] says) => Refused(says, null);

    private async Task Refused(string[] says, string? token)
    {
        var refusal = await Assert.ThrowsAsync<AlidadeException>(() => Pull(token));
        Assert.All(says, s => Assert.Contains(s, refusal.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(Token, refusal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    private sealed class SynchronousProgress(Action<Progress> report) : IProgress<Progress>
    {
        public void Report(Progress value) => report(value);
    }
}
