using System.CommandLine;
using System.Runtime.CompilerServices;
using Alidade.Cli.Evaluate;
using Alidade.Cli.Terminal;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Models.Hub;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that measures a model: which suite or tasks, with which instruments, on which data.</summary>
internal sealed class EvaluationOptions
{
    private readonly Option<string> weights = new Option<string>("--weights") { Description = "float32: the weights of a quantised file are decoded, and every number is that of the decoded model; stored: its codes are multiplied as they are, faster and a little less exact", DefaultValueFactory = _ => "float32" }.AcceptOnlyFromAmong("stored", "float32");
    private readonly EndpointOptionSet remote = new("endpoint", "the model that is measured");
    private readonly Option<string?> judge = new("--judge") { Description = "A local model that judges answers" };
    private readonly EndpointOptionSet remoteJudge = new("judge-endpoint", "the model that judges answers");
    private readonly Option<string?> toxicity = new("--toxicity-model") { Description = "A classifier of toxic text: a Hugging Face folder" };
    private readonly Option<string?> lexicon = new("--toxicity-lexicon") { Description = "Words that make a text toxic, one a line, after a tab their weight; without any toxicity option a judge scores, else a small list of Alidade's own" };
    private readonly Option<string?> perspective = new("--perspective") { Description = "Address of a toxicity service that speaks the Perspective protocol, such as https://commentanalyzer.googleapis.com/v1alpha1" };
    private readonly Option<string?> perspectiveKey = new("--perspective-key-env") { Description = "Name of the environment variable that holds its key, sent as X-Goog-Api-Key" };
    private readonly Option<string?> entailment = new("--entailment-model") { Description = "A classifier of entailment between two texts: a Hugging Face folder" };
    private readonly Option<string?> masked = new("--masked-model") { Description = "A masked language model: a Hugging Face folder" };
    private readonly Option<string?> sentences = new("--sentence-encoder") { Description = "A sentence-transformers folder" };
    private readonly Option<string?> suite = new("--suite", "-s") { Description = "A suite: factuality, ethics, toxicity, bias, behaviour, general, quick or full" };
    private readonly Option<string[]> tasks = new("--tasks", "-t") { Description = "Tasks by name, or task files (.yaml)", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };
    private readonly Option<int?> limit = new("--limit", "-n") { Description = "Most items of a task, a seeded choice" };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of every choice", DefaultValueFactory = _ => 1 };
    private readonly Option<ChatUse> chat = new("--chat") { Description = "auto: conversations for generated text of chat models; always: for log-likelihoods as well; never", DefaultValueFactory = _ => ChatUse.Auto };
    private readonly DataOption data = new();
    private readonly Option<string?> cache = new("--cache") { Description = "A file in which answers are kept over runs; the run's own when left out" };

    /// <summary>Folder of the run.</summary>
    public Option<string?> Output { get; } = new("--out", "-o") { Description = "Folder of the run; a new one below ./runs when left out" };

    /// <summary>A run to go on with.</summary>
    public Option<string?> Resume { get; } = new("--resume") { Description = "Go on with a run that was stopped or killed: its folder" };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { suite, tasks, limit, seed, chat, weights, judge, toxicity, lexicon, perspective, perspectiveKey, entailment, masked, sentences, data.Option, Output, cache, Resume })
            command.Options.Add(option);
        remote.AddTo(command);
        remoteJudge.AddTo(command);
    }

    /// <summary>What a command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="named">The local model that it names; null for none.</param>
    /// <param name="common">Adapters, device, threads.</param>
    public EvaluateRequest Request(ParseResult parsed, string? named, ModelOptions common) => new()
    {
        CommandLine = CommandWords.Line(),
        Model = parsed.GetValue(remote.Url) is null ? Path.GetFullPath(ModelLocation.Resolve(named ?? Shipped())) : null,
        Adapters = parsed.GetValue(common.Adapter)!,
        Endpoint = remote.Request(parsed, named),
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
        Device = parsed.GetValue(common.Device)!,
        Threads = parsed.GetValue(common.Threads),
        StoredWeights = parsed.GetValue(weights) == "stored",
    };

    // Apart, so that help loads no tensor library.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string Shipped() => BaseModel.Shipped;
}
