using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models.Adapters;
using Alidade.Training.Catalogue;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Supervised;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Training.Jobs;

/// <summary>What is done with a row that is longer than the limit.</summary>
public enum TooLong
{
    /// <summary>It is left out and counted.</summary>
    Drop,

    /// <summary>It loses its end, the token that ends the answer with it, and is counted.</summary>
    Cut,
}

/// <summary>What demonstrations are made of.</summary>
public enum DemonstrationForm
{
    /// <summary>Rows {text}, {prompt, completion} or {messages}, as they are.</summary>
    Plain,

    /// <summary>Preference pairs, of which each becomes one sequence of both answers behind phrases that say which is better: Chain of Hindsight.</summary>
    Hindsight,

    /// <summary>Rows {prompt, answer, refinement}: the refinement is learned as if it were the first answer (ILF).</summary>
    Refinement,

    /// <summary>Rows {prompt, answer, feedback, refinement}: to refine an answer by feedback is learned (ILF).</summary>
    Refine,

    /// <summary>Rows {prompt, answer, refinement}: the edits from the answer to the refinement are learned, then the refinement (Second Thoughts).</summary>
    Edits,
}

/// <summary>Which weights are trained.</summary>
public enum TrainedWeights
{
    /// <summary>A low-rank adapter; the model stays as it is.</summary>
    Lora,

    /// <summary>Every weight of the model.</summary>
    None,
}

/// <summary>Where the cuts between the levels of a rubric lie, for <c>ordinal</c>.</summary>
public enum CutPlaces
{
    /// <summary>Evenly, one apart, with 0 in their middle; they stay.</summary>
    Even,

    /// <summary>They begin evenly and are learned with the model; <c>ordinal_cuts.json</c> of the run holds them.</summary>
    Learned,
}

/// <summary>A training: an objective with its options, a model, its data and the settings of the loop. Paths are relative to the recipe's own folder.</summary>
public sealed record TrainRecipe : IValidated
{
    /// <summary>Learning rate of an adapter where none is given: Schulman et al. 2025 ("LoRA Without Regret") find about ten times that of all weights to be best.</summary>
    private const double AdapterRate = 1e-4;

    /// <summary>Learning rate of all weights where none is given.</summary>
    private const double FullRate = 1e-5;

    /// <summary>The objective by name, with its own options.</summary>
    [ShortForm("name")]
    public RecipePart? Objective { get; init; }

    /// <summary>A Hugging Face folder, a .gguf file, or ORG/NAME of a model that was pulled; the embedded model when left out.</summary>
    public string? Model { get; init; }

    /// <summary>The data.</summary>
    public TrainDataRecipe Data { get; init; } = new();

    /// <summary>Which weights are trained.</summary>
    public AdapterRecipe Adapter { get; init; } = new();

    /// <summary>What the objectives on preferences measure against: the policy as training finds it, or the model without its adapter.</summary>
    public Trainers.ReferenceModel Reference { get; init; } = Trainers.ReferenceModel.Start;

    /// <summary>Another model to measure preferences against, with the same vocabulary: a folder, a .gguf file or ORG/NAME; it takes the place of the reference.</summary>
    public string? ReferenceModel { get; init; }

    /// <summary>Lets the reference follow the policy (TR-DPO); it stays when left out.</summary>
    public MovingReference? MovingReference { get; init; }

    /// <summary>Noise at the embeddings while demonstrations are learned (NEFTune); none when left out.</summary>
    public Neftune? Noise { get; init; }

    /// <summary>The model to distil, with the same vocabulary: a folder, a .gguf file or ORG/NAME.</summary>
    public string? Teacher { get; init; }

    /// <summary>An encoder of sentences that embeds prompts: unwanted answers are weighed by how much their prompts look like those of wanted ones. Each answer counts as one when left out.</summary>
    public string? PromptEncoder { get; init; }

