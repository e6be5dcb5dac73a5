using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Chat;
using Alidade.Models.Chat.Jinja;
using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Golden;

/// <summary>Chat templates and Jinja against transformers and jinja2; the contract is the README of the folder.</summary>
[Golden("chat-templates/renders")]
[Golden("chat-templates/templates")]
[Golden("chat-templates/cases.json")]
[Golden("chat-templates/summary.json")]
[Golden("chat-templates/jinja_snippets.json")]
[Golden("chat-templates/jinja_conformance.jsonl")]
[Golden("chat-templates/apply_smollm2.jsonl")]
public sealed class ChatTemplateGoldenTests
{
    private const string Folder = "chat-templates";

    private static readonly Lazy<JsonObject> Summary = new(() => ReadJson("summary.json").AsObject());

    private static readonly Lazy<Dictionary<string, JsonObject>> Cases = new(() =>
        ReadJson("cases.json").AsArray().ToDictionary(c => (string)c!["id"]!, c => c!.AsObject()));

    private static readonly Lazy<JsonObject> Snippets = new(() => ReadJson("jinja_snippets.json").AsObject());

    private static readonly Lazy<Tokenizer> Tokenizer = new(() =>
        Alidade.Models.Tokenizers.Tokenizer.FromJson(GoldenFolder.PathOf("tokenizers/real/smollm2/tokenizer.json")));

    /// <summary>One case for each template with renders.</summary>
    public static IEnumerable<TheoryDataRow<string>> Templates() => GoldenFolder.Rows(() => GoldenFolder.Files(Folder + "/renders", "*.jsonl"));

    /// <summary>One case for each snippet.</summary>
    public static IEnumerable<TheoryDataRow<string>> SnippetIds() => GoldenFolder.Rows(() => File.Exists(PathOf("jinja_conformance.jsonl"))
        ? Lines("jinja_conformance.jsonl").Select(row => $"{Folder}/jinja_conformance.jsonl/{row["group"]}/{row["id"]}")
        : []);

    /// <summary>One case for each unfinished conversation.</summary>
    public static IEnumerable<TheoryDataRow<string>> Unfinished() => GoldenFolder.Rows(() => File.Exists(PathOf("apply_smollm2.jsonl"))
        ? Lines("apply_smollm2.jsonl").Where(IsUnfinished).Select(row => $"{Folder}/apply_smollm2.jsonl/unfinished/{row["template"]}/{row["case"]}")
        : []);

