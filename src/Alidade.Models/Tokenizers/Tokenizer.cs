using System.IO.Compression;
using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Models.Tokenizers;

/// <summary>
/// Text to tokens and back: added tokens are cut out, the rest is normalised, cut into pieces and encoded by the model; a post-processor puts special
/// tokens around it; a decoder turns tokens back into text.
/// </summary>
/// <remarks>
/// Gives the ids, offsets and texts of Hugging Face tokenizers 0.23.3 for the same tokenizer.json, but for its faults (an added token comes back as it was
/// written, not as it was normalised). Unpaired surrogates are read as U+FFFD. Immutable, safe for concurrent use, deterministic.
/// </remarks>
public sealed class Tokenizer
{
    private readonly TokenizerDefinition definition;
    private readonly INormalizer? normalizer;
    private readonly IPreTokenizer? preTokenizer;
    private readonly ISubwordModel model;
    private readonly IPostProcessor? postProcessor;
    private readonly IDecoder decoder;
    private readonly Truncation? truncation;
    private readonly PaddingRule? padding;
    private readonly AddedTokenFinder rawTokens;
    private readonly AddedTokenFinder normalizedTokens;
    private readonly string?[] tokens;
    private readonly HashSet<int> special = [];
    private readonly Dictionary<string, int> addedIds = new(StringComparer.Ordinal);

