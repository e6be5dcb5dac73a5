using System.Text.Json;
using Alidade.Core;
using Alidade.Evaluation.TextOverlap;
using TorchSharp;
using static Alidade.Tests.Golden.Evaluation.MetricFile;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>ROUGE, BLEU, chrF, TER and BERTScore against rouge-score, sacrebleu and bert-score.</summary>
[Golden("evaluation/metrics/text_overlap.json")]
[Golden("evaluation/metrics/bertscore.json")]
public sealed class TextOverlapGoldenTests
{
    private static readonly Dictionary<string, Func<string, string, double>> OfPair = new()
    {
        ["sentence_bleu_13a_exp_effective"] = (text, reference) => new Bleu().Sentence(text, reference).Value,
        ["bleu_intl_exp_no_effective_order"] = (text, reference) => CorpusBleu(new() { Tokens = BleuTokens.International }, text, reference).Value,
        ["corpus_bleu_13a_smooth_floor"] = (text, reference) => CorpusBleu(new() { Smoothing = BleuSmoothing.Floor }, text, reference).Value,
        ["corpus_bleu_13a_smooth_add-k"] = (text, reference) => CorpusBleu(new() { Smoothing = BleuSmoothing.AddK }, text, reference).Value,
        ["corpus_bleu_13a_smooth_none"] = (text, reference) => CorpusBleu(new() { Smoothing = BleuSmoothing.None }, text, reference).Value,
        ["chrf2"] = (text, reference) => new ChrF().Sentence(text, reference),
        ["chrf2pp"] = (text, reference) => new ChrF { WordOrder = 2 }.Sentence(text, reference),
        ["chrf2_space"] = (text, reference) => new ChrF { WhiteSpace = true }.Sentence(text, reference),
        ["ter"] = (text, reference) => new Ter().Sentence(text, reference),
    };

    private static readonly Dictionary<string, Func<string[], string[][], double>> OfCorpus = new()
    {
        ["bleu"] = (texts, references) => new Bleu().Corpus(texts, references).Value,
        ["bleu_lowercase"] = (texts, references) => new Bleu { IgnoreCase = true }.Corpus(texts, references).Value,
        ["bleu_intl"] = (texts, references) => new Bleu { Tokens = BleuTokens.International }.Corpus(texts, references).Value,
        ["chrf"] = (texts, references) => new ChrF().Corpus(texts, references),
        ["chrfpp"] = (texts, references) => new ChrF { WordOrder = 2 }.Corpus(texts, references),
        ["ter"] = (texts, references) => new Ter().Corpus(texts, references),
    };

    public static IEnumerable<TheoryDataRow<string>> Pairs() => Rows("text_overlap", f => f.GetProperty("pairs").EnumerateArray().Select((_, i) => $"pairs/{i}"));

    public static IEnumerable<TheoryDataRow<string>> Corpora() => Rows("text_overlap", f => f.GetProperty("corpus").EnumerateObject().Select(c => $"corpus/{c.Name}"));

