using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The control tokens that the released post-processor puts in.</summary>
internal enum GgufFrame
{
    /// <summary>None.</summary>
    None,

    /// <summary>The begin-of-text token.</summary>
    Beginning,

    /// <summary>RoBERTa's: &lt;s&gt; A &lt;/s&gt;.</summary>
    Roberta,
}

/// <summary>What a name in <c>tokenizer.ggml.pre</c> stands for, in the form of a tokenizer.json.</summary>
/// <param name="PreTokenizer">The field <c>pre_tokenizer</c>.</param>
/// <param name="Normalizer">The field <c>normalizer</c>; null for none.</param>
/// <param name="IgnoreMerges">A piece that is a token is that token.</param>
/// <param name="Frame">The control tokens that are put in.</param>
internal sealed record GgufRecipe(string PreTokenizer, string? Normalizer = null, bool IgnoreMerges = false, GgufFrame Frame = GgufFrame.None);

/// <summary>The pre-tokenizers that GGUF files name.</summary>
/// <remarks>The names are those of llama.cpp, the patterns those of the released tokenizers, in their own order.</remarks>
internal static class GgufPreTokenizers
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Nfc = """{"type":"NFC"}""";

    // The alphabets that DeepSeek's released pattern lists: Latin, Greek, Cyrillic, Georgian, Cherokee, Coptic, Armenian, Deseret, Osage, Old Hungarian,
    // Warang Citi and Adlam, cased letters only.
    private const string DeepSeekLetters =
        @"A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386"
        + @"\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA"
        + @"\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D"
        + @"\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC"
        + @"\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184"
        + @"\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06"
        + @"\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}"
        + @"\x{118A0}-\x{118DF}\x{1E900}-\x{1E943}";

    private const string DeepSeekEastAsian = @"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";

    // Words of capitals first, then of small letters, as GPT-4o's pattern divides them.
    private const string Before = @"[^\r\n\p{L}\p{N}]?", Capitals = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Smalls = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string SlashTail = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Bloom = @" ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

    private static readonly GgufRecipe Gpt2 = new(ByteLevel(useRegex: true));
    private static readonly GgufRecipe SingleDigits = new(DigitsAndByteLevel);
    private static readonly GgufRecipe Gpt4 = new(Words(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Tail));
    private static readonly GgufRecipe Llama3 = Gpt4 with { IgnoreMerges = true, Frame = GgufFrame.Beginning };
    private static readonly GgufRecipe Qwen2 = new(Words(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Tail));
    private static readonly GgufRecipe DeepSeek3 = new(Words(
        @"\p{N}{1,3}", @"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"));

    private static readonly GgufRecipe Gpt4O = new(Words(
        $"{Before}{Capitals}*{Smalls}+{Contractions}?|{Before}{Capitals}+{Smalls}*{Contractions}?" + @"|\p{N}{1,3}" + SlashTail));

    private static readonly Dictionary<string, GgufRecipe> Recipes = Named(
        (Gpt2, "default gpt-2 gpt2 phi-2 jina-es jina-de jina-v2-es jina-v2-de gigachat a.x-4.0 mellum modern-bert jais exaone4 trillion granite-docling"),
        (Gpt2 with { Normalizer = Nfc }, "mpt olmo"),
        (Gpt2 with { Frame = GgufFrame.Roberta }, "roberta-bpe jina-v1-en jina-v2-code"),
        (SingleDigits, "starcoder smollm refact codeshell exaone minerva-7b mellum2"),
        (SingleDigits with { Normalizer = Nfc, Frame = GgufFrame.Beginning }, "command-r"),
        (new(Sequence("""{"type":"Punctuation","behavior":"Contiguous"}""", ByteLevel(useRegex: true), Digits(individual: false), Split("[0-9][0-9][0-9]"))), "falcon"),
        (Gpt4, "dbrx smaug-bpe glm4 chatglm-bpe"),
        (Llama3, "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano"),
        (Qwen2 with { Normalizer = Nfc }, "qwen2 megrez"),
        (Qwen2, "stablelm2 deepseek-r1-qwen kormo hunyuan solar-open grok-2"),
        (new(Words(Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), Nfc), "qwen35"),
        (new(Sequence(
            Split(@"[\r\n]"), Split(@"\s?\p{L}+"), Split(@"\s?\p{P}+"), Split(DeepSeekEastAsian), Digits(individual: true), ByteLevel(useRegex: false))), "deepseek-coder"),
        (new(Sequence(
            Split(@"[\r\n]"), Split($@"\s?[{DeepSeekLetters}]+"), Split(@"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+"), Split(@"\s+$"),
            Split(DeepSeekEastAsian), Digits(individual: true), ByteLevel(useRegex: false))), "deepseek-llm"),
        (DeepSeek3, "deepseek-v3 hunyuan-dense joyai-llm"),
        (Gpt4O, "gpt-4o llama4 kanana2 minimax-m2"),
        (new(Words($"{Before}{Capitals}*{Smalls}+|{Before}{Capitals}+{Smalls}*" + @"|\p{N}" + SlashTail), IgnoreMerges: true, Frame: GgufFrame.Beginning), "tekken"),
        (new(Words(Bloom)), "bloom poro-chat gpt3-finnish"),
        (new(Words(Bloom, @"\p{N}")), "viking"),
        (new(Words(@"\p{N}+", @"(?=(\d{3})+(?!\d))")), "superbpe"),
        (new(Words(@"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")), "bailingmoe bailingmoe2 llada-moe"),
        (new(Words(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+")), "seed-coder"));

    /// <summary>The names that are known.</summary>
    public static IEnumerable<string> Names => Recipes.Keys;

    /// <summary>The recipe under a name; a file without a name is an old one and means GPT-2's.</summary>
    /// <exception cref="NotBuiltException">The name is unknown.</exception>
    public static GgufRecipe Find(string? pre, string name) => Recipes.TryGetValue(pre ?? "default", out var recipe) ? recipe
        : throw new NotBuiltException($"{name}: tokenizer.ggml.pre '{pre}' is not built; {string.Join(", ", Recipes.Keys)} are");

    /// <summary>A ByteLevel component that puts in no space and leaves offsets alone.</summary>
    public static string ByteLevel(bool useRegex) =>
        $$"""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":{{(useRegex ? "true" : "false")}}}""";

    /// <summary>Every digit apart, then GPT-2's words.</summary>
    public static string DigitsAndByteLevel => Sequence(Digits(individual: true), ByteLevel(useRegex: true));

    private static Dictionary<string, GgufRecipe> Named(params (GgufRecipe Recipe, string Names)[] groups) =>
        groups.SelectMany(g => g.Names.Split(' ').Select(n => (n, g.Recipe))).ToDictionary(x => x.n, x => x.Recipe);

    private static string Words(params string[] patterns) => Sequence([.. patterns.Select(Split), ByteLevel(useRegex: false)]);

    private static string Sequence(params string[] parts) => $$"""{"type":"Sequence","pretokenizers":[{{string.Join(',', parts)}}]}""";

    private static string Digits(bool individual) => $$"""{"type":"Digits","individual_digits":{{(individual ? "true" : "false")}}}""";

    private static string Split(string pattern) =>
        $$$"""{"type":"Split","pattern":{"Regex":{{{JsonSerializer.Serialize(pattern)}}}},"behavior":"Isolated","invert":false}""";
}
