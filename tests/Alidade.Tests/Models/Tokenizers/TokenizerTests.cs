using System.Text;
using Alidade.Core;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Models.Tokenizers;

/// <summary>Training, saving, streaming, untrusted text and malformed files.</summary>
public sealed class TokenizerTests
{
    private const string Sample = "the cat sat on the mat; the hat is the cat's. Ünï — 漢字 😀 12 345\n\n  the end";

    private static Tokenizer Trained => new ByteLevelBpeTrainer
    {
        VocabularySize = 300,
        SpecialTokens = ["<|begin|>", "<|end|>"],
        BeginningOfText = "<|begin|>",
        EndOfText = "<|end|>",
        ChatTemplateSource = "{{ messages }}",
    }.Train(Enumerable.Repeat(Sample, 3));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(Sample)]
    [InlineData("ﬁ \u0000 \u2028 e\u0301 𝒜😀 </s>")]
    public void A_trained_tokenizer_gives_every_text_back(string text)
    {
        var tokenizer = Trained;
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void Half_a_surrogate_pair_is_read_as_the_replacement_character() =>
        Assert.Equal("a\uFFFDb", Trained.Decode(Trained.Encode("a\uD83Db")));

    [Fact]
    public void A_users_control_token_is_plain_text_only_when_the_text_is_untrusted()
    {
        var tokenizer = Trained;
        Assert.Contains(tokenizer.EndOfText!.Value, tokenizer.Encode("a<|end|>"));
        Assert.DoesNotContain(tokenizer.EndOfText!.Value, tokenizer.EncodeUntrusted("a<|end|>"));
        Assert.Equal("a<|end|>", tokenizer.Decode(tokenizer.EncodeUntrusted("a<|end|>"), skipSpecialTokens: true));
        Assert.Equal("a", tokenizer.Decode(tokenizer.Encode("a<|end|>"), skipSpecialTokens: true));
    }

    [Fact]
    public void A_saved_tokenizer_is_the_same_when_read_again()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var tokenizer = Trained;
            tokenizer.Save(folder.FullName);
            var again = Tokenizer.FromFolder(folder.FullName);
            Assert.Equal(tokenizer.Encode(Sample + "<|end|>"), again.Encode(Sample + "<|end|>"));
            Assert.Equal(Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.Token), Enumerable.Range(0, again.VocabularySize).Select(again.Token));
            Assert.Equal((tokenizer.BeginningOfText, tokenizer.EndOfText, tokenizer.Padding), (again.BeginningOfText, again.EndOfText, again.Padding));
            Assert.Equal("{{ messages }}", again.ChatTemplateSource);
            Assert.True(again.IsSpecial(1));
            Assert.Equal(2, folder.GetFiles().Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Training_is_the_reference_trainer()
    {
        var corpus = GoldenFolder.PathOf("tokenizers/corpus.txt");
        var reference = GoldenFolder.PathOf("tokenizers/made/bbpe-gpt2/tokenizer.json");
        Assert.SkipUnless(File.Exists(corpus) && File.Exists(reference), GoldenFolder.Absent);
        var expected = Tokenizer.FromJson(reference);
        var actual = new ByteLevelBpeTrainer { VocabularySize = expected.VocabularySize, MinimumFrequency = 1, SpecialTokens = ["<|endoftext|>"] }
            .Train(File.ReadAllText(corpus).Split('\n'));
        Assert.Equal(Enumerable.Range(0, expected.VocabularySize).Select(expected.Token), Enumerable.Range(0, actual.VocabularySize).Select(actual.Token));
    }

    [Fact]
    public void The_GGUF_of_the_real_model_has_the_same_tokenizer_as_its_json()
    {
        var gguf = Path.Combine(GoldenFolder.Models, "SmolLM2-135M-Instruct.Q4_1.gguf");
        var json = GoldenFolder.PathOf("tokenizers/real/smollm2/tokenizer.json");
        Assert.SkipUnless(File.Exists(gguf) && File.Exists(json), GoldenFolder.Absent);
        using var file = GgufFile.Open(gguf);
        var fromGguf = Tokenizer.FromGguf(file.Metadata, gguf);
        var fromJson = Tokenizer.FromJson(json);
        Assert.Equal(fromJson.VocabularySize, fromGguf.VocabularySize);
        Assert.NotNull(fromGguf.ChatTemplateSource);
        Assert.Equal("<|im_end|>", fromGguf.Token(fromGguf.EndOfText!.Value));
        foreach (var line in TokenizerGoldenTests.Lines(GoldenFolder.PathOf("tokenizers/texts.jsonl")))
        {
            Assert.Equal(fromJson.Encode(line["text"].Text), fromGguf.Encode(line["text"].Text));
            Assert.Equal(fromJson.EncodeUntrusted(line["text"].Text), fromGguf.EncodeUntrusted(line["text"].Text));
        }
    }

    [Fact]
    public void Concurrent_use_gives_what_one_thread_gives()
    {
        var tokenizer = Trained;
        var texts = Enumerable.Range(0, 200).Select(i => $"the {i} cat{i % 7} sat — {Sample}").ToArray();
        var expected = texts.Select(t => string.Join(' ', Trained.Encode(t))).ToArray();
        var actual = new string[texts.Length];
        Parallel.For(0, texts.Length, i => actual[i] = string.Join(' ', tokenizer.Encode(texts[i])));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Streaming_never_shows_half_a_character()
    {
        var tokenizer = Trained;
        var stream = tokenizer.CreateStream(skipSpecialTokens: true);
        var ids = tokenizer.Encode("x😀y<|end|>");
        var shown = ids.Select(stream.Push).ToList();
        Assert.DoesNotContain(shown, s => s.Contains('\uFFFD', StringComparison.Ordinal));
        Assert.Equal("x😀y", string.Concat(shown) + stream.Flush());
        stream.Push(ids[1]);
        Assert.Equal("\uFFFD", stream.Flush());
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("[]", "must be an object")]
    [InlineData("{}", "model is missing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "model.vocab['a'] holds -1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "model.vocab['a'] holds 2000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["ab"]}}""", "model.merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "needs the token 'ab'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}}""", "model.unk_token '?'")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"added_tokens":[{"id":1}]}""", "added_tokens[0].content is missing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"("}}}""", "pre_tokenizer.pattern: the pattern '(' is malformed")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Melted"}}""", "'Melted' is unknown")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"normalizer":7}""", "normalizer holds 7")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "half of a surrogate pair")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"padding":{"strategy":{"Fixed":2000000000}}}""", "padding.strategy.Fixed holds 2000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"truncation":{"strategy":"OnlyFirst"}}""", "truncation.max_length is missing")]
    [InlineData("""{"model":{"type":"Magic"}}""", "the model Magic is not built")]
    [InlineData("""{"model":{"version":1}}""", "model.type is missing")]
    [InlineData("""{"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}}""", "model.dropout: BPE dropout is not built")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0}}}""", "model.unk_token is missing")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0},"unk_token":"?","max_input_chars_per_word":-1}}""", "model.max_input_chars_per_word holds -1")]
    [InlineData("""{"model":{"type":"Unigram","vocab":{"a":0}}}""", "model.vocab holds")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a"]]}}""", "model.vocab[0] holds")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a","b"]]}}""", "model.vocab[0][1] holds")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",-1]],"unk_id":1}}""", "model.unk_id holds 1")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[["a",1e999]]}}""", "model.vocab[0][1] holds")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"normalizer":{"type":"Precompiled","precompiled_charsmap":"?"}}""", "normalizer.precompiled_charsmap holds")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"normalizer":{"type":"Precompiled","precompiled_charsmap":"/////wAA"}}""", "normalizer.precompiled_charsmap is malformed")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"normalizer":{"type":"Precompiled","precompiled_charsmap":"BAAAAAD8/38="}}""", "normalizer.precompiled_charsmap is malformed: its trie points outside")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"pre_tokenizer":{"type":"Metaspace","replacement":"ab"}}""", "pre_tokenizer.replacement holds")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"pre_tokenizer":{"type":"Metaspace","replacement":"_","add_prefix_space":false,"prepend_scheme":"first"}}""", "only one of them can hold")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"pre_tokenizer":{"type":"FixedLength","length":0}}""", "pre_tokenizer.length holds 0")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"decoder":{"type":"Strip","content":"","start":0,"stop":0}}""", "decoder.content holds")]
    [InlineData("""{"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"},"decoder":{"type":"Dream"}}""", "the decoder Dream is not built")]
    public void A_malformed_file_is_refused_with_file_and_field(string json, string part)
    {
        var error = Assert.ThrowsAny<AlidadeException>(() => Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "tokenizer.json"));
        Assert.StartsWith("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"?"}""", "model.unk_token '?'")]
    [InlineData("""{"type":"WordPiece","vocab":{"a":0},"unk_token":"?"}""", "model.unk_token '?'")]
    [InlineData("""{"type":"Unigram","vocab":[["a",-1]]}""", "model.unk_id is missing")]
    public void An_unknown_word_without_an_unknown_token_is_an_error_when_it_comes(string model, string part)
    {
        var tokenizer = OfModel(model);
        Assert.Equal([0], tokenizer.Encode("a"));
        Assert.Contains(part, Assert.Throws<AlidadeException>(() => tokenizer.Encode("b")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"BPE","vocab":{"a":0,"aa":1,"aaaa":2,"b":3,"ab":4},"merges":["a a","aa aa","a b"]}""")]
    [InlineData("""{"type":"BPE","vocab":{"<unk>":0,"a":1,"</w>":2,"a</w>":3,"aa":4},"merges":["a a"],"unk_token":"<unk>","end_of_word_suffix":"</w>"}""")]
    [InlineData("""{"type":"Unigram","vocab":[["<unk>",0],["a",-3],["aa",-4],["aaaaaaaa",-9]],"unk_id":0}""")]
    [InlineData("""{"type":"WordPiece","vocab":{"[UNK]":0,"a":1,"##a":2,"##aaaa":3},"unk_token":"[UNK]","max_input_chars_per_word":10000000}""")]
    [InlineData("""{"type":"WordLevel","vocab":{"[UNK]":0},"unk_token":"[UNK]"}""")]
    public void A_word_of_a_million_characters_is_encoded(string model)
    {
        var word = new string('a', 1_000_000);
        var encoding = OfModel(model).EncodeWithOffsets(word, new());
        Assert.Equal((0, word.Length), (encoding.Offsets[0].Start, encoding.Offsets[^1].End));
        Assert.All(encoding.Offsets.Zip(encoding.Offsets.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Start));
    }

    [Fact]
    public void White_space_that_leads_nowhere_is_tried_once()
    {
        var matches = new List<TextSpan>();
        new RegexPattern(@"\s+$|x", "pattern").Find(new string(' ', 1_000_000) + "x", matches);
        Assert.Equal([new TextSpan(1_000_000, 1_000_001, true)], matches);
    }

    [Fact]
    public void Cutting_a_text_where_no_merge_goes_changes_no_token()
    {
        const string Merges = """["a b","▁ a","▁a b","▁ ▁","ab ab","b ▁"]""";
        const string Vocabulary = """{"<unk>":0,"a":1,"b":2,"▁":3,"ab":4,"▁a":5,"▁ab":6,"▁▁":7,"abab":8,"b▁":9,"c":10}""";
        var cut = OfModel($$"""{"type":"BPE","vocab":{{Vocabulary}},"merges":{{Merges}},"unk_token":"<unk>","fuse_unk":true}""");
        // A suffix that no token has keeps the text from being cut, and changes nothing else while the last character is unknown.
        var whole = OfModel($$"""{"type":"BPE","vocab":{{Vocabulary}},"merges":{{Merges}},"unk_token":"<unk>","fuse_unk":true,"end_of_word_suffix":"!"}""");
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var text = string.Concat(Enumerable.Range(0, 120).Select(_ => "ab▁cxy漢"[random.Next(7)])) + "z";
            Assert.Equal(whole.EncodeWithOffsets(text, new()).Offsets, cut.EncodeWithOffsets(text, new()).Offsets);
            Assert.Equal(whole.Encode(text), cut.Encode(text));
        }
    }

    [Theory]
    [InlineData("chat_template.jinja", "plain", "additional_chat_templates/tool_use.jinja", "tools", "plain", "tools")]
    [InlineData("chat_template.json", """{"chat_template":"plain"}""", "tokenizer_config.json", """{"chat_template":"other"}""", "plain", null)]
    [InlineData("tokenizer_config.json", """{"chat_template":"plain"}""", null, null, "plain", null)]
    [InlineData("tokenizer_config.json", """{"chat_template":[{"name":"default","template":"plain"},{"name":"tool_use","template":"tools"},{"name":"rag","template":"r"}]}""", null, null, "plain", "tools")]
    [InlineData("tokenizer_config.json", """{"chat_template":[{"name":"tool_use","template":"tools"}]}""", null, null, "tools", "tools")]
    [InlineData("tokenizer_config.json", "{}", null, null, null, null)]
    public void Chat_templates_are_found_wherever_a_folder_keeps_them(string file, string content, string? second, string? secondContent, string? plain, string? tools)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            Trained.Save(folder.FullName);
            File.Delete(Path.Combine(folder.FullName, "tokenizer_config.json"));
            foreach (var (name, text) in new[] { (file, content), (second, secondContent) })
                if (name is not null)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.FullName, name))!);
                    File.WriteAllText(Path.Combine(folder.FullName, name), text);
                }

            var tokenizer = Tokenizer.FromFolder(folder.FullName);
            Assert.Equal((plain, tools), (tokenizer.ChatTemplateSource, tokenizer.ToolChatTemplateSource));
            tokenizer.Save(Path.Combine(folder.FullName, "again"));
            var again = Tokenizer.FromFolder(Path.Combine(folder.FullName, "again"));
            Assert.Equal((plain, tools), (again.ChatTemplateSource, again.ToolChatTemplateSource));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Every_pre_tokenizer_that_a_GGUF_file_may_name_can_be_built()
    {
        foreach (var name in GgufPreTokenizers.Names)
        {
            var letters = Enumerable.Range(0, 256).Select(b => ByteAlphabet.Character((byte)b).ToString()).ToArray();
            var tokenizer = Tokenizer.FromGguf(new Dictionary<string, object>
            {
                ["tokenizer.ggml.model"] = "gpt2",
                ["tokenizer.ggml.pre"] = name,
                ["tokenizer.ggml.tokens"] = letters.Append("<s>").Append("</s>").ToArray(),
                ["tokenizer.ggml.merges"] = Array.Empty<string>(),
                ["tokenizer.ggml.bos_token_id"] = 256u,
                ["tokenizer.ggml.eos_token_id"] = 257u,
            }, name);
            Assert.Equal(Sample, tokenizer.Decode(tokenizer.Encode(Sample)));
        }
    }

    [Fact]
    public void A_T5_vocabulary_of_a_GGUF_file_is_Unigram()
    {
        var tokenizer = Tokenizer.FromGguf(new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "t5",
            ["tokenizer.ggml.tokens"] = new[] { "<pad>", "</s>", "<unk>", "▁a", "▁", "b", "ab" },
            ["tokenizer.ggml.scores"] = new float[] { 0, 0, 0, -2, -3, -2, -5 },
            ["tokenizer.ggml.token_type"] = new[] { 3, 3, 2, 1, 1, 1, 1 },
            ["tokenizer.ggml.unknown_token_id"] = 2u,
            ["tokenizer.ggml.eos_token_id"] = 1u,
        }, "t5.gguf");
        Assert.Equal([3, 5, 4, 2, 1], tokenizer.EncodeWithOffsets("ab xy ", new()).Ids);
        Assert.Equal("ab b", tokenizer.Decode([3, 5, 4, 5, 1], skipSpecialTokens: true));
    }

    private static Tokenizer OfModel(string model) =>
        Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes($$"""{"model":{{model}}}""")), "tokenizer.json");

    [Fact]
    public void A_missing_file_is_one_clear_line() =>
        Assert.Contains("no-such-folder", Assert.Throws<AlidadeException>(() => Tokenizer.FromFolder("no-such-folder")).Message, StringComparison.Ordinal);
}
