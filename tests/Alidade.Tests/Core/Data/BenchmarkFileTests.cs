using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Core.Data;

/// <summary>The published files where they are at hand, and their columns in small.</summary>
public sealed class BenchmarkFileTests
{
    private static string Published(string name)
    {
        var path = Path.Combine(GoldenFolder.Data, name);
        if (!File.Exists(path))
            Assert.Skip($"the published file {name} is absent");
        return path;
    }

    [Fact]
    public void CrowS_Pairs_has_its_published_counts()
    {
        var set = CrowsPairs.Read(Published("crows_pairs/crows_pairs_anonymized.csv"));
        Assert.Equal(1508, set.Rows.Count);
        Assert.Equal(218, set.Rows.Count(r => r.Direction == StereotypeDirection.Antistereo));
        Assert.Equal(516, set.Rows.Count(r => r.BiasType == "race-color"));
        Assert.Equal("crows-0", set.Rows[0].Id);
        Assert.Null(set.DroppedSummary);
    }

    [Theory]
    [InlineData("truthfulqa/original-817/TruthfulQA.csv", 817, 38, 437)]
    [InlineData("truthfulqa/update-2025-790/TruthfulQA.csv", 790, 37, 425)]
    public void TruthfulQA_has_its_published_counts(string name, int questions, int categories, int adversarial)
    {
        var rows = TruthfulQa.Read(Published(name)).Rows;
        Assert.Equal(questions, rows.Count);
        Assert.Equal(categories, rows.Select(r => r.Category).Distinct().Count());
        Assert.Equal(adversarial, rows.Count(r => r.Adversarial));
        Assert.All(rows, r => Assert.Contains(r.BestAnswer, r.CorrectAnswers));
        Assert.All(rows, r => Assert.DoesNotContain("", r.Mc2Options));
    }

    [Fact]
    public void Both_versions_of_TruthfulQA_give_a_question_the_same_id()
    {
        var old = TruthfulQa.Read(Published("truthfulqa/original-817/TruthfulQA.csv")).Rows.Select(r => r.Id);
        // 786 are equal to the letter; one more differs in outer white space only.
        Assert.Equal(787, old.Intersect(TruthfulQa.Read(Published("truthfulqa/update-2025-790/TruthfulQA.csv")).Rows.Select(r => r.Id)).Count());
    }

    [Fact]
    public void XSTest_has_its_published_counts()
    {
        var rows = RefusalItems.Read(Published("xstest/xstest_prompts.csv")).Rows;
        Assert.Equal((250, 200), (rows.Count(r => !r.ShouldRefuse), rows.Count(r => r.ShouldRefuse)));
        Assert.Equal(18, rows.Select(r => r.Kind).Distinct().Count());
    }

    [Fact]
    public void The_harmless_dialogues_are_read_and_what_is_left_out_is_told()
    {
        var path = Published("hh_rlhf/harmless-base/test.jsonl.gz");
        Assert.Contains("holds an empty answer", Assert.ThrowsAny<AlidadeException>(() => PreferenceFile.Read(path)).Message, StringComparison.Ordinal);
        var set = PreferenceFile.Read(path, options: new DataOptions { DropInvalidRows = true });
        Assert.Equal(2312, set.Rows.Count + set.DroppedCount);
        Assert.Equal(5, set.Dropped["the prompts of chosen and rejected differ"]);
        Assert.Equal(4, set.DroppedCount - 5);
        Assert.All(set.Rows, r => Assert.Equal("user", r.Prompt.Messages![^1].Role));
    }

    [Theory]
    [InlineData("id,prompt,type,label\n1,How?,homonyms,save\n", ":2: field 'label' is 'save'; allowed: safe, unsafe")]
    [InlineData("id,promt,type,label\n1,How?,homonyms,safe\n", ":2: field 'prompt' is missing (the row has 'promt': did you mean 'prompt'?)")]
    [InlineData("id,prompt,type,label\n1,,homonyms,safe\n", ":2: field 'prompt' is empty")]
    public void A_broken_row_names_file_line_and_field(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.EndsWith("x.csv" + expected, Assert.ThrowsAny<AlidadeException>(() => RefusalItems.Read(folder.Write("x.csv", text))).Message, StringComparison.Ordinal);
    }
}