    /// <summary>Where the cuts between the levels of a rubric lie.</summary>
    public CutPlaces OrdinalCuts { get; init; } = CutPlaces.Even;

    /// <summary>
    /// Reward models that are trained, one after the other, as adapters over the same base that differ in their seeds alone: an ensemble, whose members disagree where none of
    /// them is to be trusted. The run's folder <c>adapter</c> holds one folder for each, and is a reward as a whole. Default 1; Coste et al. 2023 (arXiv 2310.02743) take 5.
    /// </summary>
    public int Members { get; init; } = 1;

    /// <summary>What judges answers, of the model for the objectives of reinforcement, of the data for <c>a_lol</c>: one reward or several, which are added up.</summary>
    [OneOrMore]
    public IReadOnlyList<RewardRecipe> Reward { get; init; } = [];

    /// <summary>How it is found out what the model's own answers to a prompt are worth, for <c>a_lol</c> with a reward of the recipe.</summary>
    public ValuesRecipe Values { get; init; } = new();

    /// <summary>What answers cost, for PPO under a limit of costs (PPO-Lagrangian); nothing when left out.</summary>
    [OneOrMore]
    public IReadOnlyList<RewardRecipe> Cost { get; init; } = [];

    /// <summary>How the cost is kept under its limit.</summary>
    public Lagrange? Lagrange { get; init; }

    /// <summary>How answers are sampled, for the objectives of reinforcement. Here 4 prompts with 8 answers of at most 64 tokens each, unless set.</summary>
    public RolloutOptions Rollouts { get; init; } = new() { Prompts = 4, Samples = 8, MaxNewTokens = 64 };

    /// <summary>Settings of the loop. Here the learning rate is 1e-4 for an adapter and 1e-5 for all weights, with a warm-up of 0.03, and a checkpoint every 25 updates, unless set.</summary>
    public TrainingOptions Training { get; init; } = new() { Schedule = new() { LearningRate = double.NaN, Warmup = 0.03 }, CheckpointEvery = 25 };

    /// <summary>Answers of the model before and after.</summary>
    public SamplesRecipe Samples { get; init; } = new();

    /// <summary>What is written at the end besides the adapter or the model itself.</summary>
    public ExportRecipe Export { get; init; } = new();

    /// <summary>Every key of a training but those of the objective.</summary>
    public static IReadOnlyList<RecipeKey> Settings => RecipeKeys.Of(new TrainRecipe());

