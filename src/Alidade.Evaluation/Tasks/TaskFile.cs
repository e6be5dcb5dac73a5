using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Results;

namespace Alidade.Evaluation.Tasks;

/// <summary>What a declared task asks a model for.</summary>
public enum TaskKind
{
    /// <summary>The likelihood of each choice.</summary>
    MultipleChoice,

    /// <summary>The likelihood of the answer.</summary>
    Loglikelihood,

    /// <summary>The likelihood of a whole text, in windows.</summary>
    Rolling,

    /// <summary>Written text.</summary>
    Generate,
}

/// <summary>
/// A task in YAML. Texts are Jinja over the fields of a row (<see cref="Models.Chat.TextTemplate"/>). With <see cref="Include"/> the keys of another file hold where this
/// one says nothing; with <see cref="Use"/> one of Alidade's own tasks is run over <see cref="Data"/>.
/// </summary>
public sealed record TaskFile
{
    /// <summary>Another task file, relative to this one, or the name of one that Alidade brings, such as <c>arc_easy</c>.</summary>
    public string? Include { get; init; }

    /// <summary>Dotted name of the measure, its heading first. Default <c>own.</c> and the file's name.</summary>
    public string? Name { get; init; }

    /// <summary>What it measures, in one sentence.</summary>
    public string? About { get; init; }

    /// <summary>Name of the task in lm-evaluation-harness and in the files for its readers. Default the last part of <see cref="Name"/>.</summary>
    public string? Harness { get; init; }

    /// <summary>One of Alidade's own tasks, by its name, run over <see cref="Data"/>; all keys but <see cref="Data"/> and <see cref="Options"/> are its own business.</summary>
    public string? Use { get; init; }

    /// <summary>Options of the task that is used.</summary>
    public RecipePart? Options { get; init; }

    /// <summary>Files of rows, relative to this file, or names of the catalogue of data.</summary>
    [OneOrMore]
    public IReadOnlyList<string> Data { get; init; } = [];

    /// <summary>What counts as a row of one's own files; left out for what their names and first characters tell.</summary>
    public RowForm? Rows { get; init; }

    /// <summary>A preparation of the rows that templates cannot say (<see cref="Preparations"/>).</summary>
    public string? Prepare { get; init; }

    /// <summary>Keeps a row where it is true.</summary>
    public string? Keep { get; init; }

    /// <summary>What the model is asked for.</summary>
    public TaskKind Kind { get; init; } = TaskKind.MultipleChoice;

    /// <summary>What stands before the answer; the text itself for the kind <see cref="TaskKind.Rolling"/>.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>The choices, or one template whose value is their list.</summary>
    [OneOrMore]
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Beginnings to choose from, or one template whose value is their list: the choice is then what stands before, and <see cref="Continuation"/> what is scored.</summary>
    [OneOrMore]
    public IReadOnlyList<string> Contexts { get; init; } = [];

    /// <summary>What follows each of <see cref="Contexts"/>.</summary>
    public string? Continuation { get; init; }

    /// <summary>The right answer: number or text of a choice, or a text; a list where several are right.</summary>
    public string? Answer { get; init; }

    /// <summary>What stands in front of everything.</summary>
    public string? Description { get; init; }

    /// <summary>The system message, in front of <see cref="Description"/>.</summary>
    public string? System { get; init; }

    /// <summary>True to leave out a system message that the chat template refuses, as lm-evaluation-harness does; false (default) for an error.</summary>
    public bool DropRefusedSystem { get; init; }

    /// <summary>Beginning of the answer, which the model continues.</summary>
    public string? Prefix { get; init; }

    /// <summary>What stands between prompt and answer. Through a chat template nothing does, but behind a <see cref="Prefix"/> that does not end in white space.</summary>
    public string Delimiter { get; init; } = " ";

    /// <summary>Solved examples in front.</summary>
    public FewShots Examples { get; init; } = new();

    /// <summary>How text is written.</summary>
    public GenerationKeys Generate { get; init; } = new();

    /// <summary>Chains of filters; each gives its own numbers.</summary>
    public IReadOnlyList<FilterChain> Filters { get; init; } = [];

    /// <summary>The numbers. Default <c>acc</c> of choices, <c>exact_match</c> of written text, <c>perplexity</c> and <c>acc</c> of answers, word and byte perplexity and bits
    /// per byte of texts.</summary>
    [OneOrMore]
    public IReadOnlyList<MetricEntry> Metrics { get; init; } = [];

    /// <summary>The text whose words and bytes a perplexity counts. Default the text that is scored.</summary>
    public string? Counted { get; init; }

    /// <summary>Items with one value of it go up and down together, which widens intervals.</summary>
    public string? Cluster { get; init; }

