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
            Output.Print(result, parsed.GetValue(json), Text);
            return result.Gate.Passed ? 0 : Failures.GateClosed;
        });
        return new Command("organism", "Small models with known ground truth") { new Command("build", "Make one") { build } };
    }

    private static string Text(BaseModelResult made)
    {
        var facts = made.Gate.Facts;
        return string.Create(CultureInfo.InvariantCulture, $"""
            {made.Parameters:n0} weights trained on {made.Documents:n0} documents ({made.Tokens:n0} tokens) in {made.Seconds:f0} s; held-out loss {made.HeldOutLoss:f4} nats per token
            {Parts(made.Gate)}
            gate: {facts.Count:n0} of {facts.N:n0} facts right in held-out wordings ({facts.Rate:p2}, 95 % {facts.Interval.Low:p2} to {facts.Interval.High:p2}), {BaseModelGate.Least:p0} asked for: {(made.Gate.Passed ? "passed" : "NOT PASSED")}
            model: {made.Folder}
            """);
    }

    private static string Parts(BaseModelGate gate) => string.Join('\n', gate.Rows.Select(row => string.Create(CultureInfo.InvariantCulture,
        $"{row.Part,-12} {row.Name,-50} {row.Rate,8:p1}  n {row.N}, unclear {row.Unclear}")));
}
