using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alidade.Models.Hub;
using Alidade.Tests.Core;

namespace Alidade.Tests.Models.Hub;

/// <summary>A hub on loopback: one repository, its listing, its files with ranges, and whatever trouble a test asks for.</summary>
internal sealed class FakeHub : LoopbackServer
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    public FakeHub() => Content = ContentOf;

    public string Repository { get; init; } = "org/name";

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public HubOptions Options(string cache, string? token = null) => new()
    {
        Endpoint = Address,
        CacheFolder = cache,
        Token = token,
        Tries = 3,
        FirstWait = TimeSpan.FromMilliseconds(1),
        Silence = TimeSpan.FromSeconds(10),
    };

    public static string HashOf(string name, byte[] content) => IsLarge(name)
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));

    private byte[]? ContentOf(string path)
    {
        if (path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal))
            return Encoding.UTF8.GetBytes(Listing());
        foreach (var prefix in new[] { $"/{Repository}/resolve/{Commit}/", "/cdn/" })
            if (path.StartsWith(prefix, StringComparison.Ordinal))
                return Files.GetValueOrDefault(path[prefix.Length..]);
        return null;
    }

    private string Listing() => JsonSerializer.Serialize(new
    {
        id = Repository,
        sha = Commit,
        siblings = Files.Select(f => IsLarge(f.Key)
            ? (object)new { rfilename = f.Key, size = f.Value.Length, blobId = new string('a', 40), lfs = new { sha256 = HashOf(f.Key, f.Value), size = f.Value.Length, pointerSize = 134 } }
            : new { rfilename = f.Key, size = f.Value.Length, blobId = HashOf(f.Key, f.Value) }),
    });

    private static bool IsLarge(string name) => Path.GetExtension(name) is ".safetensors" or ".gguf" or ".bin";
}
