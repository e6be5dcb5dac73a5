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
/// soft cap c, in chunks of positions, so that the logits of a long batch never exist at once.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>Forward, per chunk: p = exp(z − max z) and s = Σ p; z_y − max z − log s is the answer.</item>
/// <item>W has a gradient: p and s are kept. W is frozen and h has one: U = W_y − p W / s is kept, which is all that the gradient needs, and p is not. No gradient:
/// nothing is kept.</item>
/// <item>Backward with g the gradient of the answer. Frozen: dh = g ⊙ U, no vocabulary-sized work. Otherwise: dh = g ⊙ (W_y − p W / s),
/// dW = −pᵀ (g ⊙ h / s) and row y gains g h; the factor g goes into the narrow side, so that backward makes no pass of its own over a chunk.</item>
/// <item>In a training pass, which runs backward once, the gradient of a W that is a leaf is added to what it has collected, in place, and p goes when it has been read.</item>
/// <item>A soft cap puts its slope 1 − (z/c)² on p and on row y; both are kept with it.</item>
/// </list>
/// </remarks>
public static class SelectedLogProbs
{
    // Large enough for the matrix product to run at full rate, small enough to be reused by the allocator from chunk to chunk.
    private const long ChunkBytes = 32L << 20;

    /// <summary>log p(y|h) of each position.</summary>
    /// <param name="hidden">Last hidden states h, [positions, width].</param>
    /// <param name="weight">Output head W, [vocabulary, width]; may be the embedding itself.</param>
    /// <param name="targets">Chosen tokens y, int64, [positions].</param>
    /// <param name="bias">b, [vocabulary]; null for none.</param>
    /// <param name="cap">c, above 0; null for none.</param>
    /// <returns>[positions] in nats, float32 (float64 for float64 inputs).</returns>
    /// <exception cref="TensorException">Shapes or types do not fit, or a target lies outside the vocabulary.</exception>
    public static Tensor Of(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null) =>
        Of(hidden, weight, targets, bias, cap, once: false);

    /// <summary>The same; <paramref name="once"/> for a graph that runs backward once.</summary>
    internal static Tensor Of(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, bool once) =>
        Compute(hidden, weight, targets, bias, null, ChunkRows(weight), cap, once);

