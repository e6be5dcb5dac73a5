using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Models.Hub;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model pull</c>: fetch a model from the hub into its cache.</summary>
internal static class ModelPullCommand
{
    public static Command Make()
    {
        var model = new Argument<string>("model") { Description = "ORG/NAME, or ORG/NAME@REVISION with a branch, a tag or a commit" };
        var files = new Option<string[]>("--file") { Description = "Take this file as the weights, such as one of several .gguf files; may be given again", Arity = ArgumentArity.OneOrMore };
        var offline = new Option<bool>("--offline") { Description = "Ask nothing of the network; say what is there" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var pull = new Command("pull", "Fetch a model from the hub, resumed and checked, into the hub's own cache; afterwards its name is a model like a path") { model, files, offline, json };
        pull.SetAction(parsed =>
        {
            var id = HubModelId.Parse(parsed.GetValue(model)!);
            var options = HubOptions.FromEnvironment();
            options = options with { Offline = options.Offline || parsed.GetValue(offline) };
            using var interruption = new Interruption();
            var pulled = ProgressBars.While(progress => HubPull.PullAsync(id, parsed.GetValue(files) ?? [], options, progress, interruption.Token).GetAwaiter().GetResult());
            Output.Print(pulled, parsed.GetValue(json), Text);
            return 0;
        });
        return pull;
    }

    private static string Text(PulledModel pulled)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{pulled.Model} at commit {pulled.Commit}");
        foreach (var file in pulled.Files)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {file.Name}  {file.Bytes:n0} bytes{(file.Fetched ? "" : ", was there")}");
        foreach (var file in pulled.LeftOut)
            text.AppendLine(CultureInfo.InvariantCulture, $"  left: {file.Name} ({file.Why})");
        text.AppendLine(CultureInfo.InvariantCulture, $"{pulled.FetchedBytes / 1e6:n1} MB fetched and checked in {pulled.Seconds:f1} s; use it as --model {pulled.Model}");
        text.AppendLine(CultureInfo.InvariantCulture, $"folder: {pulled.Folder}");
        return text.ToString();
    }
}
