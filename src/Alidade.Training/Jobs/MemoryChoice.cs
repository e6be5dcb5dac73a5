namespace Alidade.Training.Jobs;

/// <summary>Whether activations are computed again, so that a training fits into memory.</summary>
/// <param name="Recomputed">Whether they are.</param>
/// <param name="Why">What a person should know of it before training begins; null for nothing.</param>
public sealed record MemoryChoice(bool Recomputed, string? Why)
{
    /// <summary>What is asked of the memory beyond the estimate. DPO steps of the 135 M shape, every weight trained, took up to a tenth more than theirs, the program itself included; the rest is for rows that are longer than others.</summary>
    private const double Reserve = 0.2;

    /// <summary>Chooses: as asked; else kept where that fits, and computed again where it does not.</summary>
    /// <param name="kept">Memory with all activations kept.</param>
    /// <param name="again">Memory with those of one block at a time.</param>
    /// <param name="available">Bytes that the process can still take; null where that is not known.</param>
    /// <param name="asked">What the recipe says; null for nothing.</param>
    public static MemoryChoice Of(MemoryEstimate kept, MemoryEstimate again, long? available, bool? asked)
    {
        bool Fits(MemoryEstimate estimate) => available is not { } room || (1 + Reserve) * estimate.OnTop <= room;
        string Needs(MemoryEstimate estimate) => FormattableString.Invariant($"{(1 + Reserve) * estimate.OnTop / 1e9:f1} GB");
        var room = FormattableString.Invariant($"memory: {(available ?? 0) / 1e9:f1} GB are free");
        var smaller = "lower training.batch_rows (and raise training.accumulation), lower data.max_length, or train an adapter";
        var recomputed = asked ?? !Fits(kept);
        if (!Fits(recomputed ? again : kept))
            return new(recomputed, recomputed
                ? $"{room}, and training takes about {Needs(again)} even with activations computed again: it may be killed for want of memory; {smaller}"
                : $"{room}, and training takes about {Needs(kept)} with training.recompute_activations false: it may be killed for want of memory; leave it out, or {smaller}");
        return new(recomputed, asked is null && recomputed
            ? $"{room}, and training takes about {Needs(kept)} with all activations kept: they are computed again, with {Needs(again)} and about a third more time (training.recompute_activations)"
            : null);
    }
}