    /// <summary>log p(y|h) of each position, and what trainers log beside it, from the same logits.</summary>
    /// <inheritdoc cref="Of(Tensor, Tensor, Tensor, Tensor?, double?)"/>
    /// <param name="collision">Whether <see cref="TokenStatistics.Collision"/> is wanted too; it costs one more pass over the probabilities.</param>
    public static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null, bool collision = false) =>
        WithStatistics(hidden, weight, targets, bias, cap, collision, once: false);

    /// <summary>The same; <paramref name="once"/> for a graph that runs backward once.</summary>
    internal static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, bool collision, bool once) =>
        WithStatistics(hidden, weight, targets, bias, ChunkRows(weight), cap, collision, once);

    internal static (Tensor LogProbs, TokenStatistics Statistics) WithStatistics(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, long rows, double? cap = null, bool collision = false, bool once = false)
    {
        var collector = new StatisticsCollector(collision);
        using var scope = NewDisposeScope();
        var logProbs = Compute(hidden, weight, targets, bias, collector, rows, cap, once).MoveToOuterDisposeScope();
        return (logProbs, collector.Joined(hidden.device));
    }

    /// <summary>log p(y|h) of each position, and 1 where y is a likeliest token, else 0; without gradient, and cheaper than all statistics.</summary>
    /// <inheritdoc cref="Of(Tensor, Tensor, Tensor, Tensor?, double?)"/>
    public static (Tensor LogProbs, Tensor Likeliest) WithLikeliest(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, double? cap = null)
    {
        var collector = new LikeliestCollector();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var logProbs = Compute(hidden, weight, targets, bias, collector, ChunkRows(weight), cap).MoveToOuterDisposeScope();
        return (logProbs, collector.Joined(hidden.device));
    }

    internal static Tensor Compute(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, Collector? collector, long rows, double? cap = null, bool once = false)
    {
        Check(hidden, weight, targets, bias);
        using var scope = NewDisposeScope();
        var wanted = is_grad_enabled() && (hidden.requires_grad || weight.requires_grad || bias is { requires_grad: true });
        if (hidden.size(0) == 0)
            return hidden.sum(1, type: OutputType(hidden)).MoveToOuterDisposeScope();
        if (wanted)
            return Graph.apply(hidden, weight, targets, bias!, collector!, rows, cap!, once).MoveToOuterDisposeScope();
        return Forward(hidden, weight, targets, bias, cap, collector, rows, Keep.Nothing, []).MoveToOuterDisposeScope();
    }

    private enum Keep
    {
        Nothing,
        Probabilities,
        HiddenGradient,
    }

    /// <summary>Phases 1 and 2; what is kept is added to <paramref name="kept"/>, one tensor per chunk.</summary>
    private static Tensor Forward(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, double? cap, Collector? collector, long rows, Keep keep, List<Tensor> kept)
    {
        var chosen = new List<Tensor>();
        for (var start = 0L; start < hidden.size(0); start += rows)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(rows, hidden.size(0) - start);
            var y = targets.narrow(0, start, count);
            var logits = nn.functional.linear(hidden.narrow(0, start, count), weight, bias);
            if (cap is { } bound)
                logits.div_(Scalars.Of(bound)).tanh_().mul_(Scalars.Of(bound));
            var slopes = cap is { } c && keep != Keep.Nothing ? logits.div(Scalars.Of(c)).pow_(Scalars.Of(2.0)).neg_().add_(Scalars.One, Scalars.One) : null;
            // One exp a logit and four passes: the library's log-softmax makes its exp anew, and its float32 result is too high by up to 1e-5 over a large
            // vocabulary, because its sum runs along the row in one go; this one is pairwise.
            var scores = logits.to_type(OutputType(hidden));
            var most = scores.amax([-1L], keepdim: true);
            var shifted = collector is { ReadsLogits: true } ? scores.sub(most) : scores.sub_(most);
            var ofTarget = shifted.gather(1, y.unsqueeze(1)).squeeze(1);
            var probabilities = shifted.exp_();
            var sums = probabilities.sum(-1);
            var selected = ofTarget.sub(sums.log());
            chosen.Add(selected.MoveToOuterDisposeScope());
            collector?.Add(new(logits, probabilities, sums, y, ofTarget, selected));
            logits.Dispose();
            if (slopes is not null)
                probabilities.mul_(slopes);
            var slopeOfTarget = slopes?.gather(1, y.unsqueeze(1));
            if (keep == Keep.Probabilities)
                kept.AddRange(probabilities.MoveToOuterDisposeScope(), sums.MoveToOuterDisposeScope());
            if (keep == Keep.Probabilities && slopeOfTarget is not null)
                kept.Add(slopeOfTarget.MoveToOuterDisposeScope());
            if (keep == Keep.HiddenGradient)
                kept.Add((slopeOfTarget is null ? weight.index_select(0, y) : weight.index_select(0, y).mul_(slopeOfTarget)).sub_(Expected(probabilities, sums, weight)).MoveToOuterDisposeScope());
        }

        return chosen.Count == 1 ? chosen[0] : cat(chosen);
    }

    /// <summary>Σ_v p_v W_v of each position.</summary>
    private static Tensor Expected(Tensor probabilities, Tensor sums, Tensor weight) =>
        probabilities.to_type(weight.dtype).mm(weight).div_(sums.unsqueeze(1).to_type(weight.dtype));

    private static ScalarType OutputType(Tensor hidden) => hidden.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    private static long ChunkRows(Tensor weight) => Math.Max(1, ChunkBytes / Math.Max(1, weight.size(0) * sizeof(float)));

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
        /// <summary>True when the logits are wanted besides the probabilities; else these may stand in their place.</summary>
        public abstract bool ReadsLogits { get; }

        /// <summary>Takes what it wants; may use the logits up.</summary>
        public abstract void Add(in Chunk chunk);

        /// <summary>The parts of the chunks as one tensor; they are freed.</summary>
        protected static Tensor Join(List<Tensor> parts, Device device)
        {
            var joined = parts.Count == 0 ? zeros(0, device: device) : cat(parts);
            foreach (var part in parts)
                part.Dispose();
            return joined.MoveToOuterDisposeScope();
        }
    }

    /// <summary>What is known of some positions.</summary>
    /// <param name="Logits">z, [rows, vocabulary]; used up unless the collector reads them.</param>
    /// <param name="Probabilities">p up to the factor <paramref name="Sums"/>, [rows, vocabulary].</param>
    /// <param name="Sums">Σ of each row of the probabilities.</param>
    /// <param name="Targets">y, [rows].</param>
    /// <param name="OfTargets">z of the targets below the largest z of their row, [rows].</param>
    /// <param name="LogProbs">log p of the targets, [rows].</param>
    internal readonly record struct Chunk(Tensor Logits, Tensor Probabilities, Tensor Sums, Tensor Targets, Tensor OfTargets, Tensor LogProbs);

    /// <summary>Whether the target is a likeliest token.</summary>
    internal sealed class LikeliestCollector : Collector
    {
        private readonly List<Tensor> likeliest = [];

        public override bool ReadsLogits => false;

        public override void Add(in Chunk chunk)
        {
            using var scope = NewDisposeScope();
            likeliest.Add(chunk.OfTargets.eq(Scalars.Of(0.0)).to_type(chunk.OfTargets.dtype).DetachFromDisposeScope());
        }

        public Tensor Joined(Device device) => Join(likeliest, device);
    }

    /// <summary>What a trainer logs.</summary>
    internal sealed class StatisticsCollector(bool withCollision) : Collector
    {
        private readonly List<Tensor> entropy = [], correct = [], meanLogit = [], collision = [];

        public override bool ReadsLogits => true;

        public override void Add(in Chunk chunk)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (logits, probabilities) = (chunk.Logits, chunk.Probabilities);
            // These wait outside every scope until they are joined.
            correct.Add(logits.argmax(-1).eq(chunk.Targets).to_type(probabilities.dtype).DetachFromDisposeScope());
            meanLogit.Add(logits.mean([-1], type: probabilities.dtype).DetachFromDisposeScope());
            if (withCollision)
                collision.Add(probabilities.norm(1).div_(chunk.Sums).log_().mul_(Scalars.Of(2.0)).DetachFromDisposeScope());
            // −Σ p log p = log Σ exp z − Σ p z, and log Σ exp z = z_y − log p_y.
            var normaliser = logits.gather(1, chunk.Targets.unsqueeze(1)).squeeze(1).sub(chunk.LogProbs);
            var expected = logits.to_type(probabilities.dtype).mul_(probabilities).sum(-1).div_(chunk.Sums);
            entropy.Add(normaliser.sub_(expected).DetachFromDisposeScope());
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
            var kept = new List<Tensor>();
            var cap = (double?)vars[6];
            var result = Forward(hidden, weight, targets, bias, cap, (Collector?)vars[4], rows, trainable ? Keep.Probabilities : Keep.HiddenGradient, kept);
            // A frozen head needs neither itself nor its input again.
            ctx.save_for_backward(trainable ? [hidden, weight, targets, .. kept] : kept);
            ctx.set_materialize_grads(false);
            ctx.save_data("rows", rows);
            // The weight itself: what is unpacked is another object.
            ctx.save_data("leaf", (bool)vars[7] && weight.is_leaf ? new Func<Tensor>(() => weight) : null!);
            ctx.save_data("once", vars[7]);
            ctx.save_data("kept", cap is null ? 2 : 3);
            ctx.save_data("wanted", (trainable, hidden.requires_grad, weight.requires_grad, bias is { requires_grad: true }));
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var g = grad_output;
            var saved = ctx.get_saved_variables();
            var rows = (long)ctx.get_data("rows");
            var each = (int)ctx.get_data("kept");
            var once = (bool)ctx.get_data("once");
            var (trainable, ofHidden, ofWeight, ofBias) = ((bool, bool, bool, bool))ctx.get_data("wanted");
            List<Tensor> gradients = [null!, null!, null!, null!, null!, null!, null!, null!];
            if (g.IsInvalid)
                return gradients;
            if (!trainable)
            {
                var unit = saved.Count == 1 ? saved[0] : cat(saved);
                gradients[0] = unit.mul(g.unsqueeze(1).to_type(unit.dtype)).MoveToOuterDisposeScope();
                return gradients;
            }

            var (hidden, weight, targets) = (saved[0], saved[1], saved[2]);
            var scaled = g.unsqueeze(1).to_type(hidden.dtype);
            var slopes = each == 2 ? null : cat([.. saved.Skip(3).Where((_, i) => i % each == 2)]);
            var dHidden = ofHidden ? weight.index_select(0, targets) : null;
            if (slopes is not null)
                dHidden?.mul_(slopes);
            // A copy of its own would live until the whole backward pass is over.
            var isNew = true;
            var leaf = (Func<Tensor>?)ctx.get_data("leaf");
            var dWeight = !ofWeight ? null : leaf is null ? empty_like(weight) : LeafGradient.Collected(leaf(), out isNew);
            var dBias = ofBias ? weight.new_zeros(weight.size(0)) : null;
            for (var chunk = 0; chunk < (saved.Count - 3) / each; chunk++)
            {
                using var inner = NewDisposeScope();
                var (p, sums) = (saved[3 + (each * chunk)].to_type(weight.dtype), saved[4 + (each * chunk)]);
                var (start, count) = (chunk * rows, p.size(0));
                if (dHidden is not null)
                    dHidden.narrow(0, start, count).sub_(Expected(p, sums, weight));
                var share = scaled.narrow(0, start, count).div(sums.unsqueeze(1).to_type(scaled.dtype));
                if (dWeight is not null)
                    dWeight.addmm_(p.t(), hidden.narrow(0, start, count).mul(share), beta: chunk == 0 && isNew ? 0 : 1, alpha: -1);
                if (dBias is not null)
                    dBias.sub_(p.t().mv(share.squeeze(1)));
                // The node holds them until the whole backward pass is over.
                if (once)
                    Pages.Release(saved[3 + (each * chunk)]);
            }

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
    }
}