    internal Tokenizer(TokenizerDefinition definition)
    {
        this.definition = definition;
        normalizer = NormalizerReader.Read(Field(definition.Normalizer, "normalizer"));
        preTokenizer = PreTokenizerReader.Read(Field(definition.PreTokenizer, "pre_tokenizer"));
        postProcessor = PostProcessorReader.Read(Field(definition.PostProcessor, "post_processor"));
        decoder = DecoderReader.Read(Field(definition.Decoder, "decoder")) ?? new SpacedDecoder();
        truncation = Truncation.Read(Field(definition.Truncation, "truncation"));
        padding = PaddingRule.Read(Field(definition.Padded, "padding"));
        model = definition.Model.Build(definition.Name);
        var largest = -1;
        foreach (var id in definition.Model.Ids.Values.Concat(definition.AddedTokens.Select(t => t.Id)))
            largest = Math.Max(largest, id);
        tokens = new string?[largest + 1];
        foreach (var (token, id) in definition.Model.Ids)
            tokens[id] = token;
        foreach (var token in definition.AddedTokens)
        {
            tokens[token.Id] = token.Content;
            addedIds[token.Content] = token.Id;
            if (token.Special)
                special.Add(token.Id);
        }

        rawTokens = new(definition.AddedTokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        normalizedTokens = new(definition.AddedTokens.Where(t => t.Normalized).Select(t => (Normalize(new(t.Content, 0)).Text, t)));
    }

    /// <summary>One more than the largest id: the rows that an embedding needs at least.</summary>
    public int VocabularySize => tokens.Length;

    /// <summary>The id of the begin-of-text token; null when there is none or none is known.</summary>
    public int? BeginningOfText => definition.BeginningOfText;

    /// <summary>The id of the end-of-text token; null when there is none or none is known.</summary>
    public int? EndOfText => definition.EndOfText;

    /// <summary>The id of the padding token; null when there is none or none is known.</summary>
    public int? Padding => definition.Padding;

    /// <summary>The source of the chat template that came with the tokenizer, or null.</summary>
    public string? ChatTemplateSource => definition.ChatTemplateSource;

    /// <summary>The source of the chat template for conversations with tools, where the tokenizer came with one of its own (<c>tool_use</c>); else null.</summary>
    public string? ToolChatTemplateSource => definition.ToolChatTemplateSource;

    internal IDecoder Decoder => decoder;

    internal TokenizerDefinition Definition => definition;

    /// <summary>Reads a tokenizer.json, or tokenizer.json.gz.</summary>
    /// <exception cref="AlidadeException">The file is missing or malformed; the message names the field.</exception>
    /// <exception cref="NotBuiltException">The tokenizer has a component that is not supported.</exception>
    public static Tokenizer FromJson(string path) => new(Read(path));

    /// <summary>Reads a tokenizer.json from a stream of UTF-8.</summary>
    /// <param name="utf8">The stream; it is read to its end.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="AlidadeException">The file is malformed; the message names the field.</exception>
    /// <exception cref="NotBuiltException">The tokenizer has a component that is not supported.</exception>
    public static Tokenizer FromJson(Stream utf8, string name) => new(TokenizerJson.Read(utf8, name));

    /// <summary>
    /// Reads a model's folder: tokenizer.json (or .gz), and from tokenizer_config.json, generation_config.json and config.json, where they are there, the begin,
    /// end and padding tokens. The chat template is that of chat_template.jinja (with those of additional_chat_templates), else of chat_template.json, else of
    /// tokenizer_config.json: one text, or a list of named ones, of which <c>default</c> and <c>tool_use</c> are kept.
    /// </summary>
    /// <exception cref="AlidadeException">A file is missing or malformed; the message names file and field.</exception>
    /// <exception cref="NotBuiltException">The tokenizer has a component that is not supported.</exception>
    public static Tokenizer FromFolder(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path) && File.Exists(path + ".gz"))
            path += ".gz";
        return new(TokenizerFolder.Complete(Read(path), folder));
    }

    /// <summary>Makes the tokenizer that a GGUF file describes.</summary>
    /// <param name="metadata">The file's metadata: text, numbers and typed arrays under their keys.</param>
    /// <param name="name">What messages call the file.</param>
    /// <exception cref="AlidadeException">A key is missing or of another type.</exception>
    /// <exception cref="NotBuiltException">The vocabulary is of a kind that is not supported.</exception>
    public static Tokenizer FromGguf(IReadOnlyDictionary<string, object> metadata, string name) => new(TokenizerGguf.Read(metadata, name));

    /// <summary>
    /// The ids of a text, without begin or end tokens. Control tokens that are written in the text are control tokens: this is for text that a chat template
    /// or a program wrote.
    /// </summary>
    public int[] Encode(string text) => Ids(text, parseSpecial: true);

    /// <summary>
    /// The ids of a text that somebody else wrote: control tokens in it are plain text, so it cannot end a turn or begin one. Added tokens without the special
    /// flag (such as <c>&lt;tool_call&gt;</c>) are still matched, as in the reference.
    /// </summary>
    public int[] EncodeUntrusted(string text) => Ids(text, parseSpecial: false);

    /// <summary>A text, or two, as tokens with offsets, type ids and masks.</summary>
    /// <exception cref="AlidadeException">Truncation leaves no room for the text.</exception>
    public Encoding EncodeWithOffsets(string text, EncodeOptions options)
    {
        var encoding = Encoded(text, options);
        return padding is null || !options.TruncateAndPad ? encoding : padding.Pad([encoding])[0];
    }

    /// <summary>Texts encoded each by itself, and padded together where the options and the tokenizer's file say so.</summary>
    /// <exception cref="AlidadeException">Truncation leaves no room for a text.</exception>
    public IReadOnlyList<Encoding> EncodeBatch(IEnumerable<string> texts, EncodeOptions options)
    {
        var encodings = texts.Select(t => Encoded(t, options)).ToList();
        return padding is null || !options.TruncateAndPad ? encodings : padding.Pad(encodings);
    }

    private Encoding Encoded(string text, EncodeOptions options)
    {
        var texts = options.Pair is null ? new[] { text } : [text, options.Pair];
        var parts = texts.Select((t, i) => Tokens(t, i, options.ParseSpecialTokens, i == 0 ? options.Untrusted : [])).ToList();
        var rule = options.MaxLength is { } longest ? Truncation.To(longest) : options.TruncateAndPad ? truncation : null;
        if (rule is null)
            return Framed(parts);
        var cut = rule.Cut(parts, AddedTokens(texts.Length, options.AddSpecialTokens));
        return FramedCopy([.. cut.Select(p => p[0])]) with { OverflowingWhenAsked = () => [.. Combinations(cut).Select(FramedCopy)] };

        // A post-processor may work in place, and parts are used in several combinations.
        Encoding FramedCopy(List<List<EncodedToken>> chosen) => Framed(chosen.ConvertAll(p => p.ToList()));

        Encoding Framed(List<List<EncodedToken>> chosen) =>
            EncodingBuilder.Build(postProcessor?.Process(chosen, options.AddSpecialTokens) ?? chosen, texts);
    }

    // What is left over: every later part of the first text with every part of the second, then its first part with the later ones.
    private static IEnumerable<List<List<EncodedToken>>> Combinations(List<List<List<EncodedToken>>> cut)
    {
        if (cut.Count == 1)
            return cut[0].Skip(1).Select(first => new List<List<EncodedToken>> { first });
        return cut[0].Skip(1).Append(cut[0][0])
            .SelectMany((first, i) => cut[1].Skip(i == cut[0].Count - 1 ? 1 : 0).Select(second => new List<List<EncodedToken>> { first, second }));
    }

    private int AddedTokens(int texts, bool addSpecialTokens)
    {
        var empty = Enumerable.Range(0, texts).Select(_ => new List<EncodedToken>()).ToList();
        return postProcessor?.Process(empty, addSpecialTokens).Sum(p => p.Count) ?? 0;
    }

    /// <summary>The text of a list of ids. Ids that the vocabulary does not have give nothing.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Leaves control tokens out.</param>
    public string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = false)
    {
        var chosen = new List<string>(ids.Count);
        foreach (var id in ids)
            if (id >= 0 && id < tokens.Length && tokens[id] is { } token && !(skipSpecialTokens && special.Contains(id)))
                chosen.Add(token);
        return decoder.Decode(chosen);
    }

    /// <summary>Decodes ids one at a time, as a model gives them.</summary>
    /// <param name="skipSpecialTokens">Leaves control tokens out.</param>
    public StreamingDecoder CreateStream(bool skipSpecialTokens) => new(this, skipSpecialTokens);

    /// <summary>One token as a reader sees it: bytes decoded, what is no whole character shown as U+FFFD.</summary>
    public string TokenText(int id) => Decode([id]);

    /// <summary>One token as the vocabulary writes it.</summary>
    /// <exception cref="AlidadeException">The vocabulary has no such id.</exception>
    public string Token(int id) => TokenOrNull(id)
        ?? throw new AlidadeException($"{definition.Name}: there is no token with the id {id}; ids run from 0 to {tokens.Length - 1}");

    /// <summary>The id of a token as the vocabulary writes it; null when there is none.</summary>
    public int? IdOf(string token) =>
        addedIds.TryGetValue(token, out var id) || definition.Model.Ids.TryGetValue(token, out id) ? id : null;

    /// <summary>True for a control token.</summary>
    public bool IsSpecial(int id) => special.Contains(id);

    /// <summary>Writes tokenizer.json and tokenizer_config.json, from which <see cref="FromFolder"/> makes the same tokenizer.</summary>
    public void Save(string folder) => TokenizerFolder.Save(definition, this, folder);

    internal string? TokenOrNull(int id) => id >= 0 && id < tokens.Length ? tokens[id] : null;

    private static TokenizerDefinition Read(string path)
    {
        using var file = InputFile.Open(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        try
        {
            return TokenizerJson.Read(stream, path);
        }
        catch (InvalidDataException exception)
        {
            throw new AlidadeException($"{path} is not a gzip file: {exception.Message}", exception);
        }
    }

    private JsonField Field(System.Text.Json.JsonElement value, string path) => new(value, definition.Name, path);

    private AlignedText Normalize(AlignedText text) => normalizer is null ? text : normalizer.Normalize(text);

    private List<Piece> Pieces(AlignedText text, bool parseSpecial, IReadOnlyList<TextRange>? untrusted = null)
    {
        var raw = new List<Piece>();
        rawTokens.Cut(text, parseSpecial, raw, untrusted);
        var pieces = new List<Piece>();
        foreach (var piece in raw)
            if (piece.IsText)
                normalizedTokens.Cut(Normalize(piece.Part()), parseSpecial, pieces, untrusted);
            else
                pieces.Add(piece);
        return preTokenizer is null ? pieces : preTokenizer.Cut(pieces);
    }

    private int[] Ids(string text, bool parseSpecial)
    {
        var ids = new List<int>(text.Length / 3 + 8);
        var whole = new AlignedText(CodePoints.WellFormed(text), 0) { KeepsOrigins = preTokenizer is { ReadsOrigins: true } };
        foreach (var piece in Pieces(whole, parseSpecial))
            if (piece.IsText)
                foreach (var subword in model.Tokenize(piece.Span))
                    ids.Add(subword.Id);
            else
                ids.Add(piece.AddedId);
        return [.. ids];
    }

    private List<EncodedToken> Tokens(string text, int sequence, bool parseSpecial, IReadOnlyList<TextRange> untrusted)
    {
        var output = new List<EncodedToken>(text.Length / 3 + 8);
        var codePoints = EncodingBuilder.CodePointAt(text);
        foreach (var piece in Pieces(new(CodePoints.WellFormed(text), 0), parseSpecial, untrusted))
        {
            if (!piece.IsText)
            {
                Add(piece.AddedId, piece.Span.ToString(), piece.Text.Origin(piece.Start, piece.Start + piece.Length));
                continue;
            }

            foreach (var (id, start, end) in model.Tokenize(piece.Span))
                Add(id, id == definition.Model.ShownAsWritten ? piece.Span[start..end].ToString() : tokens[id]!, piece.Text.Origin(piece.Start + start, piece.Start + end));
        }

        return output;

        void Add(int id, string token, (int Start, int End) units) =>
            output.Add(new(id, token, codePoints(units.Start), codePoints(units.End), sequence, sequence));
    }
}
