using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Alidade.Models.Chat;

/// <summary>What a template is told besides the messages.</summary>
public sealed record ChatRenderOptions
{
    /// <summary>True ends the text where the assistant's next answer begins.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>The tokenizer's special tokens by the names templates use: bos_token, eos_token, and so on.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The tools on offer, a JSON array in the shape of OpenAI's API; null for none.</summary>
    public JsonNode? Tools { get; init; }

    /// <summary>Documents to answer from, a JSON array of objects with title and text; null for none.</summary>
    public JsonNode? Documents { get; init; }

    /// <summary>Further variables, such as enable_thinking; they are the application's own and count as trusted.</summary>
    public JsonObject? Variables { get; init; }

    /// <summary>What <c>strftime_now</c> reads (local time).</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
