using Alidade.Models.Architecture;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Functional;

/// <summary>What a trainer logs about scored positions, without gradient, each of shape [positions].</summary>
/// <param name="Entropy">−Σ p log p over the whole vocabulary, in nats.</param>
/// <param name="Correct">1 where the first most likely token is the target, else 0.</param>
/// <param name="MeanLogit">The mean of the logits over the vocabulary.</param>
public readonly record struct TokenStatistics(Tensor Entropy, Tensor Correct, Tensor MeanLogit) : IDisposable
{
    /// <summary>log Σ p² over the whole vocabulary: the log-probability that two draws are the same token; null when nobody asked for it.</summary>
    public Tensor? Collision { get; init; }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Entropy.Dispose();
        Correct.Dispose();
        MeanLogit.Dispose();
        Collision?.Dispose();
    }

    /// <summary>The same tensors, in the outer scope.</summary>
    internal TokenStatistics MovedOut() => new(Entropy.MoveToOuterDisposeScope(), Correct.MoveToOuterDisposeScope(), MeanLogit.MoveToOuterDisposeScope())
    {
        Collision = Collision?.MoveToOuterDisposeScope(),
    };
}

/// <summary>
/// The log-probability of a chosen token at each scored position: log p(y|h) = z_y − log Σ_v exp z_v with z = W h + b, or z = c·tanh((W h + b) / c) under a
/// soft cap c. Logits are computed in chunks of positions, or, where p is kept, in its place; the passes over them go through a few positions at a time.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Forward: p = exp(z − max z) and s = Σ p; z_y − max z − log s is the answer.</item>
/// <item>W has a gradient: p and s are kept. W is frozen and h has one: U = W_y − p W / s is kept, which is all that the gradient needs, and p is not. No gradient:
/// nothing is kept.</item>
/// <item>Backward with g the gradient of the answer. Frozen: dh = g ⊙ U, no vocabulary-sized work. Otherwise: dh = g ⊙ (W_y − p W / s),
/// dW = −pᵀ (g ⊙ h / s) and row y gains g h; the factor g goes into the narrow side, so that backward makes no pass of its own over the vocabulary.</item>
/// <item>In a training pass, which runs backward once, the gradient of a W that is a leaf is added to what it has collected, in place, and p lies in memory of the model's passes, which has it back when it has been read.</item>
/// <item>A soft cap puts its slope 1 − (z/c)² on p and on row y; both are kept with it.</item>
/// </list>
/// </remarks>
public static class SelectedLogProbs
{
    // Large enough for the matrix product to run at full rate, small enough to be reused by the allocator from chunk to chunk.
    private const long ChunkBytes = 32L << 20;

    // Where memory is at hand: the head is packed anew for each chunk.
    private const long WorkspaceBytes = 128L << 20;

    // The passes over scores and probabilities stay in the caches.
    private const long PartBytes = 8L << 20;

    /// <summary>log p(y|h) of each position.</summary>
    /// <param name="hidden">Last hidden states h, [positions, width].</param>
    /// <param name="weight">Output head W, [vocabulary, width]; may be the embedding itself.</param>
    /// <param name="targets">Chosen tokens y, int64, [positions].</param>
    /// <param name="bias">b, [vocabulary]; null for none.</param>
    /// <param name="cap">c, above 0; null for none.</param>
    /// <returns>[positions] in nats, float32 (float64 for float64 inputs).</returns>
    /// <exception cref="TensorException">Shapes or types do not fit, or a target lies outside the vocabulary.</exception>
    public static Tensor Of(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null) =>
        Of(hidden, weight, targets, bias, cap, pool: null);

    /// <summary>The same; with a pool, whose memory holds what is kept, for a graph that runs backward once.</summary>
    internal static Tensor Of(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, SlabPool? pool) =>
        Compute(hidden, weight, targets, bias, null, Rows(ChunkBytes, weight), cap, pool);

