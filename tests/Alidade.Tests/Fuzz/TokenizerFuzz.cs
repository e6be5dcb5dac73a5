using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Fuzz;

/// <summary>tokenizer.json of every model and component; what is accepted also encodes and decodes texts.</summary>
public sealed class TokenizerFuzz
{
    private static readonly string[] Texts = ["", "a", "The cat's ab  12345 \n\n x", "é e\u0301 日本語 \U0001F468\u200D\U0001F469\u200D\U0001F467 ﷺ ½", "<s> [MASK] </s><|end|>", new string('a', 300), "a b " + new string(' ', 100) + "\u0000\uFFFD"];

    private static readonly JsonMutation Words = new(
        "type", "version", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model", "truncation", "padding", "id", "content", "special", "lstrip", "rstrip", "single_word", "normalized",
        "vocab", "merges", "unk_token", "unk_id", "byte_fallback", "ignore_merges", "dropout", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "max_input_chars_per_word", "BPE", "Unigram", "WordPiece", "WordLevel",
        "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Strip", "Prepend", "prepend", "Replace", "Precompiled", "precompiled_charsmap", "BertNormalizer", "ByteLevel", "Nmt", "clean_text",
        "normalizers", "pretokenizers", "processors", "decoders", "Whitespace", "WhitespaceSplit", "Split", "pattern", "String", "Regex", "behavior", "Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous",
        "invert", "Metaspace", "replacement", "prepend_scheme", "always", "never", "first", "split", "Punctuation", "Digits", "individual_digits", "BertPreTokenizer", "CharDelimiterSplit", "delimiter", "UnicodeScripts",
        "FixedLength", "length", "add_prefix_space", "trim_offsets", "use_regex", "TemplateProcessing", "single", "pair", "SpecialToken", "special_tokens", "ids", "tokens", "type_id", "A", "B", "BertProcessing",
        "RobertaProcessing", "sep", "cls", "ByteFallback", "Fuse", "CTC", "pad_token", "word_delimiter_token", "cleanup", "prefix", "suffix", "start", "stop", "BPEDecoder", "max_length", "stride", "strategy",
        "LongestFirst", "OnlyFirst", "OnlySecond", "direction", "Left", "Right", "Fixed", "BatchLongest", "pad_to_multiple_of", "pad_id", "pad_type_id", "a", "b", "ab", "▁", "Ġ", "##", "<0x41>", "<unk>", "<s>",
        @"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+", "(a+)+$", "(a|a)*b", "(?:a*)*c", @"(\s*)\1x", "(?=a)", "(?<=a)b", "(?>a+)", "", "^", "$", @"\b", "(", "[", "[^", "{1000000}", "a{1000}{1000}", "(a{1,100}){1,100}", @"\X", "(?i)", "[a-&&[b]]", ".");

    private static readonly string[] Seeds =
    [
        """{"version":"1.0","truncation":{"direction":"Right","max_length":64,"strategy":"LongestFirst","stride":2},"padding":{"strategy":{"Fixed":8},"direction":"Right","pad_to_multiple_of":4,"pad_id":0,"pad_type_id":0,"pad_token":"<|end|>"},"added_tokens":[{"id":0,"content":"<|end|>","single_word":false,"lstrip":false,"rstrip":true,"normalized":false,"special":true}],"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"'s|'t| ?\\p{L}+| ?\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},"post_processor":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":true,"vocab":{"<|end|>":0,"a":1,"b":2,"Ġ":3,"ab":4,"Ġa":5,"c":6,"t":7},"merges":["a b",["Ġ","a"]]}}""",
        """{"added_tokens":[{"id":1,"content":"[CLS]","special":true},{"id":2,"content":"[SEP]","special":true},{"id":3,"content":"[MASK]","lstrip":true,"normalized":true,"special":true}],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[2],"tokens":["[SEP]"]}}},"decoder":{"type":"WordPiece","prefix":"##","cleanup":true},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"[MASK]":3,"the":4,"cat":5,"##a":6,"a":7,"##b":8}}}""",
        """{"added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true}],"normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"},{"type":"Strip","strip_left":true,"strip_right":true},{"type":"NFKC"},{"type":"Lowercase"}]},"pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},"post_processor":{"type":"RobertaProcessing","sep":["<s>",1],"cls":["<s>",1],"trim_offsets":true,"add_prefix_space":true},"decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},"model":{"type":"Unigram","unk_id":0,"byte_fallback":true,"vocab":[["<unk>",0.0],["<s>",0.0],["▁",-2.0],["a",-3.0],["b",-3.5],["ab",-4.0],["▁a",-4.5],["<0x41>",-9.0]]}}""",
        """{"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Whitespace"},{"type":"Punctuation","behavior":"Contiguous"},{"type":"Digits","individual_digits":true},{"type":"FixedLength","length":5},{"type":"CharDelimiterSplit","delimiter":"x"},{"type":"UnicodeScripts"}]},"post_processor":{"type":"Sequence","processors":[{"type":"BertProcessing","sep":["b",2],"cls":["a",1]}]},"decoder":{"type":"CTC","pad_token":"<pad>","word_delimiter_token":"|","cleanup":true},"model":{"type":"WordLevel","vocab":{"<unk>":0,"a":1,"b":2,"The":3},"unk_token":"<unk>"}}""",
        """{"added_tokens":[],"normalizer":null,"pre_tokenizer":null,"post_processor":null,"decoder":{"type":"BPEDecoder","suffix":"</w>"},"model":{"type":"BPE","unk_token":"<unk>","end_of_word_suffix":"</w>","fuse_unk":true,"byte_fallback":true,"vocab":{"<unk>":0,"a":1,"b":2,"b</w>":3,"ab</w>":4,"<0x41>":5},"merges":["a b</w>"]}}""",
    ];

    [Fact]
    public void A_mutated_tokenizer_encodes_or_is_refused_in_one_line() => FuzzRun.Inputs(
        "tokenizer",
        random => new(("tokenizer.json", random.Chance(0.1) ? Compiled(random) : Words.Of(random, random.One(Seeds)))),
        input => Use(Tokenizer.FromJson(new MemoryStream(input["tokenizer.json"]), "tokenizer.json")));

    // A double array whose units mostly point to one another, for no honest one is made here.
    private static byte[] Compiled(Random random)
    {
        var units = Enumerable.Range(0, random.Next(1, 300)).SelectMany(i => BitConverter.GetBytes(random.Chance(0.5) ? (uint)random.Extreme() : (uint)random.Next(1 << 14) ^ ((uint)i << 10))).ToArray();
        byte[] map = [.. BitConverter.GetBytes(random.Chance(0.9) ? units.Length : (int)random.Extreme()), .. units, .. "a\0\u00e9b\0"u8, .. random.Chance(0.5) ? new byte[] { 0xC3 } : []];
        return Seeds[2].Replace("""{"type":"NFKC"}""", $$"""{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(map)}}"}""", StringComparison.Ordinal).Utf8();
    }

    /// <summary>Encodes and decodes; the offsets lie in the text.</summary>
    internal static void Use(Tokenizer tokenizer)
    {
        foreach (var text in Texts)
        {
            var encoding = tokenizer.EncodeWithOffsets(text, new() { AddSpecialTokens = true });
            Assert.All(encoding.Utf16Offsets, o => Assert.True(o.Start >= 0 && o.Start <= o.End && o.End <= text.Length, $"{o} is outside of a text of {text.Length}"));
            tokenizer.Decode(encoding.Ids);
        }
    }
}
