using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Families;

namespace Alidade.Models.Architecture;

/// <summary>
/// The head of a sequence-classification or reward model: scores = h W_sᵀ with h the hidden state of a text's last token. The hub's
/// <c>LlamaForSequenceClassification</c> and its like have it in place of the output head. <c>LlamaForTokenClassification</c> and its like have scores = h W_sᵀ + b_s at
/// every token: a process reward model.
/// </summary>
public sealed record ScoringConfig
{
    /// <summary>Name of the head's weight, [labels, width], in every family's files and in PEFT's.</summary>
    public const string WeightName = "score.weight";

    /// <summary>Name of the bias of a head that scores tokens, [labels].</summary>
    public const string BiasName = "score.bias";

    private const string Suffix = "ForSequenceClassification";
    private const string TokenSuffix = "ForTokenClassification";

    /// <summary>What the scores are for; a reward model has one.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>True for the head of a token-classification model, which has a bias.</summary>
    public bool OfTokens { get; init; }

    /// <summary>The token that fills up rows; kept for files alone, since padding is known from the mask.</summary>
    public int? PadToken { get; init; }

    /// <summary>Labels as the hub names them where nobody did: LABEL_0, LABEL_1, …</summary>
    public static ScoringConfig OfCount(int labels) => new() { Labels = [.. Enumerable.Range(0, labels).Select(i => $"LABEL_{i}")] };

    /// <summary>Reads config.json; null when the model is of another kind.</summary>
    internal static ScoringConfig? Read(ConfigReader config)
    {
        var architectures = config.Texts("architectures");
        var ofTokens = architectures.Any(a => a.EndsWith(TokenSuffix, StringComparison.Ordinal));
        if (!ofTokens && !architectures.Any(a => a.EndsWith(Suffix, StringComparison.Ordinal)))
            return null;
        var pad = config.TokenIds("pad_token_id") is [var id, ..] ? id : (int?)null;
        return new() { Labels = LabelsOf(config), PadToken = pad, OfTokens = ofTokens };
    }

    /// <summary>The labels of a config.json: <c>id2label</c> counts from "0"; without it there are <c>num_labels</c>, two where nothing is said.</summary>
    internal static IReadOnlyList<string> LabelsOf(ConfigReader config)
    {
        if (config.Object("id2label") is not { } names)
            return OfCount(config.OptionalSize("num_labels") ?? 2).Labels;
        var count = names.Keys.Count();
        return [.. Enumerable.Range(0, count).Select(i => names.Text(FormattableString.Invariant($"{i}"))
            ?? throw new AlidadeException($"{config.Where}: 'id2label' names {count} labels, and none of them is \"{i}\""))];
    }

    /// <summary>Makes the config.json of a language model that of a model with this head.</summary>
    internal void Write(JsonObject config)
    {
        var model = config["architectures"]![0]!.GetValue<string>();
        foreach (var other in (string[])["ForCausalLM", "LMHeadModel"])
            model = model.Replace(other, "", StringComparison.Ordinal);
        config["architectures"] = new JsonArray(model + (OfTokens ? TokenSuffix : Suffix));
        config["id2label"] = new JsonObject(Labels.Select((l, i) => KeyValuePair.Create(i.ToString(System.Globalization.CultureInfo.InvariantCulture), (JsonNode?)l)));
        config["label2id"] = new JsonObject(Labels.Select((l, i) => KeyValuePair.Create(l, (JsonNode?)i)));
        if (PadToken is { } pad)
            config["pad_token_id"] = pad;
    }
}
