using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Token-level unlikelihood: [Σ_t −log p(y_t) + α Σ_t Σ_{c ∈ C_t} −log max(1 − p(c), δ)] / N against repetition. C_t are the earlier scored tokens of the same row
/// without y_t itself, each once; N the scored tokens of the window.
/// </summary>
/// <remarks>
/// Welleck et al. 2019 (arXiv 1908.04319), eq. 4 and 5. The published criterion flattens the batch, so that candidates of later rows hold tokens of earlier ones; by
/// row, as here, is what the paper says.
/// </remarks>
public sealed record TokenUnlikelihood : ILogitObjective
{
    /// <summary>α at least 0, the weight of the unlikelihood. Default 1, as in the paper.</summary>
    public double Alpha
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 1;

    /// <summary>δ in (0, 1): the smallest 1 − p; below it a candidate has no gradient. Default 10⁻⁵, as the paper's code.</summary>
    public double Clamp
    {
        get;
        init => field = OptionCheck.Allowed(value is > 0 and < 1, Name, nameof(Clamp), value, "above 0 and below 1");
    } = 1e-5;

    /// <inheritdoc/>
    public string Name => "unlikelihood";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <summary>C_t of each scored token, in ascending order.</summary>
    /// <param name="labels">Scored tokens.</param>
    /// <param name="rowOf">Their rows; tokens of a row stand in order.</param>
    public static IReadOnlyList<IReadOnlyList<long>> Candidates(IReadOnlyList<long> labels, IReadOnlyList<long> rowOf)
    {
        var seen = new Dictionary<long, SortedSet<long>>();
        var candidates = new IReadOnlyList<long>[labels.Count];
        for (var i = 0; i < labels.Count; i++)
        {
            if (!seen.TryGetValue(rowOf[i], out var earlier))
                seen.Add(rowOf[i], earlier = []);
            candidates[i] = [.. earlier.Where(c => c != labels[i])];
            earlier.Add(labels[i]);
        }

        return candidates;
    }

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null)
    {
        var all = tokens.Checked().LogSoftmax();
        var selected = tokens.Selected(all);
        var candidates = Candidates(tokens.Labels.cpu().data<long>().ToArray(), tokens.RowOf);
        var (vocabulary, rowOf) = (all.size(1), tokens.RowOf);
        // The candidates alone are gathered: most of the vocabulary is none.
        long[] places = [.. candidates.SelectMany((c, i) => c.Select(token => (i * vocabulary) + token))];
        long[] owners = [.. candidates.SelectMany((c, i) => Enumerable.Repeat(rowOf[i], c.Count))];
        using var index = tensor(places, device: all.device);
        var penalties = RejectedUnlikelihood.Unlikelihood(all.reshape(-1).index_select(0, index), Clamp);
        var unlikelihood = TokenLogProbs.SumOfRows(penalties, owners, tokens.Rows);
        var nll = -selected.RowSums();
        var n = NormaliserOf(window ?? tokens.Shares());
        var perRow = nll + (Alpha * unlikelihood);
        return new(perRow.sum() / n, perRow)
        {
            Metrics = new Dictionary<string, Tensor>(TokenMetrics.Of(selected)) { ["candidates"] = full([], places.Length, all.dtype, all.device) },
            Outputs = new Dictionary<string, Tensor> { ["nll"] = nll.detach().sum() / n, ["unlikelihood"] = unlikelihood.detach().sum() / n },
        };
    }
}
