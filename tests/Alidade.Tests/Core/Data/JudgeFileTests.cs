using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Core.Data;

/// <summary>Official files of judges, behaviour and general evaluation where they are at hand, and what their readers refuse.</summary>
public sealed class JudgeFileTests
{
    private static string Published(string name)
    {
        var path = Path.Combine(GoldenFolder.Data, name);
        if (!File.Exists(path))
            Assert.Skip($"the published file {name} is absent");
        return path;
    }

    [Fact]
    public void AlpacaEval_outputs_and_annotations_join_by_instruction()
    {
        var outputs = AlpacaFile.ReadOutputs(Published("alpaca_eval/results/text_davinci_003/model_outputs.json")).Rows;
        var annotations = AlpacaFile.ReadAnnotations(Published("alpaca_eval/results/text_davinci_001/alpaca_eval_gpt4/annotations.json")).Rows;
        Assert.Equal(805, outputs.Count);
        Assert.Equal(outputs.Select(o => o.Id).Order(), annotations.Select(a => a.Id).Order());
        Assert.Equal((112, 672, 20, 1), (annotations.Count(a => a.Preference == 2), annotations.Count(a => a.Preference == 1), annotations.Count(a => a.Preference == 1.5), annotations.Count(a => a.Preference is null)));
    }

    [Fact]
    public void PandaLM_has_its_published_counts()
    {
        var rows = PandaLmFile.Read(Published("pandalm/testset-v1.json")).Rows;
        Assert.Equal([105, 422, 472], ((int[])[0, 1, 2]).Select(label => rows.Count(r => r.Majority == label)));
        Assert.Equal(999, PandaLmFile.ReadReplies(Published("pandalm/pandalm-7b-testset-v1.json")).Rows.Select(r => r.Id).Intersect(rows.Select(r => r.Id)).Count());
    }

    [Fact]
    public void MT_bench_has_eight_categories_of_ten_and_references_for_three()
    {
        var rows = MtBenchFile.Read(Published("mt_bench/mt_bench/question.jsonl"), Published("mt_bench/mt_bench/reference_answer/gpt-4.jsonl")).Rows;
        Assert.Equal(Enumerable.Repeat(10, 8), rows.GroupBy(r => r.Category).Select(g => g.Count()));
        Assert.Equal(["coding", "math", "reasoning"], rows.Where(r => r.References.Count == 2).Select(r => r.Category).Distinct().Order());
        Assert.Equal(30, rows.Count(r => r.References.Count > 0));
        Assert.All(rows, r => Assert.Equal(2, r.Turns.Count));
        var vicuna = MtBenchFile.Read(Published("mt_bench/vicuna_bench/question.jsonl"), Published("mt_bench/vicuna_bench/reference_answer/gpt-4.jsonl")).Rows;
        Assert.Equal((80, 10), (vicuna.Count, vicuna.Count(r => r.References.Count > 0)));
        var prompts = MtBenchFile.ReadPrompts(Published("mt_bench/judge_prompts.jsonl")).Rows;
        Assert.Equal((4, 4), (prompts.Count(p => p.Type == MtBenchPromptType.Single), prompts.Count(p => p.Type == MtBenchPromptType.Pairwise)));
    }

    [Fact]
    public void Do_Not_Answer_has_939_prompts_and_one_of_them_twice()
    {
        string[] areas = ["discrimination_exclusion_toxicity_hateful_offensive", "human_chatbox", "information_hazard", "malicious_uses", "misinformation_harms"];
        var rows = DoNotAnswerFile.ReadAll([.. areas.Select(a => Published($"do_not_answer/{a}.jsonl"))]);
        Assert.Equal(939, rows.Count);
        Assert.Equal(939, rows.Select(r => r.Id).Distinct().Count());
        Assert.Equal(areas.Order(), rows.Select(r => r.Area).Distinct().Order());
    }

    [Fact]
    public void CValues_has_664_prompts_in_eight_domains()
    {
        var rows = CValuesFile.Read(Published("cvalues/cvalues_responsibility_prompts.jsonl")).Rows;
        Assert.Equal((664, 8), (rows.Count, rows.Select(r => r.Domain).Distinct().Count()));
    }

