using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Tasks;

/// <summary>
/// Chooses the solved examples in front of each item. One generator serves a whole task, so the number and order of items drawn for before matter; of a pool that holds the
/// item one more is drawn and the item taken out.
/// </summary>
/// <remarks>lm-evaluation-harness 0.4.13, <c>lm_eval/api/samplers.py</c>.</remarks>
/// <param name="options">How.</param>
/// <param name="pool">Where they come from.</param>
/// <param name="holdsItem">True when the pool may hold the item.</param>
internal sealed class FewShotSampler(FewShots options, IReadOnlyList<FieldRow> pool, bool holdsItem)
{
    private readonly PythonRandom random = new(options.Seed);

    /// <summary>The examples for an item, in order.</summary>
    /// <exception cref="AlidadeException">The pool has too few.</exception>
    public IReadOnlyList<FieldRow> For(FieldRow item)
    {
        if (options.Count == 0)
            return [];
        var without = holdsItem && !options.MayShowItself;
        if (options.Sampler == ExampleSampler.FirstN)
            return Enough([.. pool.Where(p => !without || !p.IsLike(item)).Take(options.Count)]);
        var drawn = options.Count + (without ? 1 : 0);
        return drawn > pool.Count ? throw TooFew() : Enough([.. random.Sample(pool.Count, drawn).Select(i => pool[i]).Where(p => !without || !p.IsLike(item)).Take(options.Count)]);
    }

    private FieldRow[] Enough(FieldRow[] chosen) => chosen.Length == options.Count ? chosen : throw TooFew();

    private AlidadeException TooFew() => new($"{options.Count} examples are asked for, and {(holdsItem && !options.MayShowItself ? "beside the item itself " : "")}there are too few among {pool.Count} rows");
}
