using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Models.Generation;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade generate</c>: continue a text.</summary>
internal static class GenerateCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var flags = new GenerationFlags();
        var prompt = new Option<string>("--prompt", "-p") { Description = "The text to continue, as it stands", Required = true };
        var command = new Command("generate", "Continue a text") { prompt };
        model.AddTo(command);
        flags.AddTo(command);
        command.SetAction(parsed =>
        {
            var options = flags.Of(parsed);
            using var interruption = new Interruption();
            using var loaded = model.Load(parsed);
            var ids = loaded.Model.Tokenizer.Encode(parsed.GetValue(prompt)!);
            if (parsed.GetValue(model.Json))
            {
                Output.Print(TextGenerator.Generate(loaded.Model, [ids], options, cancellation: interruption.Token)[0], true, g => g.Text);
                return 0;
            }

            foreach (var piece in TextGenerator.Stream(loaded.Model, ids, options, cancellation: interruption.Token))
                Console.Out.Write(piece.Text);
            Console.Out.WriteLine();
            return 0;
        });
        return command;
    }
}
