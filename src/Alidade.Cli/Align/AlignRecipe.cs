using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models.Adapters;

namespace Alidade.Cli.Align;

/// <summary>
/// The recipe of the main job: which data, which stages, which measures. Paths are relative to the recipe's own folder, or to <see cref="DataFolder"/> in it; where
/// <see cref="World"/> is asked for, data paths are those of its files.
/// </summary>
public sealed record AlignRecipe : IValidated
{
    private static readonly string[] Formats = ["F32", "F16", "BF16", "Q8_0", "Q5_0", "Q5_1", "Q4_0", "Q4_1"];

    /// <summary>Headline of the report.</summary>
    public string Title { get; init; } = "Alignment report";

    /// <summary>Model folder, .gguf file, or ORG/NAME of one that was pulled; the embedded model when left out. The command's --model wins.</summary>
    public string? Model { get; init; }

    /// <summary>Generate the files of the synthetic world that the embedded model was trained on, into the run folder. It is the same for every <see cref="Seed"/>.</summary>
    public bool World { get; init; }

    /// <summary>Folder that data paths are relative to; null for the recipe's own.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Seed of everything.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The adapter that is trained; stages follow each other on the same one, but for reward models, which have one each.</summary>
    public LoraOptions Adapter { get; init; } = new() { Rank = 16, Alpha = 32 };

    /// <summary>The pairs that are measured on, and what stages train on where they name nothing else.</summary>
    public AlignDataRecipe Data { get; init; } = new();

    /// <summary>Training, stage by stage: each any objective with its data or reward, with the keys of a recipe of <c>alidade train</c>.</summary>
    public IReadOnlyList<RecipePart> Stages { get; init; } = [];

    /// <summary>What is measured before and after.</summary>
    public MeasuresRecipe Measures { get; init; } = new();

    /// <summary>What is attacked before and after.</summary>
    public AttacksRecipe Attacks { get; init; } = new();

    /// <summary>What is looked at inside.</summary>
    public OpenRecipe Open { get; init; } = new();

    /// <summary>What is written at the end besides the adapter.</summary>
    public AlignExportRecipe Export { get; init; } = new();

    /// <summary>
    /// The smallest difference that matters: of a share as such, of another number as a part of its value before. A difference whose whole interval is smaller is called
    /// unchanged; where the interval is too wide for that, the report says how many items would tell. Default 0.1, ten points of a share.
    /// </summary>
    public double SmallestDifference { get; init; } = 0.1;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Stages.Count == 0)
            yield return "stages: there is none; give at least one with an objective, such as { objective: dpo }";
        if (World && DataFolder is not null)
            yield return "data_folder: the files of the world lie in the run; leave data_folder or world out";
        if (Data.Preferences.Length == 0)
            yield return "data.preferences: no file is named";
        if (!(Data.HeldOut > 0 && Data.HeldOut < 1))
            yield return FormattableString.Invariant($"data.held_out: {Data.HeldOut} (above 0 and below 1)");
        if (Data.MaxLength < 8)
            yield return $"data.max_length: {Data.MaxLength} (at least 8)";
        if (Adapter.Rank < 1)
            yield return $"adapter.rank: {Adapter.Rank} (at least 1)";
        if (!(SmallestDifference > 0 && SmallestDifference < 1))
            yield return FormattableString.Invariant($"smallest_difference: {SmallestDifference} (above 0 and below 1)");
        if (Measures.MaxNewTokens < 1)
            yield return $"measures.max_new_tokens: {Measures.MaxNewTokens} (at least 1)";
        if (Measures.Distance < 0)
            yield return $"measures.distance: {Measures.Distance} (at least 0)";
        if (Measures.Samples < 0)
            yield return $"measures.samples: {Measures.Samples} (at least 0)";
        if (!Formats.Contains(Export.GgufFormat))
            yield return $"export.gguf_format: '{Export.GgufFormat}'; allowed: {string.Join(", ", Formats)}{Core.Suggest.Hint(Export.GgufFormat, Formats)}";
        if (Measures.Suite is not null && Measures.Tasks.Count > 0)
            yield return "measures: name a suite or tasks, one of the two";
    }
}

/// <summary>The pairs that are measured on, and what stages train on where they name nothing else.</summary>
public sealed record AlignDataRecipe
{
    /// <summary>Preference pairs; see <see cref="PreferenceFile"/> for the formats. Those that are held out are measured on, and no stage trains on their prompts.</summary>
    public string Preferences { get; init; } = "";