    /// <summary>The keys that trainings of a family have: of those that only some objectives read, the ones that its own read.</summary>
    public static IReadOnlyList<RecipeKey> SettingsOf(ObjectiveFamily family) => [.. Settings.Where(k => ObjectiveKeys.MayBeRead(family, k.Key))];

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Objective is null)
            yield return "objective: none is named; 'alidade train --list' shows all";
        foreach (var violation in Data.Violations())
            yield return "data." + violation;
        if (Samples.Count < 0)
            yield return $"samples.count: {Samples.Count} (at least 0)";
        if (Samples.MaxNewTokens < 1)
            yield return $"samples.max_new_tokens: {Samples.MaxNewTokens} (at least 1)";
        if (ReferenceModel is not null && MovingReference is not null)
            yield return "moving_reference: a reference that follows the policy begins as the policy; leave reference_model or moving_reference out";
        if (ReferenceModel is not null && Reference != Trainers.ReferenceModel.Start)
            yield return "reference: reference_model takes its place; leave one of them out";
        if (Lagrange is not null && Cost.Count == 0)
            yield return "lagrange: there is no cost to keep under a limit; name a cost";
        if (Members < 1)
            yield return $"members: {Members} (at least 1)";
        if (Members > 1 && Adapter.Method == TrainedWeights.None)
            yield return "members: those of an ensemble are adapters over one base, and with adapter.method none there is none; leave it at lora";
        if (Members > 1 && (Export.Gguf is not null || Export.AdapterGguf is not null))
            yield return "export: a GGUF file holds one model, and members asks for several; leave it out, the run folder keeps the adapter of each";
        foreach (var violation in Export.Violations(Adapter.Method))
            yield return "export." + violation;
    }

    /// <summary>The objective that is named, with its options.</summary>
    /// <param name="name">What errors call the recipe.</param>
    /// <exception cref="AlidadeException">There is no such objective, or an option of it is unknown or out of range.</exception>
    public (KnownObjective Known, object Objective) Chosen(string name)
    {
        var known = ObjectiveCatalogue.Find(Objective!.Take("Name").FirstOrDefault() ?? throw new AlidadeException($"{name}: objective: it has options but no name"));
        var objective = known.New();
        Objective.Change(objective, name);
        return (known, objective);
    }

    /// <summary>The recipe with its paths made whole. A model that is no path there is left as a name of the hub.</summary>
    /// <param name="folder">What its paths are relative to.</param>
    public TrainRecipe At(string folder)
    {
        string Whole(string path) => Path.GetFullPath(Path.Combine(folder, path));
        string Named(string model) => Whole(model) is var path && (Directory.Exists(path) || File.Exists(path)) ? path : model;
        string? Maybe(string? path, Func<string, string> whole) => path is null ? null : whole(path);
        return this with
        {
            Model = Maybe(Model, Named),
            ReferenceModel = Maybe(ReferenceModel, Named),
            Teacher = Maybe(Teacher, Named),
            PromptEncoder = Maybe(PromptEncoder, Named),
            Data = Data with { File = Whole(Data.File) },
            Reward = [.. Reward.Select(r => r.At(Named))],
            Cost = [.. Cost.Select(r => r.At(Named))],
            Export = Export with { Gguf = Maybe(Export.Gguf, Whole), AdapterGguf = Maybe(Export.AdapterGguf, Whole) },
        };
    }

    /// <summary>The recipe with what depends on other keys filled in.</summary>
    public TrainRecipe Resolved() => double.IsNaN(Training.Schedule.LearningRate)
        ? this with { Training = Training with { Schedule = Training.Schedule with { LearningRate = Adapter.Method == TrainedWeights.Lora ? AdapterRate : FullRate } } }
        : this;
}

/// <summary>The data of a training.</summary>
[ShortForm("file")]
public sealed record TrainDataRecipe
{
    /// <summary>A .jsonl, .json, .csv, .tsv or .parquet file.</summary>
    public string File { get; init; } = "";

    /// <summary>What demonstrations are made of.</summary>
    public DemonstrationForm Form { get; init; } = DemonstrationForm.Plain;

    /// <summary>Layout of preference pairs.</summary>
    public PreferenceFormat Format { get; init; } = PreferenceFormat.Auto;

    /// <summary>Leave broken rows out and count them, instead of ending with the first one.</summary>
    public bool DropInvalidRows { get; init; }

    /// <summary>Longest row in tokens: a prompt with one of its answers. Default 1024, as TRL 1.16.</summary>
    public int MaxLength { get; init; } = 1024;

    /// <summary>What is done with longer rows. TRL cuts them, and with them the token that ends the answer.</summary>
    public TooLong TooLong { get; init; } = TooLong.Drop;

    /// <summary>What a row that is cut loses.</summary>
    public RowTruncation Truncation { get; init; } = RowTruncation.KeepStart;

    /// <summary>Share of the rows that is held out and never trained on; rows of one prompt stay together. Default a tenth.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>
    /// Prompts, by <see cref="Prompt.Key"/>, that are never trained on because somebody measures on them: their rows are the held-out ones. A file without any of them is
    /// split by <see cref="HeldOut"/>.
    /// </summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlySet<string>? HeldOutPrompts { get; init; }

    /// <summary>Most held-out rows that are evaluated. Default 200.</summary>
    public int? HeldOutRows { get; init; } = 200;

    /// <summary>Most rows to train on, the first of the file; all when left out.</summary>
    public int? MaxRows { get; init; }

