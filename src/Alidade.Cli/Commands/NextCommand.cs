using System.CommandLine;
using System.Globalization;
using Alidade.Cli.Terminal;
using Alidade.Models.Generation;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade next</c>: the likeliest next tokens of a prompt.</summary>
internal static class NextCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var prompt = new Option<string>("--prompt", "-p") { Description = "The text so far", Required = true };
        var top = new Option<int>("--top") { Description = "Tokens to list", DefaultValueFactory = _ => 10 };
        var command = new Command("next", "List the likeliest next tokens of a prompt") { prompt, top };
        model.AddTo(command);
        command.SetAction(parsed =>
        {
            using var loaded = model.LoadForInference(parsed);
            Output.Print(NextTokens.Of(loaded.Model, parsed.GetValue(prompt)!, parsed.GetValue(top)), parsed.GetValue(model.Json), Text);
            return 0;
        });
        return command;
    }

    private static string Text(NextTokenTable table) => string.Join('\n', table.Tokens.Select(t =>
        string.Create(CultureInfo.InvariantCulture, $"{t.Rank,3}  {t.Probability,7:p2}  {t.LogProb,8:f3} nats  {t.Id,7}  {Visible(t.Text)}")));

    private static string Visible(string token) => Core.Reports.VisibleText.Token(token);
}