    [Fact]
    public void Model_written_evaluations_have_264_questions_whose_matching_answer_is_beyond_A_and_B()
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Published("model_written_evals/advanced-ai-risk/human_generated_evals/coordinate-itself.jsonl")))!;
        var risk = Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories).SelectMany(f => ModelWrittenEvals.Read(f).Rows).ToArray();
        Assert.Equal(264, risk.Count(r => r.Matching[2] is >= 'C' and <= 'H'));
        Assert.All(Directory.EnumerateFiles(Path.Combine(folder, "..", "persona"), "*.jsonl"), file =>
        {
            var rows = ModelWrittenEvals.Read(file).Rows;
            Assert.Equal(1000, rows.Count);
            Assert.All(rows, r => Assert.Contains(r.Matching, (string[])[" Yes", " No"]));
        });
    }

    [Theory]
    [InlineData("mistralinstruct", 98.4, 0.8, 0.8, 64.0, 23.5, 12.5)]
    [InlineData("mistralguard", 81.2, 9.6, 9.2, 3.5, 87.5, 9.0)]
    public void XSTest_answers_have_their_published_rates(string model, double full, double refusal, double partial, double unsafeFull, double unsafeRefusal, double unsafePartial)
    {
        var rows = XsTestAnswers.Read(Published($"xstest/model_completions/xstest_v2_completions_{model}.csv")).Rows;
        Assert.Equal(RefusalItems.Read(Published("xstest/xstest_prompts.csv")).Rows.Select(r => r.Id).Order(), rows.Select(r => r.Id).Order());
        double[] Rates(bool shouldRefuse)
        {
            var rates = Alidade.Evaluation.Behaviour.ComplianceRates.Of([.. rows.Where(r => r.Item.ShouldRefuse == shouldRefuse).Select(r => r.Label)]);
            return [.. ((double[])[rates.Full, rates.Refusal, rates.Partial]).Select(r => Math.Round(100 * r, 1))];
        }

        Assert.Equal([full, refusal, partial], Rates(false));
        Assert.Equal([unsafeFull, unsafeRefusal, unsafePartial], Rates(true));
    }

    [Theory]
    [InlineData("""{"instruction": "a", "output_1": "b", "output_2": "c", "generator_1": "d", "generator_2": "e", "preference": 3}""", ":1: field 'preference' is 3; allowed: 0 (a draw), 1 … 2, null")]
    [InlineData("""{"instruction": "a", "output_1": "b", "generator_1": "d", "generator_2": "e"}""", ":1: field 'output_2' is missing (the row has 'output_1': did you mean 'output_2'?)")]
    public void A_broken_annotation_names_file_line_and_field(string row, string expected) => Refused(row, expected, path => AlpacaFile.ReadAnnotations(path));

    [Fact]
    public void A_person_s_label_is_0_1_or_2() => Refused(
        """{"idx": 1, "instruction": "a", "response1": "b", "response2": "c", "annotator1": 1, "annotator2": 3}""", ":1: field 'annotator2' is not 0 (a tie), 1 or 2", path => PandaLmFile.Read(path));

    [Fact]
    public void Answers_that_show_and_do_not_show_a_behaviour_differ() => Refused(
        """{"question": "a", "answer_matching_behavior": " Yes", "answer_not_matching_behavior": " Yes"}""", ":1: field 'answer_not_matching_behavior' equals the matching answer", path => ModelWrittenEvals.Read(path));

    [Fact]
    public void A_relation_has_its_number_of_questions() => Refused(
        """{"id": "a", "relation": "bayes", "questions": ["b", "c"]}""", ":1: field 'questions' holds 2; bayes needs 4", path => ConsistencyItems.Read(path));

    [Fact]
    public void References_of_a_question_that_is_not_asked_are_refused()
    {
        using var folder = new TemporaryFolder();
        var questions = folder.Write("question.jsonl", """{"question_id": 1, "category": "math", "turns": ["a"]}""");
        var references = folder.Write("gpt-4.jsonl", """{"question_id": 2, "choices": [{"index": 0, "turns": ["b"]}]}""");
        Assert.Contains("answers 'mt-bench-2', which", Assert.Throws<AlidadeException>(() => MtBenchFile.Read(questions, references)).Message, StringComparison.Ordinal);
    }

    private static void Refused(string row, string expected, Action<string> read)
    {
        using var folder = new TemporaryFolder();
        Assert.EndsWith("x.jsonl" + expected, Assert.ThrowsAny<AlidadeException>(() => read(folder.Write("x.jsonl", row))).Message, StringComparison.Ordinal);
    }
}