    public static IEnumerable<TheoryDataRow<string>> Matches() => Rows("bertscore", f => f.GetProperty("cases").EnumerateArray().Select((_, i) => $"cases/{i}").Append("idf_example"));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Pairs))]
    [Trait("Kind", "Golden")]
    public void A_pair_of_texts_scores_as_in_the_references(string path) => GoldenCase.Run("evaluation/overlap", path, golden =>
    {
        var pair = Read("text_overlap").GetProperty("pairs")[int.Parse(Part(path).Split('/')[1])];
        var (reference, text) = (pair.GetProperty("reference").GetString()!, pair.GetProperty("hypothesis").GetString()!);
        foreach (var score in pair.EnumerateObject().Where(p => p.Name is not ("reference" or "hypothesis")))
            if (score.Name is "plain" or "stemmed")
                CheckRouge(golden, score, new() { Stemming = score.Name == "stemmed" }, reference, text);
            else if (OfPair.TryGetValue(score.Name, out var check))
                Near(golden, score.Name, score.Value, check(text, reference));
            else
                CheckBleu(golden, score, text, reference);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Corpora))]
    [Trait("Kind", "Golden")]
    public void A_corpus_scores_as_in_the_reference(string path) => GoldenCase.Run("evaluation/overlap", path, golden =>
    {
        var (file, name) = (Read("text_overlap"), Part(path)["corpus/".Length..]);
        var pairs = file.GetProperty("pairs").EnumerateArray().Select(p => (Text: p.GetProperty("hypothesis").GetString()!, Reference: p.GetProperty("reference").GetString()!)).ToArray();
        string[][] references = name switch
        {
            "one reference" => [.. pairs.Select(p => new[] { p.Reference })],
            _ when name.StartsWith("two references (second = upper case", StringComparison.Ordinal) => [.. pairs.Select(p => new[] { p.Reference, p.Reference.ToUpperInvariant() })],
            _ => throw new NotBuiltException($"the corpus '{name}'"),
        };
        foreach (var score in file.GetProperty("corpus").GetProperty(name).EnumerateObject())
            Near(golden, score.Name, score.Value,
                OfCorpus.TryGetValue(score.Name, out var check) ? check([.. pairs.Select(p => p.Text)], references) : throw new NotBuiltException($"the corpus score '{score.Name}'"));
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Matches))]
    [Trait("Kind", "Golden")]
    public void Given_embeddings_match_as_in_the_reference(string path) => GoldenCase.Run("evaluation/overlap", path, golden =>
    {
        var file = Read("bertscore");
        if (Part(path) == "idf_example")
        {
            var example = file.GetProperty("idf_example");
            var rarity = new InverseDocumentFrequency(example.GetProperty("documents").EnumerateArray().Select(d => d.EnumerateArray().Select(t => t.GetInt32()).ToArray()));
            foreach (var token in example.GetProperty("idf").EnumerateObject())
                Near(golden, token.Name, token.Value, rarity[token.Name == "unseen" ? -1 : int.Parse(token.Name)]);
            return;
        }

        var given = file.GetProperty("cases")[int.Parse(Part(path).Split('/')[1])];
        using var reference = Matrix(given.GetProperty("reference_embeddings"));
        using var text = Matrix(given.GetProperty("hypothesis_embeddings"));
        foreach (var result in given.GetProperty("results").EnumerateObject())
        {
            double[] Weights(string side) => [.. Numbers(given.GetProperty(side)).Select(w => result.Name.StartsWith("idf", StringComparison.Ordinal) || w == 0 ? w : 1)];
            var score = BertScore.Match(reference, text, Weights("reference_idf"), Weights("hypothesis_idf"))!;
            if (result.Name.Contains("rescaled", StringComparison.Ordinal))
            {
                var baseline = result.Name.Split('_').Where(p => p.StartsWith('.')).Select(p => double.Parse(p, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
                score = BertScorer.Rescaled(score, new(baseline[0], baseline[1], baseline[2]));
            }

            Near(golden, result.Name + " precision", result.Value.GetProperty("precision"), score.Precision);
            Near(golden, result.Name + " recall", result.Value.GetProperty("recall"), score.Recall);
            Near(golden, result.Name + " F", result.Value.GetProperty("f1"), score.F);
        }
    });

    private static void CheckRouge(GoldenCase golden, JsonProperty scores, Rouge rouge, string reference, string text)
    {
        foreach (var kind in scores.Value.EnumerateObject())
        {
            var score = kind.Name switch
            {
                "rougeL" => rouge.L(reference, text),
                "rougeLsum" => rouge.LSum(reference, text),
                _ when kind.Name.StartsWith("rouge", StringComparison.Ordinal) && int.TryParse(kind.Name["rouge".Length..], out var n) => rouge.N(n, reference, text),
                _ => throw new NotBuiltException(kind.Name),
            };
            Near(golden, $"{scores.Name} {kind.Name}", kind.Value, [score.Precision, score.Recall, score.F]);
        }
    }

    private static void CheckBleu(GoldenCase golden, JsonProperty expected, string text, string reference)
    {
        var tokens = expected.Name switch
        {
            "corpus_bleu_13a" => BleuTokens.V13a,
            "corpus_bleu_intl" => BleuTokens.International,
            "corpus_bleu_char" => BleuTokens.Characters,
            "corpus_bleu_none" => BleuTokens.WhiteSpace,
            "corpus_bleu_zh" => BleuTokens.Chinese,
            _ => throw new NotBuiltException($"the score '{expected.Name}'"),
        };
        var score = CorpusBleu(new() { Tokens = tokens }, text, reference);
        Near(golden, expected.Name, expected.Value.GetProperty("score"), score.Value);
        Near(golden, expected.Name + " counts", expected.Value.GetProperty("counts"), score.Matches);
        Near(golden, expected.Name + " totals", expected.Value.GetProperty("totals"), score.Totals);
        Near(golden, expected.Name + " precisions", expected.Value.GetProperty("precisions"), score.Precisions);
        Near(golden, expected.Name + " bp", expected.Value.GetProperty("bp"), score.BrevityPenalty);
        golden.Equal(expected.Name + " length", expected.Value.GetProperty("sys_len").GetInt32(), score.Length);
        golden.Equal(expected.Name + " reference length", expected.Value.GetProperty("ref_len").GetInt32(), score.ReferenceLength);
    }

    private static BleuScore CorpusBleu(Bleu bleu, string text, string reference) => bleu.Corpus([text], [[reference]]);

    private static torch.Tensor Matrix(JsonElement rows)
    {
        var values = rows.EnumerateArray().Select(Numbers).ToArray();
        return torch.tensor(values.SelectMany(r => r).ToArray(), [values.Length, values[0].Length]);
    }
}
