using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Alidade.Models.Generation;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Endpoints.Server;

/// <summary>Tokens with their log-probabilities, in the two shapes of the protocol.</summary>
internal static class TokenForms
{
    /// <summary>What stands for a log-probability that JSON cannot hold.</summary>
    private const double Lowest = -9999;

    /// <summary>A chat's <c>logprobs</c>.</summary>
    public static JsonObject Chat(IEnumerable<TokenLogProb> tokens, Tokenizer tokenizer)
    {
        JsonObject Form(int id, string text, double logProb)
        {
            var bytes = Bytes(id, text, tokenizer);
            return new() { ["token"] = text, ["logprob"] = Finite(logProb), ["bytes"] = new JsonArray([.. bytes.Select(b => (JsonNode)b)]) };
        }

        return new()
        {
            ["content"] = new JsonArray([.. tokens.Select(t =>
            {
                var form = Form(t.Id, t.Text, t.LogProb);
                form["top_logprobs"] = new JsonArray([.. t.Top.Select(o => (JsonNode)Form(o.Id, o.Text, o.LogProb))]);
                return (JsonNode)form;
            })]),
            ["refusal"] = null,
        };
    }

    /// <summary>A completion's <c>logprobs</c>: parallel lists. The log-probability of a text's first token is null.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="offsets">Where each begins in the text, in code points.</param>
    /// <param name="withTop">Whether likely tokens were asked for.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public static JsonObject Completion(IReadOnlyList<ScoredToken> tokens, IEnumerable<int> offsets, bool withTop, Tokenizer tokenizer)
    {
        JsonObject? Top(ScoredToken token)
        {
            if (token.LogProb is null)
                return null;
            var top = new JsonObject();
            foreach (var other in token.Top)
                top.TryAdd(Name(other.Id, other.Text, tokenizer), Finite(other.LogProb));
            return top;
        }

        return new()
        {
            ["tokens"] = new JsonArray([.. tokens.Select(t => (JsonNode)Name(t.Id, t.Text, tokenizer))]),
            ["token_logprobs"] = new JsonArray([.. tokens.Select(t => t.LogProb is { } p ? (JsonNode)Finite(p) : null)]),
            ["top_logprobs"] = withTop ? new JsonArray([.. tokens.Select(Top)]) : null,
            ["text_offset"] = new JsonArray([.. offsets.Select(o => (JsonNode)o)]),
        };
    }

    // A token that is no whole character is named by its bytes, as OpenAI does: two of them would have the same text.
    private static string Name(int id, string text, Tokenizer tokenizer) => text.Contains('\uFFFD', StringComparison.Ordinal)
        ? "bytes:" + string.Concat(Bytes(id, text, tokenizer).Select(b => string.Create(CultureInfo.InvariantCulture, $"\\x{b:x2}")))
        : text;

    // Only tokens of bytes give half a character: of a byte-level vocabulary, or the fallback tokens such as <0xE2>.
    private static byte[] Bytes(int id, string text, Tokenizer tokenizer)
    {
        if (!text.Contains('\uFFFD', StringComparison.Ordinal) || tokenizer.TokenOrNull(id) is not { } token)
            return System.Text.Encoding.UTF8.GetBytes(text);
        return token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(token.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
            ? [value] : ByteAlphabet.Decode(token);
    }

    private static double Finite(double logProb) => double.IsFinite(logProb) ? logProb : Lowest;
}

/// <summary>A token of a prompt or an answer; no log-probability for the first token of a text.</summary>
internal sealed record ScoredToken(int Id, string Text, double? LogProb, IReadOnlyList<TokenCandidate> Top)
{
    public static ScoredToken Of(TokenLogProb token) => new(token.Id, token.Text, token.LogProb, token.Top);
}
