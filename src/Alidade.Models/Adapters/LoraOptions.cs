using Alidade.Core;

namespace Alidade.Models.Adapters;

/// <summary>Which biases of the base are trained with an adapter and kept in it.</summary>
public enum TrainedBiases
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those of the modules that have a low-rank update.</summary>
    LoraOnly,

    /// <summary>All of the model, its norms' included.</summary>
    All,
}

/// <summary>Settings of a low-rank adapter, with PEFT's meanings.</summary>
/// <remarks>
/// A name in <see cref="Targets"/> and <see cref="Excluded"/> fits a module that is called so or ends in a dot and the name. A key of a pattern is a regular
/// expression that must fit the end of a module's name, from a dot on.
/// </remarks>
public sealed record LoraOptions
{
    /// <summary>Rank r of the updates. Default 8, as PEFT.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>α in the scale α/r (or α/√r). Default 16: twice the rank, common practice.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Scale α/√r instead of α/r (Kalajdzievski 2023, rsLoRA).</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Trains a magnitude for each output beside the direction (Liu et al. 2024, DoRA); see <see cref="LoraFactors"/>.</summary>
    public bool Dora { get; init; }

    /// <summary>Names of modules, such as "q_proj"; empty for every projection of the blocks. Embeddings and the head are updated where they are named.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>A regular expression over the whole name of a module, in place of <see cref="Targets"/>.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Names of modules that are left as they are.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>A regular expression over the whole name of a module, in place of <see cref="Excluded"/>.</summary>
    public string? ExcludedPattern { get; init; }

    /// <summary>Numbers of the blocks that are updated, from 0; empty for all.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Names of the list of blocks in which <see cref="Layers"/> counts, such as "layers"; empty to find it.</summary>
    public IReadOnlyList<string> LayerLists { get; init; } = [];

    /// <summary>Ranks of some modules.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>α of some modules.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>Biases that are trained too. Default none.</summary>
    public TrainedBiases Bias { get; init; }

    /// <summary>Ends of the names of modules that are trained whole and kept in the adapter, such as "lm_head".</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>Number of scores of a new scoring head that is trained with the adapter, 1 for a reward model. Default 0: none.</summary>
    public int ScoringLabels { get; init; }

    /// <summary>Rank of a module's update.</summary>
    public int RankOf(string module) => ModuleNames.Find(RankPattern, module, Rank);

    /// <summary>Scale s of a module's update.</summary>
    public double ScaleOf(string module)
    {
        var (rank, alpha) = (RankOf(module), ModuleNames.Find(AlphaPattern, module, Alpha));
        return RankStabilised ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    /// <summary>Whether a module gets a low-rank update.</summary>
    /// <param name="module">Its name.</param>
    /// <param name="isProjection">Whether it is a projection of a block.</param>
    /// <exception cref="AlidadeException">A regular expression cannot be used.</exception>
    public bool Updates(string module, bool isProjection) =>
        !Saves(module) && !IsExcluded(module) && (TargetPattern is { } pattern
            ? ModuleNames.IsWhole(pattern, module)
            : (Targets.Count == 0 ? isProjection : Targets.Any(t => ModuleNames.EndsIn(module, t))) && ModuleNames.IsInLayers(module, Layers, LayerLists));

    /// <summary>Whether a module, or one that holds it, is kept whole.</summary>
    public bool Saves(string module) => SavedModules.Any(s => ModuleNames.IsWithin(module, s));

    /// <summary>The parameters of a model that are kept whole: biases and those of saved modules.</summary>
    internal IEnumerable<string> Replaced(IEnumerable<string> parameters, Predicate<string> isUpdated) => parameters.Where(p =>
        Saves(PeftNames.ModuleOf(p)) || (p.EndsWith(".bias", StringComparison.Ordinal) && Bias switch
        {
            TrainedBiases.All => true,
            TrainedBiases.LoraOnly => isUpdated(PeftNames.ModuleOf(p)),
            _ => false,
        }));

    private bool IsExcluded(string module) =>
        ExcludedPattern is { } pattern ? ModuleNames.IsWhole(pattern, module) : Excluded.Any(e => ModuleNames.EndsIn(module, e));
}
