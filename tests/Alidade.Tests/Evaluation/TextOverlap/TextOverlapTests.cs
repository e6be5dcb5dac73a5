using Alidade.Core;
using Alidade.Evaluation;
using Alidade.Evaluation.TextOverlap;
using Alidade.Models.Encoders;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Evaluation.TextOverlap;

public sealed class TextOverlapTests
{
    // The stems follow from the rules of NLTK 3.9's Porter stemmer in its default mode.
    [Theory]
    [InlineData("caresses", "caress")]
    [InlineData("ponies", "poni")]
    [InlineData("dies", "die")]
    [InlineData("agreed", "agre")]
    [InlineData("plastered", "plaster")]
    [InlineData("motoring", "motor")]
    [InlineData("hopping", "hop")]
    [InlineData("falling", "fall")]
    [InlineData("filing", "file")]
    [InlineData("happy", "happi")]
    [InlineData("enjoy", "enjoy")]
    [InlineData("relational", "relat")]
    [InlineData("rationally", "ration")]
    [InlineData("sensibiliti", "sensibl")]
    [InlineData("geology", "geolog")]
    [InlineData("hopefulness", "hope")]
    [InlineData("adjustment", "adjust")]
    [InlineData("adoption", "adopt")]
    [InlineData("controlling", "control")]
    [InlineData("rate", "rate")]
    [InlineData("skies", "sky")]
    [InlineData("spied", "spi")]
    [InlineData("generalizations", "gener")]
    public void Words_have_their_Porter_stems(string word, string stem) => Assert.Equal(stem, PorterStemmer.Stem(word));

    [Fact]
    public void A_symbol_outside_of_the_first_plane_is_a_token_of_its_own()
    {
        Assert.Equal(["ok", "👍", "done"], BleuTokenizer.Of("ok👍done", BleuTokens.International));
        Assert.Equal(["👍", "好"], BleuTokenizer.Of("👍好", BleuTokens.Characters));
    }

    [Fact]
    public void A_moved_block_is_one_edit()
    {
        Assert.Equal(1, Ter.Edits("d e a b c".Split(' '), "a b c d e".Split(' ')));
        Assert.Equal(100.0 / 5, new Ter().Sentence("d e a b c", "a b c d e"), 1e-12);
    }

    [Fact]
    public void A_text_without_reference_is_refused()
    {
        Assert.Contains("text 2 of 2 has no reference", Assert.Throws<AlidadeException>(() => new Bleu().Corpus(["a", "b"], [["a"], []])).Message, StringComparison.Ordinal);
        Assert.Throws<AlidadeException>(() => new ChrF().Corpus(["a"], []));
    }

    [Fact]
    public void BERTScore_of_a_text_with_itself_is_one_and_swapping_swaps_precision_and_recall()
    {
        var folder = GoldenFolder.PathOf("evaluation/tiny-bert");
        Assert.SkipUnless(Directory.Exists(folder), GoldenFolder.Absent);
        using var encoder = EncoderModel.Load(folder);
        var scorer = new BertScorer { Encoder = encoder };
        var scores = scorer.Score([("the cat sat", "the cat sat"), ("the cat sat", "a dog ran far"), ("a dog ran far", "the cat sat"), ("", "x")], TestContext.Current.CancellationToken);
        Assert.Equal(1, scores[0]!.F, 1e-6);
        Assert.InRange(scores[1]!.F, -1, 0.999);
        Assert.Equal(scores[1]!.Precision, scores[2]!.Recall, 1e-9);
        Assert.Null(scores[3]);
        Assert.Contains("blocks 0 to 1", Assert.Throws<AlidadeException>(() => (scorer with { Block = 2 }).Score([("a", "b")], TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u001cb  c\u00a0", new[] { "a", "b", "c" })]
    [InlineData("  ", new string[0])]
    public void Words_are_those_of_Python(string text, string[] words) => Assert.Equal(words, PythonText.Words(text));
}
