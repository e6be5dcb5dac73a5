using Alidade.Models.Functional;
using Alidade.Models.Native;
using Alidade.Models.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The output head: logits = s·(hW_Uᵀ + b_U), then c·tanh(logits / c) where there is a soft cap.</summary>
internal sealed class OutputHead(DecoderConfig config, Linear projection)
{
    /// <summary>W_U, [vocabulary, width], and b_U.</summary>
    public Linear Projection => projection;

    /// <param name="hidden">[.., width], after the final norm.</param>
    /// <returns>[.., vocabulary].</returns>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return Finished(projection.Apply(hidden)).MoveToOuterDisposeScope();
    }

    /// <summary>The same of a decoding step, whose few rows have a product of their own; it differs in the last bits.</summary>
    public Tensor StepLogits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return Finished(HeadProduct.Of(hidden, projection) ?? projection.Apply(hidden)).MoveToOuterDisposeScope();
    }

    // The base's weight itself where nothing changes it, so that its gradient is collected in place.
    private Tensor Weight => projection.Update is null ? projection.Weight : projection.UpdatedWeight();

    private Tensor Finished(Tensor logits)
    {
        if (config.LogitScale != 1)
            logits = logits.mul(Scalars.Of(config.LogitScale));
        return config.LogitCap is { } cap ? SoftCap.Apply(logits, cap) : logits;
    }

    /// <summary>log p of each target, of logits divided by a temperature; see <see cref="SelectedLogProbs"/>. With a pool, the graph runs backward once.</summary>
    public Tensor LogProbs(Tensor hidden, Tensor targets, SlabPool? pool, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var (input, shift, cap) = Scaled(hidden, temperature);
        return SelectedLogProbs.Of(input, Weight, targets, shift, cap, pool).MoveToOuterDisposeScope();
    }

    /// <summary>The same with 1 where the target is a likeliest token, without gradient.</summary>
    public (Tensor LogProbs, Tensor Likeliest) LogProbsWithLikeliest(Tensor hidden, Tensor targets)
    {
        using var scope = NewDisposeScope();
        var (input, shift, cap) = Scaled(hidden, temperature: 1);
        var (logProbs, likeliest) = SelectedLogProbs.WithLikeliest(input, Weight, targets, shift, cap);
        return (logProbs.MoveToOuterDisposeScope(), likeliest.MoveToOuterDisposeScope());
    }

    /// <summary>The same with what trainers log beside it.</summary>
    public (Tensor LogProbs, TokenStatistics Statistics) LogProbsWithStatistics(Tensor hidden, Tensor targets, bool collision, SlabPool? pool, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        var (input, shift, cap) = Scaled(hidden, temperature);
        var (logProbs, statistics) = SelectedLogProbs.WithStatistics(input, Weight, targets, shift, cap, collision, pool);
        return (logProbs.MoveToOuterDisposeScope(), statistics.MovedOut());
    }

    // c·tanh(z / c) / T = c'·tanh(z' / c') with z' = z / T and c' = c / T: a factor on the narrow side serves both.
    private (Tensor Hidden, Tensor? Bias, double? Cap) Scaled(Tensor hidden, double temperature)
    {
        var factor = config.LogitScale / temperature;
        return factor == 1
            ? (hidden, projection.Bias, config.LogitCap)
            : (hidden.mul(Scalars.Of(factor)), projection.Bias is { } bias ? bias.mul(Scalars.Of(factor)) : null, config.LogitCap / temperature);
    }
}
