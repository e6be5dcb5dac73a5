using System.Globalization;
using System.Text;
using Alidade.Core.Data.Catalogue;

namespace Alidade.Cli.Commands;

/// <summary>What the commands on data say alike.</summary>
internal static class DataText
{
    public static string Size(long bytes) => bytes < 100_000
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:n1} kB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:n1} MB");

    /// <summary>What to know of a set before it is used: what it is, its licence, its source.</summary>
    public static string Terms(PublishedSet set)
    {
        var text = new StringBuilder();
        text.AppendLine($"{set.Name}: {set.Description}");
        text.AppendLine($"  licence: {string.Join(", ", set.Licences)}{(set.NonCommercial ? "; NO COMMERCIAL USE" : "")}");
        if (set.Offensive)
            text.AppendLine("  holds texts that insult, stereotype, or ask for or describe harm, because that is what it measures");
        if (set.Notice is { } notice)
            text.AppendLine($"  {notice}");
        foreach (var source in set.Files.Select(f => $"https://github.com/{f.Repository} at {f.Commit}").Distinct())
            text.AppendLine($"  from {source}");
        return text.ToString();
    }
}
