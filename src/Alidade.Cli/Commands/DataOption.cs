using System.CommandLine;
using Alidade.Core.Data.Catalogue;

namespace Alidade.Cli.Commands;

/// <summary>The option that names the folder of published data.</summary>
internal sealed class DataOption
{
    public Option<string?> Option { get; } = new("--data")
    {
        Description = $"Folder of published data, each file under its name in the catalogue; {DataHome.Variable}, else ~/.cache/alidade/data when left out",
    };

    /// <summary>The folder that was named, or the usual one.</summary>
    public DataHome Home(ParseResult parsed) => DataHome.Of(parsed.GetValue(Option));
}