    /// <summary>One case for each template that was rendered into tokens.</summary>
    public static IEnumerable<TheoryDataRow<string>> Tokenised() => GoldenFolder.Rows(() => File.Exists(PathOf("apply_smollm2.jsonl"))
        ? Lines("apply_smollm2.jsonl").Select(row => $"{Folder}/apply_smollm2.jsonl/tokens/{row["template"]}").Distinct()
        : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Templates))]
    [Trait("Kind", "Golden")]
    public void Conversations_render_as_transformers_renders_them(string path) => GoldenCase.Run("chat-templates/renders", path, g =>
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var entry = Summary.Value["templates"]!.AsArray().First(t => (string)t!["name"]! == name)!.AsObject();
        var template = ChatTemplate.Parse(File.ReadAllText(PathOf($"templates/{name}.jinja"), new UTF8Encoding(false)), name);
        foreach (var row in Lines($"renders/{name}.jsonl"))
            CheckRow(g, template, entry, row);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(SnippetIds))]
    [Trait("Kind", "Golden")]
    public void Snippets_render_as_Jinja_renders_them(string path) => GoldenCase.Run("chat-templates/jinja", path, g =>
    {
        var id = path[(path.LastIndexOf('/') + 1)..];
        var row = Lines("jinja_conformance.jsonl").First(r => (string)r["id"]! == id);
        var variables = new PyDict();
        foreach (var (name, value) in Snippets.Value["variables"]!.AsObject())
            variables.Set(name, Json.FromNode(value, Str.FromConversation));
        var parsed = Attempt(() => JinjaTemplate.Parse((string)row["template"]!, id), out var parseError);
        if ((string?)row["stage"] == "compile")
        {
            g.Equal("parse error", true, parseError is not null);
            return;
        }

        g.Equal("parse error", null, parseError);
        var rendered = Attempt(() => parsed!.Render(variables, FixedClock.Instance), out var error);
        CheckError(g, row["error"]?.AsObject(), error, rendered?.Text.Value);
        if (row["output"] is { } output)
            g.Equal("output", (string)output!, rendered!.Text.Value);
        if (row["generation"] is { } blocks)
            g.Equal("generation", blocks.ToJsonString(), Pairs(rendered!.Generation));
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Unfinished))]
    [Trait("Kind", "Golden")]
    public void A_last_message_is_continued_where_it_ends(string path) => GoldenCase.Run("chat-templates/apply", path, g =>
    {
        var (name, id) = (path.Split('/')[^2], path.Split('/')[^1]);
        var row = Lines("apply_smollm2.jsonl").First(r => IsUnfinished(r) && (string)r["template"]! == name && (string)r["case"]! == id);
        var template = ChatTemplate.Parse(File.ReadAllText(PathOf($"templates/{name}.jinja"), new UTF8Encoding(false)), name);
        var chat = Attempt(() => template.RenderUnfinished(Cases.Value[id]["messages"]!.AsArray(), SmolLm2), out var error);
        CheckError(g, row["error"]?.AsObject(), error, chat?.Text);
        if (row["text"] is { } text)
            g.Equal("text", (string)text!, chat!.Text);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tokenised))]
    [Trait("Kind", "Golden")]
    public void Chats_become_the_tokens_and_the_mask_of_transformers(string path) => GoldenCase.Run("chat-templates/apply", path, g =>
    {
        var name = path.Split('/')[^1];
        var template = ChatTemplate.Parse(File.ReadAllText(PathOf($"templates/{name}.jinja"), new UTF8Encoding(false)), name);
        foreach (var row in Lines("apply_smollm2.jsonl").Where(r => !IsUnfinished(r) && (string)r["template"]! == name))
        {
            var golden = Cases.Value[(string)row["case"]!];
            var options = SmolLm2 with { AddGenerationPrompt = (bool)row["add_generation_prompt"]!, Variables = golden["kwargs"]?.AsObject() };
            var what = $"{row["case"]}, {row["add_generation_prompt"]}";
            var chat = Attempt(() => template.Render(golden["messages"]!.AsArray(), options), out var error);
            var tokens = chat is null ? null : Attempt(() => ChatTokens.OfTrusted(chat, Tokenizer.Value), out error);
            CheckError(g, row["error"]?.AsObject(), error, chat?.Text, what);
            if (tokens is null)
                continue;
            g.Equal(what + ": ids", row["ids"]!.ToJsonString(), "[" + string.Join(',', tokens.Ids) + "]");
            g.Equal(what + ": ids_sanitized", (row["ids_sanitized"] ?? row["ids"])!.ToJsonString(), "[" + string.Join(',', ChatTokens.Of(chat!, Tokenizer.Value).Ids) + "]");
            if (row["assistant_mask"] is { } mask)
                g.Equal(what + ": assistant_mask", mask.ToJsonString(), "[" + string.Join(',', tokens.AssistantMask.Select(m => m ? 1 : 0)) + "]");
        }
    });

    // The special tokens that the reference's tokenizer was made with.
    private static ChatRenderOptions SmolLm2 => new()
    {
        SpecialTokens = new Dictionary<string, string>
        {
            ["bos_token"] = "<|im_start|>",
            ["eos_token"] = "<|im_end|>",
            ["unk_token"] = "<|endoftext|>",
            ["pad_token"] = "<|im_end|>",
        },
        Clock = FixedClock.Instance,
    };

    private static bool IsUnfinished(JsonObject row) => (bool?)row["continue_final_message"] == true;

    private static void CheckRow(GoldenCase g, ChatTemplate template, JsonObject entry, JsonObject row)
    {
        var id = (string)row["case"]!;
        var generate = (bool)row["add_generation_prompt"]!;
        var what = $"{id}, {(generate ? "with" : "without")} generation prompt";
        var (messages, options) = Inputs(Cases.Value[id], entry, generate);
        var chat = Attempt(() => template.Render(messages, options), out var error);
        CheckError(g, row["error"]?.AsObject(), error, chat?.Text, what);
        if (chat is null)
            return;
        g.Equal(what + ": text", (string)row["text"]!, chat.Text);
        if ((row["generation_utf16"] ?? row["generation"]) is { } blocks)
            g.Equal(what + ": generation", blocks.ToJsonString(), Pairs(chat.Generation));
        if (!generate && IsPlain(messages))
            CheckSpans(g, what, row["assistant"]?.AsArray() ?? [], chat);
    }

    private static void CheckSpans(GoldenCase g, string what, JsonArray expected, RenderedChat chat)
    {
        static int At(JsonNode span, string key) => (int)(span[key + "_utf16"] ?? span[key])!;
        var wanted = expected.Select(s => new AssistantSpan((int)s!["message"]!, At(s, "start"), At(s, "end"), At(s, "end_with_mark")));
        g.Equal(what + ": assistant", string.Join(", ", wanted), string.Join(", ", chat.AssistantSpans));
    }

    // The reference gives spans only for these.
    private static bool IsPlain(JsonArray messages) => messages.All(m => m!.AsObject().Count == 2 && m["content"] is JsonValue content
        && content.GetValueKind() == JsonValueKind.String && (string?)m["role"] is "system" or "user" or "assistant");

    private static (JsonArray Messages, ChatRenderOptions Options) Inputs(JsonObject golden, JsonObject entry, bool generate)
    {
        var special = entry["options"]?.AsObject();
        var tools = golden["tools"]?.DeepClone() ?? special?["tools_default"]?.DeepClone();
        if ((bool?)special?["unwrap_tools"] == true)
            tools = new JsonArray([.. tools!.AsArray().Select(t => t!["function"]!.DeepClone())]);
        var variables = special?["variables"]?.DeepClone().AsObject() ?? [];
        foreach (var (key, value) in golden["kwargs"]?.AsObject() ?? [])
            variables[key] = value?.DeepClone();
        return (golden["messages"]!.AsArray(), new ChatRenderOptions
        {
            AddGenerationPrompt = generate,
            SpecialTokens = entry["special_tokens"]!.AsObject().ToDictionary(t => t.Key, t => (string)t.Value!),
            Tools = tools,
            Documents = golden["documents"],
            Variables = variables,
            Clock = FixedClock.Instance,
        });
    }

    private static void CheckError(GoldenCase g, JsonObject? expected, AlidadeException? error, string? text, string what = "rendering")
    {
        if (expected is null)
        {
            g.Equal(what + ": error", null, error?.Message);
            return;
        }

        Assert.True(error is not null, $"{what}: expected the error '{expected["message"]}', got the text {text}");
        if ((string?)expected["class"] == "TemplateError")
            g.Equal(what + ": the template's own message is shown", true, error.Message.Contains((string)expected["message"]!, StringComparison.Ordinal));
    }

    private static T? Attempt<T>(Func<T> action, out AlidadeException? error)
        where T : class
    {
        error = null;
        try
        {
            return action();
        }
        catch (NotBuiltException)
        {
            throw;
        }
        catch (AlidadeException exception)
        {
            error = exception;
            return null;
        }
    }

    private static string Pairs(IEnumerable<TextRange> ranges) => "[" + string.Join(',', ranges.Select(r => $"[{r.Start},{r.End}]")) + "]";

    private static string PathOf(string file) => GoldenFolder.PathOf(Folder + "/" + file);

    private static JsonNode ReadJson(string file) => JsonNode.Parse(File.ReadAllText(PathOf(file)))!;

    private static IEnumerable<JsonObject> Lines(string file) => File.ReadAllText(PathOf(file)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonNode.Parse(line)!.AsObject());
}

/// <summary>The clock of the reference: 2025-03-14 09:26:53.</summary>
internal sealed class FixedClock : TimeProvider
{
    public static readonly FixedClock Instance = new();

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(2025, 3, 14, 9, 26, 53, TimeSpan.Zero);
}
