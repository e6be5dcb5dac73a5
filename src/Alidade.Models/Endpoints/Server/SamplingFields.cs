using Alidade.Models.Generation;

namespace Alidade.Models.Endpoints.Server;

/// <summary>The fields that chats and completions share.</summary>
internal static class SamplingFields
{
    private const int MostStops = 16;
    private const int MostTopLogProbs = 20;

    /// <summary>
    /// Reads how to sample. What is not given is at the protocol's default (temperature 1, all tokens), and an unset seed is drawn. Beyond the protocol:
    /// <c>top_k</c>, <c>min_p</c>, <c>typical_p</c>, <c>repetition_penalty</c>, as other servers name them.
    /// </summary>
    public static GenerationOptions Read(RequestReader body) => new()
    {
        Temperature = body.Number("temperature", 0, 100) ?? 1,
        TopP = body.Number("top_p", 1e-9, 1) ?? 1,
        TopK = (int)(body.Integer("top_k", 0, int.MaxValue) ?? 0),
        MinP = body.Number("min_p", 0, 1) ?? 0,
        TypicalP = body.Number("typical_p", 1e-9, 1) ?? 1,
        RepetitionPenalty = body.Number("repetition_penalty", 0.01, 100) ?? 1,
        FrequencyPenalty = body.Number("frequency_penalty", -2, 2) ?? 0,
        PresencePenalty = body.Number("presence_penalty", -2, 2) ?? 0,
        SequenceBias = Bias(body),
        Seed = (ulong)(body.Integer("seed", long.MinValue, long.MaxValue) ?? Random.Shared.NextInt64()),
        Stop = Stops(body),
    };

    /// <summary>How many answers to one prompt.</summary>
    public static int Count(RequestReader body, int most) => (int)(body.Integer("n", 1, most) ?? 1);

    /// <summary>Whether the answer is streamed, and whether the stream ends with token counts.</summary>
    public static (bool Stream, bool IncludeUsage) Streaming(RequestReader body)
    {
        var stream = body.Flag("stream") ?? false;
        if (body.Object("stream_options") is not { } options)
            return (stream, false);
        if (!stream)
            throw ApiException.Invalid("'stream_options' is for streams; set 'stream' to true or leave it out", "stream_options");
        var usage = options.Flag("include_usage") ?? false;
        options.Ignore("include_obfuscation");
        options.RefuseOthers();
        return (stream, usage);
    }

    /// <summary>Reads how many of the likeliest tokens are asked for.</summary>
    public static int? Top(RequestReader body, string name) => (int?)body.Integer(name, 0, MostTopLogProbs);

    private static IReadOnlyList<string> Stops(RequestReader body)
    {
        if (body.Any("stop") is not { } stop)
            return [];
        string[] texts = stop.ValueKind == System.Text.Json.JsonValueKind.String
            ? [stop.GetString()!]
            : [.. RequestReader.ListOf(stop, "stop").Select(s => RequestReader.TextOf(s.Value, s.Path))];
        if (texts.Length > MostStops)
            throw ApiException.Invalid($"'stop' has {texts.Length} texts, it may have {MostStops}", "stop");
        return Array.IndexOf(texts, "") < 0 ? texts : throw ApiException.Invalid("'stop' holds an empty text, which would stop at once", "stop");
    }

    private static IReadOnlyList<TokenBias> Bias(RequestReader body)
    {
        if (body.Any("logit_bias") is not { } bias)
            return [];
        if (bias.ValueKind != System.Text.Json.JsonValueKind.Object)
            throw RequestReader.Wrong(bias, "logit_bias", "an object of token ids and numbers");
        return [.. bias.EnumerateObject().Select(p => new TokenBias(
            [int.TryParse(p.Name, System.Globalization.CultureInfo.InvariantCulture, out var id) ? id : throw ApiException.Invalid($"'logit_bias' names the token '{p.Name}', it must be a token id", "logit_bias")],
            RequestReader.NumberOf(p.Value, $"logit_bias.{p.Name}", -100, 100)))];
    }
}
