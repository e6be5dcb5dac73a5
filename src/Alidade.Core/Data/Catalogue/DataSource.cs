using Alidade.Core.Downloads;

namespace Alidade.Core.Data.Catalogue;

/// <summary>Where published files are fetched from: GitHub's files by commit, or a mirror that is laid out as it is (<c>OWNER/NAME/COMMIT/PATH</c>).</summary>
public sealed record DataSource : DownloadOptions
{
    /// <summary>The environment variable that names a mirror.</summary>
    public const string Variable = "ALIDADE_DATA_ENDPOINT";

    private const string GitHub = "https://raw.githubusercontent.com";

    /// <summary>The address below which the repositories lie.</summary>
    public override Uri Endpoint { get; init; } = new(GitHub);

    /// <summary>What the environment says: ALIDADE_DATA_ENDPOINT, else GitHub.</summary>
    /// <exception cref="AlidadeException">The variable holds no address.</exception>
    public static DataSource FromEnvironment() => new() { Endpoint = AddressIn(Variable, Environment.GetEnvironmentVariable(Variable), GitHub) };

    internal Uri AddressOf(PublishedFile file) => Address($"{file.Repository}/{file.Commit}/{Escaped(file.SourcePath)}");
}
