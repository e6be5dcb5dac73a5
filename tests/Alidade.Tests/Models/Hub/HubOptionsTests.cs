using Alidade.Core;
using Alidade.Models.Hub;
using Alidade.Tests.Core;

namespace Alidade.Tests.Models.Hub;

public sealed class HubOptionsTests
{
    [Theory]
    [InlineData("org/name", "org", "name", null)]
    [InlineData("org/name@v1.0", "org", "name", "v1.0")]
    [InlineData("O.r_g-1/Na.me-2_B@refs/pr/3", "O.r_g-1", "Na.me-2_B", "refs/pr/3")]
    public void A_hubs_name_has_two_parts_and_perhaps_a_revision(string text, string organisation, string name, string? revision)
    {
        Assert.Equal(new HubModelId(organisation, name, revision), HubModelId.Parse(text));
        Assert.Equal(text, HubModelId.Parse(text).ToString());
    }

    [Theory]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("/a/b")]
    [InlineData("./a")]
    [InlineData("../a")]
    [InlineData("a/..")]
    [InlineData("a/b..c")]
    [InlineData("a/b--c")]
    [InlineData("a/b@")]
    [InlineData("a/b@../x")]
    [InlineData("a/b@x/../../y")]
    [InlineData("a/b\n")]
    [InlineData("a\\b")]
    [InlineData("~/b")]
    public void A_path_is_no_hubs_name(string text)
    {
        Assert.Null(HubModelId.TryParse(text));
        Assert.Contains("ORG/NAME", Assert.Throws<AlidadeException>(() => HubModelId.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_says_where_and_who()
    {
        using var folder = new TemporaryFolder();
        folder.Write("token", "hf_fromFile\n");
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.Equal((Path.Combine(home, ".cache/huggingface/hub"), "https://huggingface.co/"), Where([]));
        Assert.Equal(("/x/huggingface/hub", "https://huggingface.co/"), Where(new() { ["XDG_CACHE_HOME"] = "/x" }));
        Assert.Equal((Path.Combine(folder.Path, "hub"), "http://mirror:8080/"), Where(new() { ["HF_HOME"] = folder.Path, ["XDG_CACHE_HOME"] = "/x", ["HF_ENDPOINT"] = "http://mirror:8080/" }));
        Assert.Equal((Path.Combine(home, "models"), "https://huggingface.co/"), Where(new() { ["HF_HOME"] = folder.Path, ["HF_HUB_CACHE"] = "~/models" }));
        Assert.Equal("hf_fromFile", Of(new() { ["HF_HOME"] = folder.Path }).Token);
        Assert.Equal("hf_direct", Of(new() { ["HF_HOME"] = folder.Path, ["HF_TOKEN"] = "hf_direct" }).Token);
        Assert.Null(Of(new() { ["HF_HOME"] = folder.File("none") }).Token);
        Assert.True(Of(new() { ["HF_HUB_OFFLINE"] = "1" }).Offline);
        Assert.False(Of(new() { ["HF_HUB_OFFLINE"] = "0" }).Offline);
        Assert.Contains("HF_ENDPOINT", Assert.Throws<AlidadeException>(() => Of(new() { ["HF_ENDPOINT"] = "ftp://x" })).Message, StringComparison.Ordinal);

        static (string, string) Where(Dictionary<string, string> variables) => (Of(variables).CacheFolder, Of(variables).Endpoint.AbsoluteUri);
    }

    [Theory]
    [InlineData("http://mirror.example", "hf_secret", "unencrypted")]
    [InlineData("https://mirror.example", "hf_sec\nret", "character")]
    public void A_token_that_others_could_read_is_not_sent(string endpoint, string token, string says)
    {
        var refusal = Assert.Throws<AlidadeException>(() => (Of([]) with { Endpoint = new(endpoint), Token = token }).CheckedToken());
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_sec", refusal.Message, StringComparison.Ordinal);
    }

    private static HubOptions Of(Dictionary<string, string> variables) => HubOptions.From(variables.GetValueOrDefault);
}
