using Alidade.Training.Trainers;

namespace Alidade.Training.Checkpoints;

/// <summary>
/// What a checkpoint holds besides tensors. The schedule and the order of the data are functions of the update and the settings, so nothing else has to be kept.
/// </summary>
internal sealed class TrainingState
{
    /// <summary>Updates done.</summary>
    public int Update { get; set; }

    /// <summary>Tokens of the rows seen.</summary>
    public long Tokens { get; set; }

    /// <summary>Numbers of every update so far.</summary>
    public List<TrainingStep> Curve { get; init; } = [];

    /// <summary>Held-out evaluations so far.</summary>
    public List<HeldOutPoint> HeldOut { get; init; } = [];

    /// <summary>What data, settings and weights the training is of.</summary>
    public Dictionary<string, string> Fingerprint { get; init; } = [];

    /// <summary>Updates before the lowest held-out loss, the first among equals; null before any evaluation.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int? BestUpdate => HeldOut.Count == 0 ? null : HeldOut.MinBy(p => p.Loss)!.Update;
}
