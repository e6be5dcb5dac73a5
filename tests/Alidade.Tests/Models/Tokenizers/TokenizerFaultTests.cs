using System.Text;
using System.Text.Json;
using Alidade.Core;
using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Models.Tokenizers;

/// <summary>Faults that tokenizers once had.</summary>
public sealed class TokenizerFaultTests
{
    private const string Words = """{"type":"WordLevel","vocab":{"[UNK]":0,"a":1,"b":2},"unk_token":"[UNK]"}""";

    [Fact]
    public void Added_tokens_among_letters_of_two_bytes_take_memory_in_proportion()
    {
        var tokenizer = Of(Json(BytePairs("", ignoreMerges: false), """[{"id":256,"content":"<s>","normalized":true}]""", pre: """{"type":"ByteLevel","add_prefix_space":false}"""));
        string Text(int times) => new StringBuilder().Insert(0, "é<s>", times).ToString();
        tokenizer.Encode(Text(10));
        Assert.InRange(Allocated(() => tokenizer.Encode(Text(4000))) / (double)Allocated(() => tokenizer.Encode(Text(1000))), 3, 5);
    }

    [Fact]
    public void What_truncation_cuts_off_is_made_when_it_is_asked_for()
    {
        var tokenizer = Of(Json(Words, pre: """{"type":"WhitespaceSplit"}"""));
        var text = string.Join(' ', Enumerable.Repeat("a", 600));
        var options = new EncodeOptions { Pair = text, MaxLength = 6 };
        var encoding = tokenizer.EncodeWithOffsets(text, options);
        Assert.Equal([1, 1, 1, 1, 1, 1], encoding.Ids);
        Assert.InRange(Allocated(() => tokenizer.EncodeWithOffsets(text, options)), 0, 2_000_000);
        Assert.Equal(200 * 200 - 1, encoding.Overflowing.Count);
    }

    [Fact]
    public void A_token_inside_the_white_space_that_another_took_is_found_as_in_the_reference()
    {
        var tokenizer = Of(Json(Words, """[{"id":3,"content":"<s>","rstrip":true},{"id":4,"content":" "}]"""));
        var encoding = tokenizer.EncodeWithOffsets("<s> ", new());
        Assert.Equal([3, 4], encoding.Ids);
        Assert.Equal([(0, 4), (3, 4)], encoding.Offsets);
        Assert.Equal([3, 4, 4, 1], tokenizer.EncodeWithOffsets("<s>  a", new()).Ids);
    }

    [Fact]
    public void A_broken_gzip_file_in_a_folder_is_one_clear_line() => InFolder(folder =>
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json.gz"), "{}");
        Assert.Contains("is not a gzip file", Assert.Throws<AlidadeException>(() => Tokenizer.FromFolder(folder)).Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("-1", null)]
    [InlineData("[]", null)]
    [InlineData("[2, 1]", 2)]
    public void A_padding_id_of_minus_one_is_none(string id, int? expected) => InFolder(folder =>
    {
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Json(Words));
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"pad_token_id":{{id}}}""");
        Assert.Equal(expected, Tokenizer.FromFolder(folder).Padding);
    });

    [Theory]
    [InlineData("""{"type":"BPEDecoder","suffix":"</w>"},{"type":"Replace","pattern":{"String":"a "},"content":"x"}""", new[] { "a</w>", "b</w>" }, "xb")]
    [InlineData("""{"type":"ByteFallback"},{"type":"Replace","pattern":{"String":"AB"},"content":"x"}""", new[] { "<0x41>", "<0x42>", "A", "B" }, "xAB")]
    public void A_decoder_that_gives_tokens_in_parts_is_followed_by_one_that_sees_them_whole(string decoders, string[] tokens, string expected)
    {
        var vocabulary = JsonSerializer.Serialize(tokens.Index().ToDictionary(t => t.Item, t => t.Index));
        var tokenizer = Of(Json($$"""{"type":"WordLevel","vocab":{{vocabulary}},"unk_token":"b"}""", decoder: $$"""{"type":"Sequence","decoders":[{{decoders}}]}"""));
        var ids = Enumerable.Range(0, tokens.Length).ToArray();
        Assert.Equal(expected, tokenizer.Decode(ids));
        var stream = tokenizer.CreateStream(skipSpecialTokens: false);
        Assert.Equal(expected, string.Concat(ids.Select(stream.Push)) + stream.Flush());
    }

    [Fact]
    public void A_token_that_no_merge_reaches_decides_how_a_GGUF_file_names_the_pre_tokenizer()
    {
        foreach (var ignoreMerges in new[] { true, false })
        {
            var tokenizer = Of(Json(BytePairs(""","abc":256""", ignoreMerges), pre: GgufPreTokenizers.Find("llama-bpe", "").PreTokenizer));
            var back = Tokenizer.FromGguf(GgufVocabularyWriter.Write(tokenizer.Definition, 257, "llama"), "back");
            Assert.Equal(ignoreMerges ? 1 : 3, tokenizer.Encode("abc").Length);
            Assert.Equal(tokenizer.Encode("abc"), back.Encode("abc"));
        }
    }

    [Fact]
    public void Two_added_tokens_with_one_id_are_refused_by_the_GGUF_writer_in_one_line()
    {
        var tokenizer = Of(Json(BytePairs("", ignoreMerges: false), """[{"id":256,"content":"<a>"},{"id":256,"content":"<b>"}]""", pre: GgufPreTokenizers.Find("gpt-2", "").PreTokenizer));
        Assert.Throws<NotBuiltException>(() => GgufVocabularyWriter.Write(tokenizer.Definition, 257, "llama"));
    }

    [Theory]
    [InlineData("naïve — 漢字 😀", true)]
    [InlineData("nai\u0308ve — 漢字 😀", false)]
    public void A_text_in_normal_form_is_left_as_it_is(string text, bool same)
    {
        var aligned = new AlignedText(text, 0);
        var normalized = new UnicodeNormalizer(compatibility: false, compose: true).Normalize(aligned);
        Assert.Equal("naïve — 漢字 😀", normalized.Text);
        Assert.Equal(same, ReferenceEquals(aligned, normalized));
    }

    private static string BytePairs(string more, bool ignoreMerges)
    {
        var letters = JsonSerializer.Serialize(Enumerable.Range(0, 256).ToDictionary(b => ByteAlphabet.Character((byte)b).ToString(), b => b))[..^1];
        return $$"""{"type":"BPE","ignore_merges":{{(ignoreMerges ? "true" : "false")}},"vocab":{{letters}}{{more}}},"merges":[]}""";
    }

    private static string Json(string model, string added = "[]", string pre = "null", string decoder = "null") =>
        $$"""{"model":{{model}},"added_tokens":{{added}},"pre_tokenizer":{{pre}},"decoder":{{decoder}}}""";

    private static Tokenizer Of(string json) => Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "tokenizer.json");

    private static long Allocated(Action run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void InFolder(Action<string> test)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            test(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
