using System.CommandLine;
using System.Globalization;
using System.Text;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Organisms.Base;
using Alidade.Organisms.Manifests;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade organism</c>: small models with one planted failure each, and controls.</summary>
internal static class OrganismCommand
{
    public static Command Make() => new("organism", "Small models with known ground truth: one planted failure each, and controls") { Build(), List(), Card() };

    /// <summary>The folder of organisms, as all commands name it.</summary>
    internal static Option<string> FolderOption() => new("--organisms") { Description = "Folder of the organisms", DefaultValueFactory = _ => "organisms" };

    internal static Option<string?> SetOption() => new("--set") { Description = "A JSON list of manifests in place of the standard set" };

    internal static OrganismSet Set(string? path) => path is null ? OrganismSet.Standard : OrganismSet.Read(path);

    internal static Option<int?> ThreadsOption() => new("--threads") { Description = "Processor threads for tensor work; all when left out" };

    private static Option<bool> JsonOption() => new("--json") { Description = "Print the result as JSON" };

    private static Command Build()
    {
        var (ids, folder, threads, json) = (new Argument<string[]>("organisms") { Description = "Ids of organisms (see 'alidade organism list'), or all", Arity = ArgumentArity.ZeroOrMore }, FolderOption(), ThreadsOption(), JsonOption());
        var set = SetOption();
        var build = new Command("build", "Build organisms by their ids, or all; those that are whole are left as they are") { ids, folder, set, threads, json };
        build.Subcommands.Add(BuildBase());
        build.SetAction(parsed =>
        {
            Threads(parsed.GetValue(threads));
            var asked = parsed.GetValue(ids)!;
            if (asked.Length == 0)
                throw new AlidadeException("name organisms to build, or all; 'alidade organism list' shows them");
            var manifests = Set(parsed.GetValue(set)).Find(asked);
            using var interruption = new Interruption();
            var builder = OrganismBuilder.OnShippedBase(parsed.GetValue(folder)!, out var model);
            using (model)
            {
                ProgressBars.While(progress => builder.BuildAll(manifests, progress, interruption.Token));
                Output.Print(OrganismListing.Of(new(manifests), builder.Folder), parsed.GetValue(json), Table);
            }

            return 0;
        });
        return build;
    }

    private static Command BuildBase()
    {
        var output = new Option<string>("--out", "-o") { Description = "Folder of the model", DefaultValueFactory = _ => "base-model" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the world, the weights and the order", DefaultValueFactory = _ => 1 };
        var (threads, json) = (ThreadsOption(), JsonOption());
        var build = new Command("base", "Train the small model that ships, from nothing, on the synthetic world; goes on where it was stopped") { output, seed, threads, json };
        build.SetAction(parsed =>
        {
            Threads(parsed.GetValue(threads));
            var folder = parsed.GetValue(output)!;
            using var interruption = new Interruption();
            var result = ProgressBars.While(progress => BaseModel.Build(
                folder, new() { Seed = parsed.GetValue(seed) }, new() { Folder = folder + ".checkpoints", Resume = true, Progress = progress, Cancellation = interruption.Token }));
            Output.Print(result, parsed.GetValue(json), Text);
            return result.Gate.Passed ? 0 : Failures.GateClosed;
        });
        return build;
    }

    private static Command List()
    {
        var (folder, set, json) = (FolderOption(), SetOption(), JsonOption());
        var list = new Command("list", "List the organisms: failure, trigger, implant, dose, and the measured rate of those that are built") { folder, set, json };
        list.SetAction(parsed =>
        {
            Output.Print(OrganismListing.Of(Set(parsed.GetValue(set)), OrganismFolder.OnShippedBase(parsed.GetValue(folder)!)), parsed.GetValue(json), Table);
            return 0;
        });
        return list;
    }

    private static Command Card()
    {
        var (id, folder, set) = (new Argument<string>("organism") { Description = "Its id" }, FolderOption(), SetOption());
        var card = new Command("card", "Print everything known of an organism, in Markdown") { id, folder, set };
        card.SetAction(parsed =>
        {
            var manifest = Set(parsed.GetValue(set)).Find([parsed.GetValue(id)!])[0];
            Console.Out.Write(OrganismCard.Write(manifest, OrganismFolder.OnShippedBase(parsed.GetValue(folder)!).Find(manifest)));
            return 0;
        });
        return card;
    }

    internal static void Threads(int? count)
    {
        if (count is { } threads)
            Models.Native.Threads.Use(threads);
    }

    private static string Table(OrganismListing listing)
    {
        var text = new StringBuilder();
        void Line(string id, string type, string trigger, string implant, string dose, string part, string rate, string twins) =>
            text.AppendLine(CultureInfo.InvariantCulture, $"{id,-50} {type,-18} {trigger,-9} {implant,-11} {dose,4} {part,-11} {rate,9} {twins,6}");
        Line("organism", "type", "trigger", "implant", "dose", "part", "rate", "twins");
        foreach (var one in listing.Organisms)
            Line(one.Id, one.Type, one.Trigger, one.Implant, Number(one.Dose), one.Part == Part.Test ? "test" : "development", one.Built ? Number(one.Rate) + (one.InAim == false ? " *" : "") : "not built", Number(one.Twins));
        text.AppendLine(CultureInfo.InvariantCulture, $"{listing.Built} of {listing.Organisms.Count} built, in {listing.Folder} or shipped with Alidade; * {listing.OutOfAim} with a rate that is too low or too high to be a test of an instrument");
        return text.ToString();
    }

    private static string Number(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–";

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
