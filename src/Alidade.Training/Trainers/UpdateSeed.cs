using Alidade.Core.Statistics;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>
/// The tensor library's random numbers as a pure function of the seed and the update: a checkpoint needs no random state, and a resumed update draws the same numbers.
/// </summary>
internal static class UpdateSeed
{
    /// <summary>Seeds what an update draws.</summary>
    /// <param name="seed">Seed of the training.</param>
    /// <param name="update">The update, counted from 0.</param>
    public static void Use(ulong seed, int update) => Use(seed, FormattableString.Invariant($"numbers of update {update}"));

    /// <summary>Seeds what an evaluation draws: the same every time, so that two evaluations differ by the weights alone.</summary>
    public static void UseForEvaluation(ulong seed) => Use(seed, "numbers of an evaluation");

    private static void Use(ulong seed, string what) => random.manual_seed(unchecked((long)new SeededRandom(seed).Fork(what).State));
}
