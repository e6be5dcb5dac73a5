using System.Text.Json.Nodes;
using Alidade.Models.Generation;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Endpoints.Server;

/// <summary>What one answer of a request is made of, in the shape of its route.</summary>
internal interface IAnswerForm
{
    /// <summary>What ids of its answers begin with.</summary>
    string IdPrefix { get; }

    /// <summary>Name of the whole answer.</summary>
    string Whole { get; }

    /// <summary>Name of a piece of a stream.</summary>
    string Piece { get; }

    /// <summary>The choice that begins a stream; null for none.</summary>
    JsonObject? Begin(int index);

    /// <summary>A choice of a stream with more of it; null when there is nothing to show.</summary>
    JsonObject? More(int index, GenerationChunk chunk);

    /// <summary>The choice that ends a stream.</summary>
    JsonObject End(int index, string reason);

    /// <summary>A choice of a whole answer.</summary>
    JsonObject Choice(int index, string text, IReadOnlyList<TokenLogProb> tokens, string reason);
}

/// <summary>A chat's answers.</summary>
internal sealed class ChatForm(Tokenizer tokenizer, bool logProbs) : IAnswerForm
{
    public string IdPrefix => "chatcmpl-";

    public string Whole => "chat.completion";

    public string Piece => "chat.completion.chunk";

    public JsonObject Begin(int index) => Delta(index, new() { ["role"] = "assistant", ["content"] = "" }, null, null);

    public JsonObject? More(int index, GenerationChunk chunk) => chunk.Text.Length == 0 && !(logProbs && chunk.Tokens.Count > 0) ? null
        : Delta(index, new() { ["content"] = chunk.Text }, LogProbs(chunk.Tokens), null);

    public JsonObject End(int index, string reason) => Delta(index, [], null, reason);

    public JsonObject Choice(int index, string text, IReadOnlyList<TokenLogProb> tokens, string reason) => new()
    {
        ["index"] = index,
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null },
        ["logprobs"] = LogProbs(tokens),
        ["finish_reason"] = reason,
    };

    private static JsonObject Delta(int index, JsonObject delta, JsonObject? logProbs, string? reason) =>
        new() { ["index"] = index, ["delta"] = delta, ["logprobs"] = logProbs, ["finish_reason"] = reason };

    private JsonObject? LogProbs(IReadOnlyList<TokenLogProb> tokens) => logProbs ? TokenForms.Chat(tokens, tokenizer) : null;
}

/// <summary>A completion's answers, with the prompt in front where it is echoed.</summary>
internal sealed class CompletionForm : IAnswerForm
{
    private readonly Tokenizer tokenizer;
    private readonly int? logProbs;
    private readonly IReadOnlyList<Echo> echoes;
    private readonly Offsets[] offsets;

    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="logProbs">How many likely tokens are told; null for no log-probabilities.</param>
    /// <param name="echoes">For each choice what stands in front of it.</param>
    public CompletionForm(Tokenizer tokenizer, int? logProbs, IReadOnlyList<Echo> echoes)
    {
        (this.tokenizer, this.logProbs, this.echoes) = (tokenizer, logProbs, echoes);
        offsets = [.. echoes.Select(_ => new Offsets(tokenizer))];
    }

    public string IdPrefix => "cmpl-";

    public string Whole => "text_completion";

    public string Piece => "text_completion";

    public JsonObject? Begin(int index) => echoes[index].Text.Length == 0 ? null : Form(index, echoes[index].Text, LogProbs(index, echoes[index].Tokens), null);

    public JsonObject? More(int index, GenerationChunk chunk) => chunk.Text.Length == 0 && (logProbs is null || chunk.Tokens.Count == 0) ? null
        : Form(index, chunk.Text, LogProbs(index, [.. chunk.Tokens.Select(ScoredToken.Of)]), null);

    public JsonObject End(int index, string reason) => Form(index, "", null, reason);

    public JsonObject Choice(int index, string text, IReadOnlyList<TokenLogProb> tokens, string reason) =>
        Form(index, echoes[index].Text + text, LogProbs(index, [.. echoes[index].Tokens, .. tokens.Select(ScoredToken.Of)]), reason);

    private static JsonObject Form(int index, string text, JsonObject? logProbs, string? reason) =>
        new() { ["text"] = text, ["index"] = index, ["logprobs"] = logProbs, ["finish_reason"] = reason };

    private JsonObject? LogProbs(int index, IReadOnlyList<ScoredToken> tokens) =>
        logProbs is { } top ? TokenForms.Completion(tokens, [.. tokens.Select(t => offsets[index].Next(t.Id))], top > 0, tokenizer) : null;

    /// <summary>The prompt in front of an answer.</summary>
    internal sealed record Echo(string Text, IReadOnlyList<ScoredToken> Tokens)
    {
        public static Echo None { get; } = new("", []);
    }

    // Where each token begins in the text of all tokens before it, in code points.
    private sealed class Offsets(Tokenizer tokenizer)
    {
        private readonly StreamingDecoder decoder = tokenizer.CreateStream(skipSpecialTokens: false);
        private int length;

        public int Next(int id)
        {
            var at = length;
            foreach (var _ in decoder.Push(id).EnumerateRunes())
                length++;
            return at;
        }
    }
}
