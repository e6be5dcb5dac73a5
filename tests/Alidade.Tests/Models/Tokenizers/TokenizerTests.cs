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
    public void A_malformed_file_is_refused_with_file_and_field(string json, string part)
    {
        var error = Assert.ThrowsAny<AlidadeException>(() => Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "tokenizer.json"));
        Assert.StartsWith("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_one_clear_line() =>
        Assert.Contains("no-such-folder", Assert.Throws<AlidadeException>(() => Tokenizer.FromFolder("no-such-folder")).Message, StringComparison.Ordinal);
}
