using Alidade.Core;
using Alidade.Core.Runs;
using Alidade.Training.Trainers;
using Alidade.Training.Watching;

namespace Alidade.Training.Jobs;

/// <summary>Training inside of a run folder: numbers go to its events and to TensorBoard, checkpoints below it.</summary>
public static class RunLogging
{
    private const string HeldOut = "held_out_";
    private const string TensorBoardFolder = "tensorboard";

    /// <summary>The surroundings of one stage of training; it goes on from its newest checkpoint when there is one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">Name of the stage.</param>
    /// <param name="checkpoints">Folder of the checkpoints inside of the run.</param>
    /// <param name="board">Where TensorBoard finds the numbers; the caller disposes it after the training.</param>
    /// <param name="progress">Told after every update.</param>
    /// <param name="warn">Told of signs of silent failures.</param>
    /// <param name="cancellation">Stops between micro-batches.</param>
    public static TrainingContext ContextOf(
        RunFolder run, string stage, string checkpoints, TensorBoardLog board, IProgress<Progress> progress, Action<string>? warn, CancellationToken cancellation) => new()
        {
            Folder = run.PathOf(checkpoints),
            Resume = true,
            Progress = progress,
            Cancellation = cancellation,
            OnWarning = warn,
            OnStep = step =>
            {
                run.Log(stage, step.Update, step.Values);
                board.Add(step.Update, Tagged("train/", step.Values));
            },
            OnHeldOut = point =>
            {
                run.Log(stage, point.Update, Values(point));
                board.Add(point.Update, Tagged("held-out/", new Dictionary<string, double>(point.Metrics) { ["loss"] = point.Loss }));
            },
        };

    /// <summary>A new file for TensorBoard.</summary>
    /// <param name="run">The run.</param>
    /// <param name="part">What is shown as a training of its own there: a member of an ensemble, a stage; null where there is one.</param>
    public static TensorBoardLog BoardOf(RunFolder run, string? part) => new(run.PathOf(part is null ? TensorBoardFolder : Path.Combine(TensorBoardFolder, part)));

    /// <summary>The numbers of a held-out evaluation as events name them.</summary>
    public static IReadOnlyDictionary<string, double> Values(HeldOutPoint point) =>
        new Dictionary<string, double>(point.Metrics.Select(m => new KeyValuePair<string, double>(HeldOut + m.Key, m.Value))) { [HeldOut + "loss"] = point.Loss };

    /// <summary>The events of a run in the order of their stages and steps.</summary>
    public static IEnumerable<RunEvent> Latest(RunView run) => run.Events().OrderBy(e => e.Stage, StringComparer.Ordinal).ThenBy(e => e.Step);

    private static IEnumerable<KeyValuePair<string, double>> Tagged(string group, IReadOnlyDictionary<string, double> values) => values.Select(v => KeyValuePair.Create(group + v.Key, v.Value));
}
