using System.CommandLine;
using System.Globalization;
using Alidade.Cli.Terminal;
using Alidade.Organisms.Base;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade organism build base</c>: make the embedded model again.</summary>
internal static class OrganismCommand
{
    public static Command Make()
    {
        var output = new Option<string>("--out", "-o") { Description = "Folder of the model", DefaultValueFactory = _ => "base-model" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the world, the weights and the order", DefaultValueFactory = _ => 1 };
        var threads = new Option<int?>("--threads") { Description = "Processor threads for tensor work; all when left out" };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON" };
        var build = new Command("base", "Train the small model that ships, from nothing, on the synthetic world; goes on where it was stopped") { output, seed, threads, json };
        build.SetAction(parsed =>
        {
            if (parsed.GetValue(threads) is { } count)
                Models.Native.Threads.Use(count);
            var folder = parsed.GetValue(output)!;
            using var interruption = new Interruption();
            var result = ProgressBars.While(progress => BaseModel.Build(
                folder, new() { Seed = parsed.GetValue(seed) }, new() { Folder = folder + ".checkpoints", Resume = true, Progress = progress, Cancellation = interruption.Token }));
            Output.Print(result, parsed.GetValue(json), r => string.Create(CultureInfo.InvariantCulture,
                $"{r.Parameters:n0} weights trained on {r.Documents:n0} documents in {r.Seconds:f0} s; held-out loss {r.HeldOutLoss:f4} nats per token\nmodel: {r.Folder}"));
            return 0;
        });
        return new Command("organism", "Small models with known ground truth") { new Command("build", "Make one") { build } };
    }
}