    /// <summary>The share of this many consecutive rows that are all right, beside <c>acc</c>; 0 (default) for none.</summary>
    public int ExactGroups { get; init; }

    /// <summary>Version of the definition, as lm-evaluation-harness counts them.</summary>
    public double Version { get; init; } = 1;
}

/// <summary>How examples are chosen.</summary>
public enum ExampleSampler
{
    /// <summary>Drawn for each item by Python's <c>random.sample</c>, one generator for the whole task.</summary>
    Random,

    /// <summary>The first ones.</summary>
    FirstN,
}

/// <summary>Solved examples in front of the question, chosen as lm-evaluation-harness chooses them.</summary>
[ShortForm("count")]
public sealed record FewShots
{
    /// <summary>How many. Default 0.</summary>
    public int Count { get; init; }

    /// <summary>Seed of the choice. Default 1234, as there.</summary>
    public long Seed { get; init; } = 1234;

    /// <summary>How they are chosen.</summary>
    public ExampleSampler Sampler { get; init; }

    /// <summary>File of the examples, with the fields of the task's rows. Default the rows themselves.</summary>
    public string? Data { get; init; }

    /// <summary>
    /// Whether an item may be its own example. Default false. lm-evaluation-harness lets it happen where a task draws from a split that its definition does not name.
    /// </summary>
    public bool MayShowItself { get; init; }

    /// <summary>What stands between examples. Default an empty line.</summary>
    public string Separator { get; init; } = "\n\n";

    /// <summary>In a conversation: each example a turn (default), or all in the one message of the user.</summary>
    public bool AsTurns { get; init; } = true;
}

/// <summary>How text is written.</summary>
public sealed record GenerationKeys
{
    /// <summary>Most new tokens. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Texts that end an answer. Default what separates examples.</summary>
    [OneOrMore]
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Temperature; 0 (default) takes the likeliest token.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability. Default 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Answers to each item. Default 1.</summary>
    public int Samples { get; init; } = 1;
}

/// <summary>Filters, one after the other.</summary>
public sealed record FilterChain
{
    /// <summary>Its name, which its numbers carry.</summary>
    public string Name { get; init; } = "";

    /// <summary>The filters.</summary>
    [OneOrMore]
    public IReadOnlyList<FilterStep> Steps { get; init; } = [];
}

/// <summary>One filter.</summary>
[ShortForm("filter")]
public sealed record FilterStep
{
    /// <summary>regex, multi_choice_regex, lowercase, uppercase, remove_whitespace, map, take_first, take_first_k or majority_vote.</summary>
    public string Filter { get; init; } = "";

    /// <summary>A pattern (regex, multi_choice_regex).</summary>
    public string? Pattern { get; init; }

    /// <summary>Which match: 0 (default) the first, −1 the last.</summary>
    public int Select { get; init; }

    /// <summary>What stands for an answer in which nothing is found.</summary>
    public string? Fallback { get; init; }

    /// <summary>How many (take_first_k).</summary>
    public int Count { get; init; } = 1;

    /// <summary>What becomes what (map).</summary>
    public IReadOnlyDictionary<string, string> Mapping { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether case is ignored (multi_choice_regex).</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Whether punctuation is ignored (multi_choice_regex).</summary>
    public bool IgnorePunctuation { get; init; }
}

/// <summary>A number to report.</summary>
[ShortForm("metric")]
public sealed record MetricEntry
{
    /// <summary>The metric (<see cref="Metrics.MetricTable"/>).</summary>
    public string Metric { get; init; } = "";

    /// <summary>What it is called; its own name by default.</summary>
    public string? Name { get; init; }

    /// <summary>Which way is better, where the metric's own direction is not meant.</summary>
    public Direction? Direction { get; init; }

    /// <summary>What the number says, where the metric's own words are not meant.</summary>
    public string? Meaning { get; init; }

    /// <summary>Whether case is ignored (exact_match).</summary>
    public bool IgnoreCase { get; init; }

    /// <summary>Whether punctuation is ignored (exact_match).</summary>
    public bool IgnorePunctuation { get; init; }

    /// <summary>Whether digits are ignored (exact_match).</summary>
    public bool IgnoreNumbers { get; init; }

    /// <summary>Patterns that are taken out before texts are compared (exact_match).</summary>
    public IReadOnlyList<string> RegexesToIgnore { get; init; } = [];

    /// <summary>How many of the first choices are true (mc2).</summary>
    public string? TrueChoices { get; init; }

    /// <summary>True for a bias score of 0, not −1, where no answer is biased, as lm-evaluation-harness has it (bbq).</summary>
    public bool ZeroWithoutBiased { get; init; }

    /// <summary>True answers (truthful_overlap).</summary>
    public string? Correct { get; init; }

    /// <summary>False answers (truthful_overlap).</summary>
    public string? Incorrect { get; init; }
}
