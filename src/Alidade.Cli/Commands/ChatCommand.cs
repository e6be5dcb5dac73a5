using System.CommandLine;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Generation;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade chat</c>: a conversation. Each line that is typed is a turn; an empty line or the end of the input leaves.</summary>
internal static class ChatCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var flags = new GenerationFlags();
        var system = new Option<string?>("--system") { Description = "A system message to begin with" };
        var command = new Command("chat", "Talk with a model; an empty line leaves") { system };
        model.AddTo(command);
        flags.AddTo(command);
        command.SetAction(parsed =>
        {
            var options = flags.Of(parsed);
            using var loaded = model.LoadForInference(parsed);
            // Of each turn only what is new is read.
            using var prefixes = new PrefixCache(loaded.Model.Config.ContextLength);
            var messages = new List<Message>();
            if (parsed.GetValue(system) is { } first)
                messages.Add(new("system", first));
            while (Ask() is { Length: > 0 } question)
            {
                messages.Add(new("user", question));
                var answer = new StringBuilder();
                // Only while the model writes: at the prompt Ctrl-C leaves at once.
                using var interruption = new Interruption();
                foreach (var chunk in TextGenerator.Stream(loaded.Model, ChatEncoder.Prompt(loaded.Model, messages), options, prefixes, interruption.Token))
                {
                    answer.Append(chunk.Text);
                    Console.Out.Write(chunk.Text);
                }

                Console.Out.WriteLine();
                messages.Add(new("assistant", answer.ToString()));
            }

            if (parsed.GetValue(model.Json))
                Output.Print(messages, true, _ => "");
            return 0;
        });
        return command;
    }

    private static string? Ask()
    {
        if (!Console.IsInputRedirected)
            Console.Error.Write("> ");
        return Console.In.ReadLine();
    }
}
