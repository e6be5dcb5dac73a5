using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Chat;
using Alidade.Training.Rewards;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Loops;

/// <summary>What a model says of texts when it is asked about them.</summary>
/// <param name="Probabilities">For each text the probability that it contains the attribute; null where the model does not say.</param>
/// <param name="LeftOut">Texts without one, by reason.</param>
public sealed record SelfDiagnoses(IReadOnlyList<double?> Probabilities, IReadOnlyDictionary<string, int> LeftOut);

/// <summary>
/// Self-debiasing: while a text is written, tokens that a prefix such as "The following text contains rude language:" makes likelier lose probability, by the model's own knowledge of what is rude. Nothing is trained.
/// </summary>
/// <remarks>
/// Schick et al. 2021 (arXiv 2103.00453), eq. 2–5: Δ(w) = p(w|x) − p(w|s + x), p̃(w) ∝ p(w|x)·max(ε, e^(λ·Δ(w))) where Δ &lt; 0, else p(w|x); of several attributes the smallest Δ counts.
/// </remarks>
public sealed record SelfDebiasing
{
    /// <summary>Least probability of Yes and No together from which a diagnosis is read.</summary>
    private const double LeastMass = 1e-6;

    /// <summary>The model.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>The adapter; null for the model as it is.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>What is not wanted, as the prefix names it. Default the six attributes of Perspective API in the paper's words (appendix A).</summary>
    public IReadOnlyList<string> Attributes
    {
        get;
        init => field = value.Count > 0 ? value : throw new AlidadeException("self-debiasing needs to know what is not wanted: name at least one attribute");
    } =
    [
        "rude, disrespectful or unreasonable language",
        "very hateful, aggressive, disrespectful language",
        "sexually explicit language",
        "a threat",
        "swear words, curse words, or other obscene or profane language",
        "negative or hateful language targeting someone because of their identity",
    ];

    /// <summary>What stands before the prompt; {0} is the attribute. Default the paper's.</summary>
    public string Prefix { get; init; } = "The following text contains {0}:\n";

    /// <summary>λ ≥ 0: how strongly tokens are held back. Default 50, as the paper's code.</summary>
    public double Decay
    {
        get;
        init => field = value >= 0 && double.IsFinite(value) ? value : throw new AlidadeException($"self-debiasing's decay is {value}; it must be a number of at least 0");
    } = 50;

    /// <summary>ε in [0, 1]: the least factor. Default 0.01, as the paper's code.</summary>
    public double Least
    {
        get;
        init => field = value is >= 0 and <= 1 ? value : throw new AlidadeException($"self-debiasing's least factor is {value}; it must be from 0 to 1");
    } = 0.01;

    /// <summary>Most tokens of a text (at least 1). Default 20, as in the paper's experiments.</summary>
    public int MaxNewTokens
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"at most {value} tokens were asked for; it must be at least 1");
    } = 20;

    /// <summary>Temperature; 0 takes the best token. Default 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Seed of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>Continues plain texts.</summary>
    /// <param name="prompts">Plain texts; a conversation has no place for the prefix.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="AlidadeException">A prompt is a conversation or empty.</exception>
    public IReadOnlyList<AnsweredPrompt> Continue(IReadOnlyList<AskedPrompt> prompts, CancellationToken cancellation = default)
    {
        DecodingView[][] rows = [.. prompts.Select(p => Views(p))];
        SeededRandom[] draws = [.. rows.Select((_, i) => new SeededRandom(Seed).Fork(FormattableString.Invariant($"text {i}")))];
        var texts = MixedDecoder.Decode(Model, rows, Combine, MaxNewTokens, Temperature, draws, cancellation);
        return [.. texts.Select((t, i) => new AnsweredPrompt(prompts[i], t.Text, rows[i][0].Prefix, t.Ids, t.Ended))];
    }

    /// <summary>
    /// Self-diagnosis: p(Yes)/(p(Yes) + p(No)) after the question whether a text contains an attribute.
    /// </summary>
    /// <remarks>Schick et al. 2021, sec. 3.1.</remarks>
    /// <param name="texts">The texts.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="cancellation">Stops between texts.</param>
    /// <exception cref="AlidadeException">The tokenizer begins " Yes" and " No" with one and the same token, so that the model cannot be asked this way.</exception>
    public SelfDiagnoses Diagnose(IReadOnlyList<string> texts, string attribute, CancellationToken cancellation = default)
    {
        int First(string answer) => Model.Tokenizer.Encode(answer) is [var id, ..] ? id : throw new AlidadeException($"{Model.Name}: '{answer}' has no token");
        var (yes, no) = (First(" Yes"), First(" No"));
        if (yes == no)
            throw new AlidadeException($"{Model.Name}: \" Yes\" and \" No\" begin with one token, so self-diagnosis would say ½ of every text; use a model whose tokenizer tells them apart");
        var leftOut = new ReasonCounts();
        using var use = Model.Use(Adapter);
        double?[] probabilities = [.. texts.Select(text =>
        {
            cancellation.ThrowIfCancellationRequested();
            var (value, why) = Diagnose(text, attribute, yes, no);
            if (why is not null)
                leftOut.Add(why);
            return value;
        })];
        return new(probabilities, leftOut.Counts);
    }

    private (double? Value, string? Why) Diagnose(string text, string attribute, int yes, int no)
    {
        int[] ids = [.. Model.Tokenizer.Encode($"\"{text}\"\nQuestion: Does the above text contain {attribute}?\nAnswer:")];
        if (ids.Length > Model.Config.ContextLength)
            return (null, "longer than the model's context");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = Alidade.Models.Batches.TokenGrid.Of(ids);
        var hidden = Model.Hidden(grid);
        var logp = Model.Unembed(hidden.select(1, hidden.size(1) - 1)).log_softmax(-1)[0].to(ScalarType.Float64);
        double yesLogp = logp[yes].item<double>(), noLogp = logp[no].item<double>();
        // Of what the model holds for as good as impossible, the ratio is rounding.
        return Math.Exp(yesLogp) + Math.Exp(noLogp) < LeastMass ? (null, "neither Yes nor No is likely") : (1 / (1 + Math.Exp(noLogp - yesLogp)), null);
    }

    /// <summary>Scores whose softmax is p̃.</summary>
    /// <param name="views">log p under the plain prompt, then under each prefix, each [rows, vocabulary].</param>
    internal Tensor Combine(Tensor[] views)
    {
        var plain = views[0].exp();
        var delta = views.Skip(1).Select(v => plain - v.exp()).Aggregate((a, b) => minimum(a, b));
        return views[0] + (Decay * delta.clamp_max(0)).clamp_min(Least == 0 ? double.NegativeInfinity : Math.Log(Least));
    }

    private DecodingView[] Views(AskedPrompt asked)
    {
        var text = asked.Prompt.Text ?? throw new AlidadeException($"prompt '{asked.Id}' is a conversation; self-debiasing continues plain texts");
        var encoder = TextEncoder.Of(Model);
        IReadOnlyList<int> Ids(string whole) => encoder.Plain(whole);
        return [new(Adapter, Ids(text)), .. Attributes.Select(a => new DecodingView(Adapter, Ids(string.Format(System.Globalization.CultureInfo.InvariantCulture, Prefix, a) + text)))];
    }
}
