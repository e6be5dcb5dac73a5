using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Models.Adapters;
using Alidade.Training.Optimisation;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Align;

/// <summary>What a stage of training does.</summary>
public enum StageMethod
{
    /// <summary>Supervised fine-tuning on demonstrations, or on the preferred answers where there are none.</summary>
    Sft,

    /// <summary>Direct preference optimisation on the pairs.</summary>
    Dpo,
}

/// <summary>The recipe of the main job: which data, which stages, which measures. Paths are relative to the recipe's own folder, or to <see cref="DataFolder"/> in it.</summary>
public sealed record AlignRecipe : IValidated
{
    /// <summary>Headline of the report.</summary>
    public string Title { get; init; } = "Alignment report";

    /// <summary>Model folder or .gguf file; null for the embedded model. The command's --model wins.</summary>
    public string? Model { get; init; }

    /// <summary>Folder that data paths are relative to; null for the recipe's own.</summary>
    public string? DataFolder { get; init; }

    /// <summary>Seed of everything.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The adapter that is trained; its stages follow each other on the same one.</summary>
    public LoraOptions Adapter { get; init; } = new() { Rank = 16, Alpha = 32 };

    /// <summary>The training data.</summary>
    public DataRecipe Data { get; init; } = new();

    /// <summary>Training, stage by stage.</summary>
    public IReadOnlyList<StageRecipe> Stages { get; init; } = [];

    /// <summary>What is measured before and after.</summary>
    public MeasuresRecipe Measures { get; init; } = new();

    /// <summary>What is attacked before and after.</summary>
    public AttacksRecipe Attacks { get; init; } = new();

    /// <summary>What is looked at inside.</summary>
    public OpenRecipe Open { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Stages.Count == 0)
            yield return "stages: there is none; give at least one with a method (sft, dpo)";
        if (Data.Preferences.Length == 0)
            yield return "data.preferences: no file is named";
        if (!(Data.HeldOut > 0 && Data.HeldOut < 1))
            yield return $"data.held_out: {Data.HeldOut} (above 0 and below 1)";
        if (Data.MaxLength < 8)
            yield return $"data.max_length: {Data.MaxLength} (at least 8)";
        if (Adapter.Rank < 1)
            yield return $"adapter.rank: {Adapter.Rank} (at least 1)";
        foreach (var (stage, i) in Stages.Select((s, i) => (s, i)))
        {
            if (!(stage.LearningRate > 0))
                yield return $"stages[{i}].learning_rate: {stage.LearningRate} (above 0)";
            if (stage.BatchRows < 1 || stage.Accumulation < 1)
                yield return $"stages[{i}]: batch_rows and accumulation must be at least 1";
            if (!(stage.Epochs > 0))
                yield return $"stages[{i}].epochs: {stage.Epochs} (above 0)";
            if (!(stage.Beta > 0))
                yield return $"stages[{i}].beta: {stage.Beta} (above 0)";
        }
    }
}

/// <summary>The training data.</summary>
public sealed record DataRecipe
{
    /// <summary>Preference pairs; see <see cref="PreferenceFile"/> for the formats.</summary>
    public string Preferences { get; init; } = "";

    /// <summary>Layout of that file. Default: told from its first row.</summary>
    public PreferenceFormat Format { get; init; } = PreferenceFormat.Auto;

    /// <summary>Demonstrations for the supervised stages; null: the preferred answers of the training pairs.</summary>
    public string? Demonstrations { get; init; }

    /// <summary>Leave unusable rows out and count them, instead of ending with the first one.</summary>
    public bool DropInvalidRows { get; init; }

    /// <summary>Share of the pairs that is held out and never trained on. Default a tenth.</summary>
    public double HeldOut { get; init; } = 0.1;

    /// <summary>Longest prompt and answer together, in tokens; longer pairs are left out and counted. Default 512.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Most pairs to train on; null for all.</summary>
    public int? MaxPairs { get; init; }
}

/// <summary>One stage of training.</summary>
public sealed record StageRecipe
{
    /// <summary>What it does.</summary>
    public StageMethod Method { get; init; }

    /// <summary>Highest learning rate.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>Course of the learning rate after warm-up. Default linear, to zero.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Linear;

    /// <summary>Warm-up: a share of the updates below 1, a number of updates from 1 on.</summary>
    public double Warmup { get; init; } = 0.05;

    /// <summary>Passes over the data.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Most rows to train on; null for all.</summary>
    public int? MaxRows { get; init; }

    /// <summary>Rows of a micro-batch.</summary>
    public int BatchRows { get; init; } = 8;

    /// <summary>Micro-batches of an update.</summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>β of DPO.</summary>
    public double Beta { get; init; } = 0.1;

    /// <summary>
    /// What DPO measures preferences against. Default the base with its adapter off; <c>start</c> is the policy as the stage finds it, such as the model after SFT.
    /// </summary>
    public ReferenceModel Reference { get; init; } = ReferenceModel.Base;

    /// <summary>Held-out rows that are evaluated while training; 0 for none.</summary>
    public int HeldOutRows { get; init; } = 64;

    /// <summary>Updates between checkpoints, for resuming after a kill.</summary>
    public int CheckpointEvery { get; init; } = 10;
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

    /// <summary>Most tokens of a generated answer.</summary>
    public int MaxNewTokens { get; init; } = 48;
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