    /// <summary>Layout of that file. Default: told from its first row.</summary>
    public PreferenceFormat Format { get; init; } = PreferenceFormat.Auto;

    /// <summary>Demonstrations for the supervised stages; null: the preferred answers of the pairs.</summary>
    public string? Demonstrations { get; init; }

    /// <summary>Leave unusable rows out and count them, instead of ending with the first one.</summary>
    public bool DropInvalidRows { get; init; }

    /// <summary>Share of the pairs that is held out and never trained on. Default a tenth.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Longest prompt and answer together, in tokens; longer rows are left out and counted. Default 512.</summary>
    public int MaxLength { get; init; } = 512;
}

/// <summary>A measure on a file.</summary>
public sealed record FileMeasureRecipe
{
    /// <summary>The data.</summary>
    public string File { get; init; } = "";

    /// <summary>Most items, chosen by the seed; null for all.</summary>
    public int? Limit { get; init; }
}

/// <summary>What is measured before and after; a measure without a file is left out.</summary>
public sealed record MeasuresRecipe
{
    /// <summary>Most held-out pairs for the preference accuracy; null for all.</summary>
    public int? PreferenceLimit { get; init; }

    /// <summary>A text file whose paragraphs' perplexity is measured.</summary>
    public FileMeasureRecipe? Perplexity { get; init; }

    /// <summary>Sentence pairs in the layout of CrowS-Pairs.</summary>
    public FileMeasureRecipe? CrowsPairs { get; init; }

    /// <summary>Questions in a layout of TruthfulQA.</summary>
    public FileMeasureRecipe? TruthfulQa { get; init; }

    /// <summary>Safe and unsafe requests in the layout of XSTest.</summary>
    public FileMeasureRecipe? Refusals { get; init; }

    /// <summary>A suite of <c>alidade evaluate</c>; tasks of it that this model cannot be asked are left out and told.</summary>
    public string? Suite { get; init; }

    /// <summary>Tasks of <c>alidade evaluate</c> by name, or task files (.yaml).</summary>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <summary>Most items of a task of the suite or of those that are named; null for all.</summary>
    public int? TaskLimit { get; init; }

    /// <summary>Folder of published data for those tasks; the usual one of <c>alidade data</c> when left out.</summary>
    public string? PublishedData { get; init; }

    /// <summary>Most tokens of a generated answer.</summary>
    public int MaxNewTokens { get; init; } = 48;

    /// <summary>Held-out prompts on whose answers the distance from the start (KL) is measured; 0 for none. Default 50.</summary>
    public int Distance { get; init; } = 50;

    /// <summary>Held-out prompts that are answered before and after, to be read side by side; 0 for none. Default 20.</summary>
    public int Samples { get; init; } = 20;
}

/// <summary>What is attacked before and after; the requests are those of the refusal measure.</summary>
public sealed record AttacksRecipe
{
    /// <summary>Most unsafe requests; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Words put into the model's mouth.</summary>
    public string Prefill { get; init; } = "Sure, here is";

    /// <summary>Most members, and most other rows, for membership inference; null for all.</summary>
    public int? MembershipLimit { get; init; }
}

/// <summary>What is looked at inside.</summary>
public sealed record OpenRecipe
{
    /// <summary>Held-out pairs whose layer × position picture is made. Default 2.</summary>
    public int Pairs { get; init; } = 2;

    /// <summary>Layers of the picture at most.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Prompt positions of the picture at most.</summary>
    public int Positions { get; init; } = 12;

    /// <summary>A request whose logit lens is shown before and after; null: the first held-out prompt of the picture.</summary>
    public string? LensPrompt { get; init; }
}

/// <summary>What is written at the end besides the adapter.</summary>
public sealed record AlignExportRecipe
{
    /// <summary>The whole model with the adapter merged into it, as a Hugging Face folder in the run folder.</summary>
    public bool Merged { get; init; }

    /// <summary>A .gguf file of the same.</summary>
    public string? Gguf { get; init; }

    /// <summary>Number format of its matrices: F32, F16, BF16, Q8_0, Q5_0, Q5_1, Q4_0 or Q4_1.</summary>
    public string GgufFormat { get; init; } = "Q8_0";
}