    /// <summary>log p(y|h) of each position, and what trainers log beside it, from the same logits.</summary>
    /// <inheritdoc cref="Of(Tensor, Tensor, Tensor, Tensor?, double?)"/>
    /// <param name="collision">Whether <see cref="TokenStatistics.Collision"/> is wanted too; it costs one more pass over the probabilities.</param>
    public static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null, bool collision = false) =>
        WithStatistics(hidden, weight, targets, bias, cap, collision, pool: null);

    /// <summary>The same; with a pool, whose memory holds what is kept, for a graph that runs backward once.</summary>
    internal static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, bool collision, SlabPool? pool) =>
        WithStatistics(hidden, weight, targets, bias, Rows(ChunkBytes, weight), cap, collision, pool);

    internal static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, long rows, double? cap = null, bool collision = false, SlabPool? pool = null)
    {
        var collector = new StatisticsCollector(collision);
        using var scope = NewDisposeScope();
        var logProbs = Compute(hidden, weight, targets, bias, collector, rows, cap, pool).MoveToOuterDisposeScope();
        return (logProbs, collector.Joined(hidden.device));
    }

    /// <summary>log p(y|h) of each position, and 1 where y is a likeliest token, else 0; without gradient, and cheaper than all statistics.</summary>
    /// <inheritdoc cref="Of(Tensor, Tensor, Tensor, Tensor?, double?)"/>
    public static (Tensor LogProbs, Tensor Likeliest) WithLikeliest(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null)
    {
        var collector = new LikeliestCollector();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var logProbs = Compute(hidden, weight, targets, bias, collector, Rows(ChunkBytes, weight), cap).MoveToOuterDisposeScope();
        return (logProbs, collector.Joined(hidden.device));
    }

    internal static Tensor Compute(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, Collector? collector, long rows, double? cap = null, SlabPool? pool = null)
    {
        Check(hidden, weight, targets, bias);
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && (hidden.requires_grad || weight.requires_grad || bias is { requires_grad: true });
        if (hidden.size(0) == 0)
            return hidden.sum(1, type: OutputType(hidden)).MoveToOuterDisposeScope();
        if (wanted)
            return Graph.apply(hidden, weight, targets, bias!, collector!, rows, cap!, pool!).MoveToOuterDisposeScope();
        return Forward(hidden, weight, targets, bias, cap, collector, rows, Keep.Nothing, new()).MoveToOuterDisposeScope();
    }

    private enum Keep
    {
        Nothing,
        Probabilities,
        HiddenGradient,
    }

    /// <summary>Phases 1 and 2.</summary>
    private static Tensor Forward(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, Collector? collector, long rows, Keep keep, Kept kept)
    {
        var chosen = new List<Tensor>();
        var (step, part) = (kept.Workspace?.size(0) ?? rows, Math.Min(rows, Rows(PartBytes, weight)));
        for (var start = 0L; start < hidden.size(0); start += step)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(step, hidden.size(0) - start);
            var h = hidden.narrow(0, start, count);
            var logits = (kept.Workspace is { } place ? new KeptProducts.Product(weight, bias, InputMajor: false).Into(place.narrow(0, 0, count), h) : nn.functional.linear(h, weight, bias))
                .to_type(OutputType(hidden));
            var (sums, slopes) = (new List<Tensor>(), new List<Tensor>());
            for (var first = 0L; first < count; first += part)
            {
                using var inner = NewDisposeScope();
                var length = Math.Min(part, count - first);
                var y = targets.narrow(0, start + first, length);
                var z = logits.narrow(0, first, length);
                if (cap is { } bound)
                    z.div_(Scalars.Of(bound)).tanh_().mul_(Scalars.Of(bound));
                var slope = cap is { } c && keep != Keep.Nothing ? z.div(Scalars.Of(c)).pow_(Scalars.Of(2.0)).neg_().add_(Scalars.One, Scalars.One) : null;
                // One exp a logit and four passes: the library's log-softmax makes its exp anew, and its float32 result is too high by up to 1e-5 over a large
                // vocabulary, because its sum runs along the row in one go; this one is pairwise.
                var most = z.amax([-1L], keepdim: true);
                var shifted = collector is { ReadsScores: true } ? z.sub(most) : z.sub_(most);
                var ofTarget = shifted.gather(1, y.unsqueeze(1)).squeeze(1);
                var probabilities = Interop.ExpInto(kept.Probabilities?.narrow(0, start + first, length) ?? z, shifted);
                var sum = probabilities.sum(-1);
                var selected = ofTarget.sub(sum.log());
                collector?.Add(new(shifted, most.squeeze(1), probabilities, sum, y, ofTarget, selected));
                chosen.Add(selected.DetachFromDisposeScope());
                sums.Add(sum.MoveToOuterDisposeScope());
                if (slope is null)
                    continue;
                probabilities.mul_(slope);
                slopes.Add(slope.gather(1, y.unsqueeze(1)).MoveToOuterDisposeScope());
            }

            if (keep == Keep.Probabilities)
            {
                kept.Sums.AddRange(sums.Select(s => s.MoveToOuterDisposeScope()));
                kept.Slopes.AddRange(slopes.Select(s => s.MoveToOuterDisposeScope()));
            }

            if (keep == Keep.HiddenGradient)
            {
                var rowsOfTargets = weight.index_select(0, targets.narrow(0, start, count));
                if (slopes.Count > 0)
                    rowsOfTargets.mul_(cat(slopes));
                kept.Units.Add(rowsOfTargets.sub_(Expected(logits, cat(sums), weight)).MoveToOuterDisposeScope());
            }
        }

        return Joined(chosen)!;
    }

    /// <summary>The parts as one tensor in this scope; they are freed.</summary>
    private static Tensor? Joined(List<Tensor> parts)
    {
        var joined = parts.Count == 0 ? null : cat(parts);
        foreach (var part in parts)
            part.Dispose();
        return joined;
    }

    /// <summary>What forward keeps for backward, in parts where it is a list, and where it works.</summary>
    private sealed class Kept
    {
        /// <summary>Where logits are computed, [rows, vocabulary], as many rows at a time; null for memory of their own.</summary>
        public Tensor? Workspace { get; init; }

        /// <summary>p up to its sum, [positions, vocabulary]; the place is given.</summary>
        public Tensor? Probabilities { get; init; }

        /// <summary>Σ p of each position, [rows].</summary>
        public List<Tensor> Sums { get; } = [];

        /// <summary>1 − (z/c)² of the targets, [rows, 1].</summary>
        public List<Tensor> Slopes { get; } = [];

        /// <summary>U, [rows, width].</summary>
        public List<Tensor> Units { get; } = [];

        public IEnumerable<Tensor> All() => new[] { Probabilities, Joined(Sums), Joined(Slopes), Joined(Units) }.OfType<Tensor>();
    }

    /// <summary>Σ_v p_v W_v of each position.</summary>
    private static Tensor Expected(Tensor probabilities, Tensor sums, Tensor weight) =>
        probabilities.to_type(weight.dtype).mm(weight).div_(sums.unsqueeze(1).to_type(weight.dtype));

    private static ScalarType OutputType(Tensor hidden) => hidden.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private static long Rows(long bytes, Tensor weight) => Math.Max(1, bytes / Math.Max(1, weight.size(0) * sizeof(float)));

    private static void Check(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias)
    {
        string? rule = null;
        if (hidden.dim() != 2 || weight.dim() != 2 || hidden.size(1) != weight.size(1))
            rule = "hidden states and head must be [positions, width] and [vocabulary, width]";
        else if (hidden.dtype != weight.dtype || !hidden.is_floating_point() || (bias is not null && bias.dtype != weight.dtype))
            rule = "hidden states, head and bias must have one floating type";
        else if (targets.dim() != 1 || targets.size(0) != hidden.size(0) || targets.dtype != ScalarType.Int64)
            rule = "targets must be int64, one for each position";
        else if (bias is not null && (bias.dim() != 1 || bias.size(0) != weight.size(0)))
            rule = "the bias must be [vocabulary]";
        if (rule is not null)
            throw new TensorException($"selected log-probabilities of {NativeErrors.Shapes(hidden, weight, targets, bias)}: {rule}");
        if (targets.size(0) == 0)
            return;
        using var scope = NewDisposeScope();
        var (least, most) = (targets.min().item<long>(), targets.max().item<long>());
        if (least < 0 || most >= weight.size(0))
            throw new TensorException($"target {(least < 0 ? least : most)} lies outside the vocabulary of {weight.size(0)} tokens");
    }

    /// <summary>Gathers what is wanted of each chunk while its logits exist.</summary>
    internal abstract class Collector
    {
        /// <summary>True when the scores are wanted besides the probabilities; else these may stand in their place.</summary>
        public abstract bool ReadsScores { get; }

        /// <summary>Takes what it wants; may use the scores up.</summary>
        public abstract void Add(in Part part);

        /// <summary>The parts as one tensor; they are freed.</summary>
        protected static Tensor Join(List<Tensor> parts, Device device) => (Joined(parts) ?? zeros(0, device: device)).MoveToOuterDisposeScope();
    }

    /// <summary>What is known of some positions.</summary>
    /// <param name="Scores">z − max z, [rows, vocabulary]; used up unless the collector reads them.</param>
    /// <param name="Most">max z of each row.</param>
    /// <param name="Probabilities">p up to the factor <paramref name="Sums"/>, [rows, vocabulary].</param>
    /// <param name="Sums">Σ of each row of the probabilities.</param>
    /// <param name="Targets">y, [rows].</param>
    /// <param name="OfTargets">The scores of the targets, [rows].</param>
    /// <param name="LogProbs">log p of the targets, [rows].</param>
    internal readonly record struct Part(Tensor Scores, Tensor Most, Tensor Probabilities, Tensor Sums, Tensor Targets, Tensor OfTargets, Tensor LogProbs);

    /// <summary>Whether the target is a likeliest token.</summary>
    internal sealed class LikeliestCollector : Collector
    {
        private readonly List<Tensor> likeliest = [];

        public override bool ReadsScores => false;

        public override void Add(in Part part)
        {
            using var scope = NewDisposeScope();
            likeliest.Add(part.OfTargets.eq(Scalars.Of(0.0)).to_type(part.OfTargets.dtype).DetachFromDisposeScope());
        }

        public Tensor Joined(Device device) => Join(likeliest, device);
    }

    /// <summary>What a trainer logs.</summary>
    internal sealed class StatisticsCollector(bool withCollision) : Collector
    {
        private readonly List<Tensor> entropy = [], correct = [], meanLogit = [], collision = [];

        public override bool ReadsScores => true;

        public override void Add(in Part part)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (scores, probabilities) = (part.Scores, part.Probabilities);
            // These wait outside every scope until they are joined.
            correct.Add(scores.argmax(-1).eq(part.Targets).to_type(probabilities.dtype).DetachFromDisposeScope());
            meanLogit.Add(scores.mean([-1]).add_(part.Most, Scalars.One).DetachFromDisposeScope());
            if (withCollision)
                collision.Add(probabilities.norm(1).div_(part.Sums).log_().mul_(Scalars.Of(2.0)).DetachFromDisposeScope());
            // −Σ p log p = log Σ exp s − Σ p s with s = z − max z.
            entropy.Add(part.Sums.log().sub_(scores.mul_(probabilities).sum(-1).div_(part.Sums)).DetachFromDisposeScope());
        }

        public TokenStatistics Joined(Device device) => new(Join(entropy, device), Join(correct, device), Join(meanLogit, device))
        {
            Collision = withCollision ? Join(collision, device) : null,
        };
    }

    /// <summary>The autograd node. Nothing in its backward may throw: an exception there ends the process.</summary>
    private sealed class Graph : autograd.SingleTensorFunction<Graph>
    {
        public override string Name => nameof(SelectedLogProbs);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (hidden, weight, targets, bias, rows) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor?)vars[3], (long)vars[5]);
            var trainable = weight.requires_grad || bias is { requires_grad: true };
            var (cap, pool) = ((double?)vars[6], (SlabPool?)vars[7]);
            var (positions, type) = (hidden.size(0), OutputType(hidden));
            var places = trainable ? positions : Math.Min(positions, Rows(WorkspaceBytes, weight));
            var memory = pool?.Rent(places * weight.size(0), type, hidden.device);
            var place = memory?.Take(places, weight.size(0)) ?? (trainable ? empty(places, weight.size(0), type, hidden.device) : null);
            var kept = new Kept { Workspace = type == hidden.dtype ? place : null, Probabilities = trainable ? place : null };
            var result = Forward(hidden, weight, targets, bias, cap, (Collector?)vars[4], rows, trainable ? Keep.Probabilities : Keep.HiddenGradient, kept);
            var giveBack = new Action(() => Return(pool, memory));
            if (!trainable && memory is not null)
                pool!.Return(memory);
            // A frozen head needs neither itself nor its input again.
            ctx.save_for_backward(trainable ? [hidden, weight, targets, .. kept.All()] : [.. kept.All()]);
            ctx.set_materialize_grads(false);
            ctx.save_data("rows", rows);
            // The weight itself: what is unpacked is another object.
            ctx.save_data("leaf", pool is not null && weight.is_leaf ? new Func<Tensor>(() => weight) : null!);
            ctx.save_data("giveBack", giveBack);
            ctx.save_data("wanted", (trainable, hidden.requires_grad, weight.requires_grad, bias is { requires_grad: true }));
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var g = grad_output;
            var saved = ctx.get_saved_variables();
            var rows = (long)ctx.get_data("rows");
            var giveBack = (Action)ctx.get_data("giveBack");
            var (trainable, ofHidden, ofWeight, ofBias) = ((bool, bool, bool, bool))ctx.get_data("wanted");
            List<Tensor> gradients = [null!, null!, null!, null!, null!, null!, null!, null!];
            if (g.IsInvalid)
            {
                giveBack();
                return gradients;
            }

            if (!trainable)
            {
                gradients[0] = saved[0].mul(g.unsqueeze(1).to_type(saved[0].dtype)).MoveToOuterDisposeScope();
                return gradients;
            }

            var (hidden, weight, targets, probabilities, sums) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
            var slopes = saved.Count > 5 ? saved[5] : null;
            var scaled = g.unsqueeze(1).to_type(hidden.dtype);
            var share = scaled.div(sums.unsqueeze(1).to_type(scaled.dtype));
            var dHidden = ofHidden ? weight.index_select(0, targets) : null;
            if (slopes is not null)
                dHidden?.mul_(slopes);
            // A copy of its own would live until the whole backward pass is over.
            var isNew = true;
            var leaf = (Func<Tensor>?)ctx.get_data("leaf");
            var dWeight = !ofWeight ? null : leaf is null ? empty_like(weight) : LeafGradient.Collected(leaf(), out isNew);
            var dBias = ofBias ? weight.new_zeros(weight.size(0)) : null;
            // All positions at once, unless each chunk has to be converted first.
            var step = probabilities.dtype == weight.dtype ? probabilities.size(0) : rows;
            for (var start = 0L; start < probabilities.size(0); start += step)
            {
                using var inner = NewDisposeScope();
                var count = Math.Min(step, probabilities.size(0) - start);
                Tensor Part(Tensor x) => x.narrow(0, start, count);
                var p = Part(probabilities).to_type(weight.dtype);
                if (dHidden is not null)
                    Part(dHidden).sub_(Expected(p, Part(sums), weight));
                if (dWeight is not null)
                    dWeight.addmm_(p.t(), Part(hidden).mul(Part(share)), beta: start == 0 && isNew ? 0 : 1, alpha: -1);
                if (dBias is not null)
                    dBias.sub_(p.t().mv(Part(share).squeeze(1)));
            }

            giveBack();
            dHidden?.mul_(scaled);
            var ofTargets = slopes is null ? scaled : scaled.mul(slopes);
            dWeight?.index_add_(0, targets, hidden.mul(ofTargets), 1);
            dBias?.index_add_(0, targets, ofTargets.squeeze(1), 1);
            gradients[0] = dHidden?.MoveToOuterDisposeScope()!;
            if (leaf is null)
                gradients[1] = dWeight?.MoveToOuterDisposeScope()!;
            gradients[3] = dBias?.MoveToOuterDisposeScope()!;
            return gradients;
        }

        // Runs once, however often backward does. The blocks' backward comes next, and the node holds the memory until then.
        private static void Return(SlabPool? pool, Slab? memory)
        {
            if (memory is not { Used: > 0 })
                return;
            memory.Empty();
            pool!.Return(memory);
        }
    }
}
