using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Core.Data;

/// <summary>Readers of the official files of the factuality benchmarks, and of files that people bring.</summary>
public sealed class FactualityFileTests
{
    [Theory]
    [InlineData("symmetric_v0.1/fever_symmetric_generated.jsonl", 717, 379)]
    [InlineData("symmetric_v0.1/fever_symmetric_full.jsonl", 956, 478)]
    [InlineData("symmetric_v0.2/fever_symmetric_dev.jsonl", 708, 354)]
    [InlineData("symmetric_v0.2/fever_symmetric_test.jsonl", 712, 356)]
    public void FEVER_Symmetric_has_its_published_counts(string file, int rows, int supported)
    {
        var items = FeverSymmetric.Read(Published("fever_symmetric/" + file)).Rows;
        Assert.Equal((rows, supported), (items.Count, items.Count(i => i.Supported)));
    }

    [Fact]
    public void HaluEval_has_its_published_counts()
    {
        var responses = HaluEval.ReadResponses(Published("halueval/data/general_data.json")).Rows;
        Assert.Equal((4507, 815), (responses.Count, responses.Count(r => r.Hallucinated)));
        Assert.Equal(500, HaluEval.ReadQuestions(Published("halueval/generation/qa/qa_one-turn_data.json")).Rows.Count);
    }

    [Theory]
    [InlineData("original-817", 817, 38, 437)]
    [InlineData("update-2025-790", 790, 37, 425)]
    public void TruthfulQA_has_its_published_counts(string version, int rows, int categories, int adversarial)
    {
        var items = TruthfulQa.Read(Published($"truthfulqa/{version}/TruthfulQA.csv")).Rows;
        Assert.Equal((rows, categories, adversarial), (items.Count, items.Select(i => i.Category).Distinct().Count(), items.Count(i => i.Adversarial)));
    }

    [Fact]
    public void GSM8K_has_its_published_count() => Assert.Equal(1319, Gsm8k.Read(Published("gsm8k/test.jsonl")).Rows.Count);

    [Theory]
    [InlineData("""{"question": "q", "answer": "no line"}""", "field 'answer' has no line \"#### \"")]
    [InlineData("""{"question": "q"}""", "field 'answer' is missing")]
    public void A_problem_without_an_answer_line_is_refused(string row, string problem) => Refused(row, problem, path => Gsm8k.Read(path));

    [Theory]
    [InlineData("""{"topic": "Ada", "facts": ["a"]}""", "field 'output' is missing, but 'facts' are given")]
    [InlineData("""{"topic": "Ada", "output": "x", "facts": "a"}""", "field 'facts' is a text; a list of texts is needed")]
    public void Facts_that_cannot_be_used_are_refused(string row, string problem) => Refused(row, problem, path => FactRow.Read(path));

    [Fact]
    public void A_system_of_XSum_without_a_number_is_refused() =>
        Refused("""{"system_bbcid": "bert"}""", "a system, '_' and a number are needed", path => XSumHallucination.Read(path));

    [Fact]
    public void Rows_of_documents_may_leave_out_what_is_to_be_written() => Written("""{"document": "d", "human": 0.5}""", path =>
    {
        var row = SummaryRow.Read(path).Rows.Single();
        Assert.Equal(("d", null, 0.5, null), (row.Document, row.Summary, row.Human, row.System));
    });

    private static void Refused(string row, string problem, Action<string> read) =>
        Written(row, path => Assert.Contains(problem, Assert.ThrowsAny<AlidadeException>(() => read(path)).Message, StringComparison.Ordinal));

    private static void Written(string row, Action<string> read)
    {
        var path = Path.Combine(Path.GetTempPath(), $"alidade-{Guid.NewGuid():N}.jsonl");
        try
        {
            File.WriteAllText(path, row + "\n");
            read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string Published(string file)
    {
        var path = Path.Combine(GoldenFolder.Data, file);
        Assert.SkipUnless(File.Exists(path), "the folder of benchmark data is absent");
        return path;
    }
}
