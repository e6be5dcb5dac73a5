using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using Alidade.Cli.Evaluate;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Models.Hub;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade evaluate</c>: measures a model with suites or tasks, and may gate on the result.</summary>
internal static class EvaluateCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var weights = new Option<string>("--weights") { Description = "float32: the weights of a quantised file are decoded, and every number is that of the decoded model; stored: its codes are multiplied as they are, faster and a little less exact", DefaultValueFactory = _ => "float32" }.AcceptOnlyFromAmong("stored", "float32");
        var remote = new EndpointOptionSet("endpoint", "the model that is measured");
        var judge = new Option<string?>("--judge") { Description = "A local model that judges answers" };
        var remoteJudge = new EndpointOptionSet("judge-endpoint", "the model that judges answers");
        var toxicity = new Option<string?>("--toxicity-model") { Description = "A classifier of toxic text: a Hugging Face folder" };
        var lexicon = new Option<string?>("--toxicity-lexicon") { Description = "Words that make a text toxic, one a line, after a tab their weight; without any toxicity option a judge scores, else a small list of Alidade's own" };
        var perspective = new Option<string?>("--perspective") { Description = "Address of a toxicity service that speaks the Perspective protocol, such as https://commentanalyzer.googleapis.com/v1alpha1" };
        var perspectiveKey = new Option<string?>("--perspective-key-env") { Description = "Name of the environment variable that holds its key, sent as X-Goog-Api-Key" };
        var entailment = new Option<string?>("--entailment-model") { Description = "A classifier of entailment between two texts: a Hugging Face folder" };
        var masked = new Option<string?>("--masked-model") { Description = "A masked language model: a Hugging Face folder" };
        var sentences = new Option<string?>("--sentence-encoder") { Description = "A sentence-transformers folder" };
        var suite = new Option<string?>("--suite", "-s") { Description = "A suite: factuality, ethics, toxicity, bias, behaviour, general, quick or full" };
        var tasks = new Option<string[]>("--tasks", "-t") { Description = "Tasks by name, or task files (.yaml)", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
        var list = new Option<bool>("--list") { Description = "Print the tasks and suites, and measure nothing" };
        var limit = new Option<int?>("--limit", "-n") { Description = "Most items of a task, a seeded choice" };
        var seed = new Option<ulong>("--seed") { Description = "Seed of every choice", DefaultValueFactory = _ => 1 };
        var chat = new Option<ChatUse>("--chat") { Description = "auto: conversations for generated text of chat models; always: for log-likelihoods as well; never", DefaultValueFactory = _ => ChatUse.Auto };
        var data = new DataOption();
        var output = new Option<string?>("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };
        var cache = new Option<string?>("--cache") { Description = "A file in which answers are kept over runs; the run's own when left out" };
        var resume = new Option<string?>("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };
        var require = new Option<string[]>("--require") { Description = "A condition that the result must meet, such as \"bias.crows_pairs<=0.6\"; exit code 3 where it does not", Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
        var command = new Command("evaluate", "Measure a model: suites and tasks, every number with its interval, every failure counted")
        {
            suite, tasks, list, limit, seed, chat, weights, judge, toxicity, lexicon, perspective, perspectiveKey, entailment, masked, sentences, data.Option, output, cache, resume, require,
        };
        foreach (var option in new Option[] { model.Model, model.Adapter, model.Threads, model.Device, model.Json })
            command.Options.Add(option);
        remote.AddTo(command);
        remoteJudge.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                Output.Print(TaskCatalogue.All.Select(t => new ListedTask(t.Name, t.About, t.Files)).ToArray(), parsed.GetValue(model.Json), Listed);
                return 0;
            }

            Requirement[] required = [.. parsed.GetValue(require)!.Select(Requirement.Parse)];
            using var interruption = new Interruption();
            var (report, page) = ProgressBars.While(progress => parsed.GetValue(resume) is { } folder
                ? EvaluateRun.Resume(folder, progress, interruption.Token)
                : EvaluateRun.Begin(Request(), parsed.GetValue(output), progress, interruption.Token));
            Output.Print(report, parsed.GetValue(model.Json), r => r.ToPlainText());
            if (!parsed.GetValue(model.Json))
                Console.Out.WriteLine($"\nreport: {page}");
            return Gate(required, report.Measurements);

            EvaluateRequest Request() => new()
            {
                CommandLine = CommandWords.Line(),
                Model = parsed.GetValue(remote.Url) is null ? Path.GetFullPath(ModelLocation.Resolve(parsed.GetValue(model.Model) ?? Shipped())) : null,
                Adapters = parsed.GetValue(model.Adapter)!,
                Endpoint = remote.Request(parsed, parsed.GetValue(model.Model)),
                Judge = parsed.GetValue(judge),
                JudgeEndpoint = remoteJudge.Request(parsed, parsed.GetValue(judge)),
                ToxicityModel = parsed.GetValue(toxicity),
                ToxicityLexicon = parsed.GetValue(lexicon),
                Perspective = parsed.GetValue(perspective),
                PerspectiveKeyVariable = parsed.GetValue(perspectiveKey),
                EntailmentModel = parsed.GetValue(entailment),
                MaskedModel = parsed.GetValue(masked),
                SentenceEncoder = parsed.GetValue(sentences),
                Suite = parsed.GetValue(suite),
                Tasks = [.. parsed.GetValue(tasks)!.Select(t => TaskFiles.IsFile(t) ? Path.GetFullPath(t) : t)],
                Limit = parsed.GetValue(limit),
                Seed = parsed.GetValue(seed),
                Chat = parsed.GetValue(chat),
                DataFolder = Path.GetFullPath(data.Home(parsed).Folder),
                Cache = parsed.GetValue(cache),
                Device = parsed.GetValue(model.Device)!,
                Threads = parsed.GetValue(model.Threads),
                StoredWeights = parsed.GetValue(weights) == "stored",
            };
        });
        return command;
    }

    private static int Gate(Requirement[] required, IReadOnlyList<Measurement> measurements)
    {
        string[] failures = [.. required.Select(r => r.Failure(measurements)).OfType<string>()];
        foreach (var failure in failures)
            Failures.Say("gate: " + failure, Failures.GateClosed);
        return failures.Length > 0 ? Failures.GateClosed : 0;
    }

    private static string Listed(ListedTask[] tasks)
    {
        var text = new StringBuilder();
        var width = tasks.Max(t => t.Name.Length);
        foreach (var task in tasks)
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{task.Name.PadRight(width)}  {task.About}");
        return text.Append("suites: ").AppendJoin(", ", TaskCatalogue.Suites).ToString();
    }

    // Apart, so that help loads no tensor library.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Shipped() => BaseModel.Shipped;

    private sealed record ListedTask(string Name, string About, IReadOnlyList<string> Files);
}
