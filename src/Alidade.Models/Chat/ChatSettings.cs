using System.Globalization;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Constraints;
using Microsoft.Extensions.AI;

namespace Alidade.Models.Chat;

/// <summary>The options of a chat call as options of generation; what a local model cannot do is refused by name.</summary>
internal static class ChatSettings
{
    /// <summary>The settings of a call.</summary>
    /// <param name="options">What the caller asks for. Its <c>AdditionalProperties</c> may hold min_p, typical_p, repetition_penalty, no_repeat_ngram_size and
    /// min_tokens; its <c>RawRepresentationFactory</c> may give a <see cref="GenerationOptions"/> to begin with.</param>
    /// <param name="client">Handed to the factory.</param>
    /// <param name="modelName">What the caller may name as the model.</param>
    /// <param name="defaults">What holds where nothing is said.</param>
    /// <exception cref="AlidadeException">Some options are not supported; the message names all of them.</exception>
    public static GenerationOptions Of(ChatOptions options, IChatClient client, string modelName, GenerationOptions defaults)
    {
        var begin = defaults;
        switch (options.RawRepresentationFactory?.Invoke(client))
        {
            case null:
                break;
            case GenerationOptions own:
                begin = own;
                break;
            case var other:
                throw new AlidadeException($"RawRepresentationFactory gave {other.GetType().Name}; a local model takes {nameof(GenerationOptions)}");
        }

        Refuse(options, modelName);
        var more = options.AdditionalProperties ?? [];
        double Number(string name, double otherwise) => more.TryGetValue(name, out var value) ? AsNumber(name, value) : otherwise;
        int Whole(string name, int otherwise) => Number(name, otherwise) is var number && (int)number == number
            ? (int)number : throw new AlidadeException(FormattableString.Invariant($"AdditionalProperties '{name}' is {number}, it must be a whole number"));
        return begin with
        {
            MaxNewTokens = options.MaxOutputTokens ?? begin.MaxNewTokens,
            MinNewTokens = Whole("min_tokens", begin.MinNewTokens),
            Temperature = Exact(options.Temperature) ?? begin.Temperature,
            TopK = options.TopK ?? begin.TopK,
            TopP = Exact(options.TopP) ?? begin.TopP,
            MinP = Number("min_p", begin.MinP),
            TypicalP = Number("typical_p", begin.TypicalP),
            RepetitionPenalty = Number("repetition_penalty", begin.RepetitionPenalty),
            NoRepeatNgramSize = Whole("no_repeat_ngram_size", begin.NoRepeatNgramSize),
            FrequencyPenalty = Exact(options.FrequencyPenalty) ?? begin.FrequencyPenalty,
            PresencePenalty = Exact(options.PresencePenalty) ?? begin.PresencePenalty,
            Seed = options.Seed is { } seed ? (ulong)seed : begin.Seed,
            Stop = options.StopSequences is { } stop ? [.. stop] : begin.Stop,
            Constraint = options.ResponseFormat switch
            {
                null => begin.Constraint,
                ChatResponseFormatJson { Schema: { } schema } => OutputConstraint.JsonSchema(schema.GetRawText()),
                ChatResponseFormatJson => OutputConstraint.Json(),
                ChatResponseFormatText => null,
                var other => throw new AlidadeException($"a response format of type {other.GetType().Name} is not supported; text and JSON are"),
            },
        };
    }

    private static void Refuse(ChatOptions options, string modelName)
    {
        string[] known = ["min_p", "typical_p", "repetition_penalty", "no_repeat_ngram_size", "min_tokens"];
        var refused = new List<string>();
        if (options.Tools is { Count: > 0 })
            refused.Add("Tools");
        if (options.ToolMode is RequiredChatToolMode)
            refused.Add("ToolMode");
        if (options.ConversationId is not null)
            refused.Add("ConversationId");
        if (options.Reasoning is not null)
            refused.Add("Reasoning");
        if (options.ContinuationToken is not null)
            refused.Add("ContinuationToken");
        if (options.AllowBackgroundResponses is true)
            refused.Add("AllowBackgroundResponses");
        if (options.ModelId is { } id && id != modelName)
            refused.Add($"ModelId '{id}' (the model is '{modelName}')");
        refused.AddRange((options.AdditionalProperties ?? []).Keys.Where(k => !known.Contains(k)).Select(k => $"AdditionalProperties '{k}'"));
        if (refused.Count > 0)
            throw new AlidadeException($"a local model does not support {string.Join(", ", refused)}");
    }

    // 0.7f is meant as 0.7, not as 0.699999988.
    private static double? Exact(float? value) => value is { } number ? double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;

    private static double AsNumber(string name, object? value)
    {
        try
        {
            return Convert.ToDouble(value is System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Number } element ? element.GetDouble() : value, CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is FormatException or InvalidCastException or OverflowException)
        {
            throw new AlidadeException($"AdditionalProperties '{name}' is {value}, it must be a number", exception);
        }
    }
}
