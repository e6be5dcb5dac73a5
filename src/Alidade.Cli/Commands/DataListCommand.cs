using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Core.Data.Catalogue;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade data list</c>: the published data that Alidade knows, and which of them are here.</summary>
internal static class DataListCommand
{
    public static Command Make()
    {
        var data = new DataOption();
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var list = new Command("list", "List the published data that Alidade knows: area, size, licence, and whether they are here") { data.Option, json };
        list.SetAction(parsed =>
        {
            Output.Print(DataListing.Of(data.Home(parsed)), parsed.GetValue(json), Text);
            return 0;
        });
        return list;
    }

    private static string Text(DataListing listing)
    {
        var text = new StringBuilder();
        void Line(string name, string area, string files, string size, string here, string licence) =>
            text.AppendLine($"{name,-27} {area,-16} {files,5} {size,9}  {here,-12} {licence}");
        Line("name", "area", "files", "size", "here", "licence");
        foreach (var set in listing.Sets)
            Line(
                set.Name, set.Area.ToString().ToLowerInvariant(), set.Files.ToString(CultureInfo.InvariantCulture), DataText.Size(set.Bytes), Here(set),
                string.Join(", ", (string[])[.. set.Licences, .. set.NonCommercial ? ["not commercial"] : Array.Empty<string>(), .. set.Offensive ? ["offensive texts"] : Array.Empty<string>()]));
        text.AppendLine(CultureInfo.InvariantCulture, $"folder: {listing.Folder}");
        text.AppendLine("to fetch some: alidade data pull NAME; to look at one: alidade data show NAME");
        return text.ToString();
    }

    private static string Here(ListedSet set) =>
        set.Changed > 0 ? $"{set.Changed} changed"
        : set.Present == set.Files ? "yes"
        : set.Present == 0 ? "no"
        : $"{set.Present} of {set.Files}";
}
