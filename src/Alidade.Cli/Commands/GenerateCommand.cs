using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Models;
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
        var samples = new Option<int>("--samples", "-n") { Description = "How many continuations; the prompt is read once", DefaultValueFactory = _ => 1 };
        var beams = new Option<int>("--beams") { Description = "Beam search with so many beams; 1 for none", DefaultValueFactory = _ => 1 };
        var lengthPenalty = new Option<double>("--length-penalty") { Description = "Beam search: a sequence's score is divided by its length to this power", DefaultValueFactory = _ => 1 };
        var early = new Option<EarlyStopping>("--early-stopping") { Description = "Beam search: when it ends", DefaultValueFactory = _ => EarlyStopping.WhenUnlikely };
        var command = new Command("generate", "Continue a text") { prompt, samples, beams, lengthPenalty, early };
        model.AddTo(command);
        flags.AddTo(command);
        command.SetAction(parsed =>
        {
            var options = flags.Of(parsed);
            var search = new BeamOptions { Beams = parsed.GetValue(beams), LengthPenalty = parsed.GetValue(lengthPenalty), EarlyStopping = parsed.GetValue(early) };
            search.Validate();
            var count = parsed.GetValue(samples);
            if (count < 1)
                throw new AlidadeException($"--samples is {count}, it must be at least 1");
            if (count > 1 && search.Beams > 1)
                throw new AlidadeException("--samples and --beams exclude each other; a beam search gives as many continuations as it has beams");
            if (search.Beams == 1 && new Option[] { lengthPenalty, early }.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } idle)
                throw new AlidadeException($"{idle.Name} is for beam search; give --beams too, or leave it out");
            if (count > 1 && options.Temperature == 0)
                throw new AlidadeException($"--samples is {count}, but at temperature 0 all of them are the same; give --temperature too");
            using var interruption = new Interruption();
            using var loaded = model.LoadForInference(parsed);
            var ids = loaded.Model.Tokenizer.Encode(parsed.GetValue(prompt)!);
            var json = parsed.GetValue(model.Json);
            if (search.Beams > 1)
                Output.Print(BeamSearch.Search(loaded.Model, ids, options, search, interruption.Token), json, found => Numbered(found.Select(b => b.Text)));
            else if (count > 1)
                Output.Print(
                    TextGenerator.Generate(loaded.Model, [.. Enumerable.Repeat(ids, count)], options, cancellation: interruption.Token), json, found => Numbered(found.Select(g => g.Text)));
            else if (json)
                Output.Print(TextGenerator.Generate(loaded.Model, [ids], options, cancellation: interruption.Token)[0], true, g => g.Text);
            else
                Write(loaded.Model, ids, options, interruption.Token);
            return 0;
        });
        return command;
    }

    private static void Write(CausalLM model, int[] ids, GenerationOptions options, CancellationToken cancellation)
    {
        foreach (var chunk in TextGenerator.Stream(model, ids, options, cancellation: cancellation))
            Console.Out.Write(chunk.Text);
        Console.Out.WriteLine();
    }

    private static string Numbered(IEnumerable<string> texts) => string.Join("\n", texts.Select((text, i) => $"[{i + 1}] {text}"));
}
