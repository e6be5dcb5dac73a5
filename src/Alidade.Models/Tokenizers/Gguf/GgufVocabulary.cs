using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The keys <c>tokenizer.*</c> of a GGUF file, checked.</summary>
internal sealed class GgufVocabulary
{
    /// <summary>Stands for the first and the second text in a <see cref="Frame"/>.</summary>
    public const int TextA = -1, TextB = -2;

    private readonly IReadOnlyDictionary<string, object> metadata;

    /// <summary>Reads tokens and types.</summary>
    /// <exception cref="AlidadeException">A key is missing, of another type, or of another length.</exception>
    public GgufVocabulary(IReadOnlyDictionary<string, object> metadata, string name)
    {
        this.metadata = metadata;
        Name = name;
        Tokens = Required<string[]>("tokenizer.ggml.tokens");
        Types = Optional<int[]>("tokenizer.ggml.token_type") ?? [];
        if (Types.Length != 0 && Types.Length != Tokens.Length)
            throw new AlidadeException($"{name}: tokenizer.ggml.token_type has {Types.Length} entries and tokenizer.ggml.tokens {Tokens.Length}; they must have as many");
    }

    /// <summary>The kinds of tokens in <c>tokenizer.ggml.token_type</c>.</summary>
    public enum TokenType
    {
        /// <summary>Ordinary text.</summary>
        Normal = 1,

        /// <summary>Unknown text.</summary>
        Unknown = 2,

        /// <summary>A control token.</summary>
        Control = 3,

        /// <summary>Added by a user; found in the text as it stands.</summary>
        UserDefined = 4,

        /// <summary>A row without a token.</summary>
        Unused = 5,

        /// <summary>A byte of unknown text, <c>&lt;0x41&gt;</c>.</summary>
        Byte = 6,
    }

    /// <summary>What messages call the file.</summary>
    public string Name { get; }

    /// <summary>The tokens in the order of their ids.</summary>
    public string[] Tokens { get; }

    /// <summary>The id of each token; of equal tokens that of the last.</summary>
    public Dictionary<string, int> Ids
    {
        get
        {
            var ids = new Dictionary<string, int>(Tokens.Length, StringComparer.Ordinal);
            for (var i = 0; i < Tokens.Length; i++)
                ids[Tokens[i]] = i;
            return ids;
        }
    }

    /// <summary>The log-probability or rank of each token.</summary>
    public float[] Scores
    {
        get
        {
            var scores = Required<float[]>("tokenizer.ggml.scores");
            return scores.Length == Tokens.Length ? scores
                : throw new AlidadeException($"{Name}: tokenizer.ggml.scores has {scores.Length} entries and tokenizer.ggml.tokens {Tokens.Length}; they must have as many");
        }
    }

    private int[] Types { get; }

    /// <summary>The type of a token; a file without types has ordinary ones.</summary>
    public TokenType TypeOf(int id) => Types.Length == 0 ? TokenType.Normal : (TokenType)Types[id];

    /// <summary>Control and user-defined tokens, and <paramref name="special"/> ones, as added tokens.</summary>
    public IReadOnlyList<AddedToken> AddedTokens(params int?[] special) =>
        [.. Enumerable.Range(0, Tokens.Length).Where(id => special.Contains(id) || TypeOf(id) is TokenType.Control or TokenType.UserDefined)
            .Select(id => new AddedToken(id, Tokens[id]) { Special = special.Contains(id) || TypeOf(id) == TokenType.Control })];

    /// <summary>The id under a key; null when there is none.</summary>
    public int? Token(string key)
    {
        if (Optional<object>(key) is not { } value)
            return null;
        return Weights.GgufModelMetadata.Whole(value) is { } id && id >= 0 && id < Tokens.Length ? (int)id
            : throw new AlidadeException($"{Name}: {key} is {value}; it must be the id of one of the {Tokens.Length} tokens");
    }

    /// <summary>A truth value, or <paramref name="absent"/>.</summary>
    public bool Flag(string key, bool absent) => Optional<object>(key) switch
    {
        null => absent,
        bool value => value,
        var other => throw new AlidadeException($"{Name}: {key} is {other}; it must be true or false"),
    };

    /// <summary>A value that must be there.</summary>
    public T Required<T>(string key)
        where T : class => Optional<T>(key) ?? throw new AlidadeException($"{Name}: the metadata has no {key}");

    /// <summary>A value, or null when there is none.</summary>
    public T? Optional<T>(string key)
        where T : class
    {
        if (!metadata.TryGetValue(key, out var value))
            return null;
        return value as T ?? throw new AlidadeException($"{Name}: {key} is of the type {value.GetType().Name}; it must be {typeof(T).Name}");
    }

    /// <summary>A TemplateProcessing of texts and control tokens.</summary>
    /// <param name="single">For one text: ids or <see cref="TextA"/>, each with its type id.</param>
    /// <param name="pair">For two.</param>
    public JsonElement Frame(IReadOnlyList<(int Id, int Type)> single, IReadOnlyList<(int Id, int Type)> pair)
    {
        var template = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Parts(single),
            ["pair"] = Parts(pair),
            ["special_tokens"] = new JsonObject(single.Concat(pair).Select(p => p.Id).Where(id => id >= 0).DistinctBy(id => Tokens[id]).Select(id => KeyValuePair.Create<string, JsonNode?>(
                Tokens[id], new JsonObject { ["id"] = Tokens[id], ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(Tokens[id]) }))),
        };
        return JsonSerializer.SerializeToElement(template);

        JsonArray Parts(IReadOnlyList<(int Id, int Type)> parts) => new([.. parts.Select(p => new JsonObject
        {
            [p.Id < 0 ? "Sequence" : "SpecialToken"] = new JsonObject { ["id"] = p.Id == TextA ? "A" : p.Id == TextB ? "B" : Tokens[p.Id], ["type_id"] = p.Type },
        })]);
    }

    /// <summary>Texts with the begin-of-text token before them and the end-of-text token behind, as <c>add_bos_token</c> and <c>add_eos_token</c> ask for.</summary>
    /// <param name="definition">Has the tokens.</param>
    /// <param name="begins">What holds where the file has no <c>add_bos_token</c>.</param>
    /// <param name="ends">What holds where the file has no <c>add_eos_token</c>.</param>
    /// <param name="secondType">The type id of a second text and what stands around it.</param>
    public JsonElement BeginAndEnd(TokenizerDefinition definition, bool begins, bool ends, int secondType)
    {
        int[] before = definition.BeginningOfText is { } begin && Flag("tokenizer.ggml.add_bos_token", begins) ? [begin] : [];
        int[] after = definition.EndOfText is { } end && Flag("tokenizer.ggml.add_eos_token", ends) ? [end] : [];
        IEnumerable<(int, int)> Around(int text, int type) => before.Append(text).Concat(after).Select(id => (id, type));
        return Frame([.. Around(TextA, 0)], [.. Around(TextA, 0), .. Around(TextB, secondType)]);
    }

    /// <summary>The definition that every kind begins with.</summary>
    public TokenizerDefinition Definition(SubwordVocabulary model, IReadOnlyList<AddedToken> added) => new()
    {
        Name = Name,
        Model = model,
        AddedTokens = added,
        BeginningOfText = Token("tokenizer.ggml.bos_token_id"),
        EndOfText = Token("tokenizer.ggml.eos_token_id"),
        Padding = Token("tokenizer.ggml.padding_token_id"),
        ChatTemplateSource = Optional<string>("tokenizer.chat_template"),
        ToolChatTemplateSource = Optional<string>("tokenizer.chat_template.tool_use"),
    };
}
