using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Core.Data.Catalogue;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade data pull</c>: fetch published data from their repositories.</summary>
internal static class DataPullCommand
{
    public static Command Make()
    {
        var names = new Argument<string[]>("name") { Description = "Names of published sets, as 'alidade data list' tells them", Arity = ArgumentArity.OneOrMore };
        var yes = new Option<bool>("--yes", "-y") { Description = "Agree to the licences and notices without being asked" };
        var data = new DataOption();
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var pull = new Command("pull", "Fetch published data at the commits of the catalogue, resumed and checked; licences and notices are shown before") { names, yes, data.Option, json };
        pull.SetAction(parsed =>
        {
            PublishedSet[] sets = [.. parsed.GetValue(names)!.Distinct().Select(DataCatalogue.Set)];
            var (home, source) = (data.Home(parsed), DataSource.FromEnvironment());
            if (DataPull.Missing(sets, home) is { Count: > 0 } missing)
            {
                foreach (var set in sets)
                    Console.Error.Write(DataText.Terms(set));
                if (!parsed.GetValue(yes))
                    Confirmation.Require(string.Create(CultureInfo.InvariantCulture, $"fetch {missing.Count} files, {DataText.Size(missing.Sum(f => f.Bytes))}, under these terms?"));
            }

            using var interruption = new Interruption();
            var pulled = ProgressBars.While(progress => DataPull.PullAsync(sets, home, source, progress, interruption.Token).GetAwaiter().GetResult());
            Output.Print(pulled, parsed.GetValue(json), Text);
            return 0;
        });
        return pull;
    }

    private static string Text(PulledData pulled)
    {
        var text = new StringBuilder();
        foreach (var file in pulled.Files)
            text.AppendLine(CultureInfo.InvariantCulture, $"{file.Name}  {file.Bytes:n0} bytes{(file.Fetched ? "" : ", was there")}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{DataText.Size(pulled.FetchedBytes)} fetched and checked in {pulled.Seconds:f1} s");
        text.AppendLine(CultureInfo.InvariantCulture, $"folder: {pulled.Folder}");
        return text.ToString();
    }
}