    /// <summary>Of a prompt with a completion, learn the completion alone.</summary>
    public bool CompletionOnly { get; init; } = true;

    /// <summary>Of a conversation, learn the assistant's turns alone.</summary>
    public bool AssistantOnly { get; init; } = true;

    /// <summary>The text that ends an answer; the tokenizer's end-of-text token when left out.</summary>
    public string? EndToken { get; init; }

    /// <summary>End with an error where no answer ends with a token at which the model stops, so that it would never learn to stop.</summary>
    public bool NeedsEnd { get; init; } = true;

    /// <summary>How prompts with answers become tokens.</summary>
    internal T With<T>(T options)
        where T : AnswerTokenOptions => (T)(((AnswerTokenOptions)options) with { MaxLength = CutAt, Truncation = Truncation, EndToken = EndToken });

    internal int? CutAt => TooLong == TooLong.Cut ? Limit : null;

    /// <summary>Most tokens that the model reads; null before it is known.</summary>
    internal int? ContextLength { get; init; }

    /// <summary>Longest row in tokens: as asked, and never longer than the model reads.</summary>
    internal int Limit => Math.Min(MaxLength, ContextLength ?? MaxLength);

    /// <summary>Why a row is left out that is longer than <see cref="Limit"/>.</summary>
    internal string TooLongReason => Limit < MaxLength ? $"longer than the model's context of {Limit} tokens" : $"longer than {Limit} tokens";

    internal IEnumerable<string> Violations()
    {
        if (File.Length == 0)
            yield return "file: no data file is named (--data FILE)";
        if (MaxLength < 2)
            yield return $"max_length: {MaxLength} (at least 2)";
        if (!(HeldOut >= 0 && HeldOut < 1))
            yield return FormattableString.Invariant($"held_out: {HeldOut} (at least 0 and below 1)");
        if (MaxRows is < 1)
            yield return $"max_rows: {MaxRows} (at least 1)";
        if (HeldOutRows is < 1)
            yield return $"held_out_rows: {HeldOutRows} (at least 1; to hold out nothing set held_out to 0)";
    }
}

/// <summary>Which weights are trained.</summary>
[ShortForm("method")]
public sealed record AdapterRecipe
{
    /// <summary>An adapter, or all weights.</summary>
    public TrainedWeights Method { get; init; } = TrainedWeights.Lora;

    /// <summary>Settings of the adapter. Here rank 16 and α 32, unless set.</summary>
    public LoraOptions Lora { get; init; } = new() { Rank = 16, Alpha = 32 };
}

/// <summary>Answers of the model to held-out prompts before and after, the likeliest token each time.</summary>
public sealed record SamplesRecipe
{
    /// <summary>Number of prompts; 0 for none.</summary>
    public int Count { get; init; } = 4;

    /// <summary>Most tokens of an answer.</summary>
    public int MaxNewTokens { get; init; } = 48;
}

/// <summary>What is written at the end besides the adapter or the model itself.</summary>
public sealed record ExportRecipe
{
    /// <summary>A .gguf file of the whole model, an adapter merged into it.</summary>
    public string? Gguf { get; init; }

    /// <summary>Number format of its matrices: F32, F16, BF16, Q8_0, Q5_0, Q5_1, Q4_0 or Q4_1.</summary>
    public string GgufFormat { get; init; } = "F16";

    /// <summary>A .gguf file of the adapter alone, as llama.cpp and LLamaSharp load it beside their model.</summary>
    public string? AdapterGguf { get; init; }

    internal IEnumerable<string> Violations(TrainedWeights trained)
    {
        if (AdapterGguf is not null && trained == TrainedWeights.None)
            yield return "adapter_gguf: there is no adapter, since all weights are trained; take export.gguf";
        if (Gguf is not null && Gguf == AdapterGguf)
            yield return "adapter_gguf: it is the file of export.gguf; name two files";
    }
}
