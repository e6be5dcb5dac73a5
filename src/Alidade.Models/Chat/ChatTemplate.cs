using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Chat.Jinja;
using Alidade.Models.Tokenizers;

namespace Alidade.Models.Chat;

/// <summary>
/// A model's chat template: Jinja text that turns a conversation into the one string the model was trained on.
/// </summary>
/// <remarks>
/// Rendered as Hugging Face transformers renders it (<c>render_jinja_template</c>: Jinja 3.1 in an immutable sandbox, <c>trim_blocks</c>,
/// <c>lstrip_blocks</c>, loop controls, <c>generation</c> blocks, its own <c>tojson</c>, <c>raise_exception</c>, <c>strftime_now</c>), character for
/// character. A template comes from a model's folder and is not trusted: depth, output, ranges and work are bounded, and it sees no object of .NET.
/// Immutable; any number of threads may render one.
/// </remarks>
public sealed class ChatTemplate
{
    private readonly JinjaTemplate template;
    private readonly JinjaTemplate? withTools;

    private ChatTemplate(string source, JinjaTemplate template, JinjaTemplate? withTools)
    {
        Source = source;
        this.template = template;
        this.withTools = withTools;
    }

    /// <summary>The template's text as it was given.</summary>
    public string Source { get; }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The Jinja text.</param>
    /// <param name="name">What errors call it, such as the model's name or a file.</param>
    /// <param name="withTools">The Jinja text for conversations with tools, where the model has another one for them.</param>
    /// <exception cref="AlidadeException">It does not parse; the message has the line and column.</exception>
    public static ChatTemplate Parse(string source, string name, string? withTools = null) =>
        new(source, JinjaTemplate.Parse(source, name), withTools is null ? null : JinjaTemplate.Parse(withTools, name + " (with tools)"));

    /// <summary>The template that came with a tokenizer, with the one for tools where there is one; null when there is none.</summary>
    /// <exception cref="AlidadeException">It does not parse; the message has the line and column.</exception>
    internal static ChatTemplate? Of(Tokenizer? tokenizer, string name) =>
        (tokenizer?.ChatTemplateSource ?? tokenizer?.ToolChatTemplateSource) is { } source ? Parse(source, name, tokenizer!.ToolChatTemplateSource) : null;

    /// <summary>Renders a conversation of plain messages.</summary>
    /// <exception cref="AlidadeException">The template refuses the conversation (its own words) or fails (line and column).</exception>
    [OverloadResolutionPriority(1)]
    public RenderedChat Render(IReadOnlyList<Message> messages, ChatRenderOptions options) =>
        Render(Array(messages), options);

    /// <summary>
    /// Renders a conversation in the full form: objects with role and content (text or parts), tool_calls, reasoning_content and whatever else the template
    /// reads. A message with one of reasoning_content, thinking and reasoning gets the first two of them, as templates disagree about the name.
    /// </summary>
    /// <exception cref="AlidadeException">The template refuses the conversation (its own words) or fails (line and column).</exception>
    public RenderedChat Render(JsonArray messages, ChatRenderOptions options)
    {
        var rendering = Rendering(messages, options);
        return new(messages.Count, rendering.Text.Value, rendering.Generation, rendering.Text.Untrusted,
            () => AssistantSpans.Find(this, messages, rendering.Text.Value, options));
    }

    /// <summary>
    /// Renders a conversation whose last message is not finished, such as an answer that begins with given words: the text ends with that content.
    /// </summary>
    /// <exception cref="AlidadeException">There is no text to continue, the template changes it, refuses the conversation, or fails.</exception>
    public RenderedChat RenderUnfinished(JsonArray messages, ChatRenderOptions options)
    {
        var rendering = Rendering(UnfinishedMessage.WithWord(messages), options with { AddGenerationPrompt = false });
        var length = UnfinishedMessage.Length(rendering.Text.Value, messages);
        return new(messages.Count, rendering.Text.Value[..length], Clip(rendering.Generation, length), Clip(rendering.Text.Untrusted, length),
            () => AssistantSearch.None("the last message is not finished"));
    }

    /// <summary>Renders a conversation of plain messages whose last one is not finished.</summary>
    /// <exception cref="AlidadeException">There is no text to continue, the template changes it, refuses the conversation, or fails.</exception>
    [OverloadResolutionPriority(1)]
    public RenderedChat RenderUnfinished(IReadOnlyList<Message> messages, ChatRenderOptions options) => RenderUnfinished(Array(messages), options);

    /// <summary>The text alone, as the search for the spans renders it many times.</summary>
    internal string Text(JsonArray messages, ChatRenderOptions options) => Rendering(messages, options).Text.Value;

    private static JsonArray Array(IReadOnlyList<Message> messages) => [.. messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })];

    private static List<TextRange> Clip(IReadOnlyList<TextRange> ranges, int length) =>
        [.. ranges.Where(r => r.Start < length).Select(r => r with { End = Math.Min(r.End, length) })];

    private Rendering Rendering(JsonArray messages, ChatRenderOptions options)
    {
        var variables = new PyDict();
        variables.Set("messages", new PyList([.. messages.Select(Conversation.Message)]));
        variables.Set("tools", Conversation.Data(options.Tools));
        variables.Set("documents", Conversation.Data(options.Documents));
        variables.Set("add_generation_prompt", options.AddGenerationPrompt);
        foreach (var (name, token) in options.SpecialTokens)
            variables.Set(name, new Str(token));
        foreach (var (name, value) in options.Variables ?? [])
            variables.Set(name, Json.FromNode(value, text => new Str(text)));
        return (options.Tools is null ? template : withTools ?? template).Render(variables, options.Clock);
    }
}
