using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Evaluation.Tasks.Harness;
using Alidade.Tests.Core;
using Alidade.Tests.Models;

namespace Alidade.Tests.Evaluation.Tasks;

/// <summary>Declared tasks on models, with numbers worked out by hand.</summary>
public sealed class DeclaredTaskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_task_of_ten_lines_over_a_persons_rows_runs_into_a_folder_that_readers_of_the_harness_know()
    {
        Write("rows.jsonl", string.Join('\n', Enumerable.Range(0, 12).Select(i => $$"""{"question": "Is town {{i}} loud?", "options": ["yes", "no"], "right": {{i % 2}}}""")));
        Write("towns.yaml", """
            about: Which towns are loud.
            data: rows.jsonl
            prompt: "Q: {{question}}\nA:"
            choices: "{{options}}"
            answer: "{{right}}"
            examples: 2
            metrics: [acc, brier_score]
            """);
        using var model = TinyChat.Create();
        var plan = EvaluationPlan.Of(null, [PathOf("towns.yaml")], limit: 8, f => f);
        Assert.Equal(["towns.yaml", "rows.jsonl"], plan.Files.Select(Path.GetFileName));
        using var run = RunFolder.Create(PathOf("run"), new() { Command = "evaluate" });
        var context = LocalRuns.Context(model);
        var (measurements, _) = await new EvaluationRun(run, context).DoAsync(plan.Tasks, plan.Left, suite: false);
        Assert.Equal(["own.towns.acc", "own.towns.brier_score"], measurements.Select(m => m.Name));
        Assert.All(measurements, m => Assert.Equal(8, m.Count));
        Assert.Equal("Wilson", measurements[0].Interval!.Method);

        var results = Assert.Single(HarnessFiles.ReadResults(Directory.GetFiles(run.Folder, "results_*.json").Single()));
        Assert.Equal("towns", results.Key);
        Assert.Equal(measurements[0].Value!.Value, results.Value.Single(n => n.Metric == "acc").Value!.Value, 12);
        Assert.Null(results.Value.Single(n => n.Metric == "brier_score").StandardError);
        var samples = HarnessFiles.ReadSamples(Directory.GetFiles(run.Folder, "samples_towns_*.jsonl").Single());
        Assert.Equal(8, samples.Count);
        Assert.Equal(measurements[0].Value!.Value, samples.Average(s => s.Metrics["acc"]), 12);
    }

    [Fact]
    public async Task A_task_of_Alidades_own_runs_over_a_persons_rows_with_options_of_the_file()
    {
        Write("pairs.jsonl", string.Join('\n', Enumerable.Range(0, 6).Select(i => $$"""{"question": "What is {{i}} plus 1?", "answer": "#### {{i + 1}}"}""")));
        Write("sums.yaml", "use: general.gsm8k\ndata: pairs.jsonl\noptions: {max_new_tokens: 8, prompt: step_by_step}\n");
        var task = Assert.Single(EvaluationPlan.Of(null, [PathOf("sums.yaml")], null, f => f).Tasks).Task;
        using var chat = ScriptedChat.By(text => text.Contains("What is 3", StringComparison.Ordinal) ? "The answer is 5." : $"The answer is {text[text.IndexOf("is ", StringComparison.Ordinal) + 3] - '0' + 1}.");
        var results = await task.RunAsync(new() { Model = chat.As("m") });
        Assert.Equal(5 / 6.0, results.Single(r => r.Measurement.Name.EndsWith(".strict", StringComparison.Ordinal)).Measurement.Value!.Value, 12);
        Assert.All(chat.Asked, a => Assert.Equal(8, a.Options.MaxOutputTokens));
    }

    [Fact]
    public async Task Written_answers_pass_each_chain_of_filters_and_what_finds_nothing_counts_as_wrong_and_is_told()
    {
        Write("rows.csv", "question,answer\nA?,1\nB?,2\nC?,3\n");
        Write("numbers.yaml", """
            data: rows.csv
            kind: generate
            prompt: "{{question}}"
            answer: "{{answer}}"
            generate: {max_new_tokens: 5, samples: 3}
            filters:
              - {name: first, steps: [{filter: regex, pattern: '\d'}, take_first]}
              - {name: vote, steps: [{filter: regex, pattern: '\d'}, majority_vote]}
            """);
        var task = Assert.Single(EvaluationPlan.Of(null, [PathOf("numbers.yaml")], null, f => f).Tasks).Task;
        var asked = 0;
        using var chat = ScriptedChat.By(text => text[0] switch { 'A' => "1", 'B' => asked++ == 0 ? "9" : "2", _ => "none" });
        var results = await task.RunAsync(new() { Model = chat.As("m") });
        Assert.Equal(["own.numbers.exact_match.first", "own.numbers.exact_match.vote"], results.Select(r => r.Measurement.Name));
        Assert.Equal([1 / 3.0, 2 / 3.0], results.Select(r => r.Measurement.Value!.Value));
        Assert.All(results, r => Assert.Contains("1 answers have nothing for the filters to find", r.Measurement.Meaning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_model_that_only_writes_chooses_by_letter_and_an_answer_without_a_choice_has_no_score()
    {
        Write("rows.csv", "question,right\nA?,0\nB?,1\nC?,1\n");
        Write("letters.yaml", "data: rows.csv\nprompt: '{{question}}'\nchoices: [red, blue]\nanswer: '{{right}}'\nmetrics: [acc, acc_norm]\n");
        var task = Assert.Single(EvaluationPlan.Of(null, [PathOf("letters.yaml")], null, f => f).Tasks).Task;
        using var chat = ScriptedChat.By(text => text[0] switch { 'A' => "A", 'B' => "A", _ => "neither of them" });
        var result = Assert.Single(await task.RunAsync(new() { Model = chat.As("m") }));
        Assert.Equal("own.letters.written.acc", result.Measurement.Name);
        Assert.Equal((0.5, 2), (result.Measurement.Value!.Value, result.Measurement.Count));
        Assert.Equal(1, result.Measurement.Unscored[MultipleChoice.Unparsed]);
    }

    [Fact]
    public async Task A_bias_score_without_a_biased_answer_is_minus_one_unless_the_harness_rule_is_asked_for()
    {
        string Row(string condition, int label) => $$$"""{"context": "c", "question": "q", "ans0": "Ann", "ans1": "Ben", "ans2": "Unknown", "label": {{{label}}}, "example_id": {{{label}}}, "question_index": 1, "question_polarity": "neg", "context_condition": "{{{condition}}}", "category": "Age", "answer_info": {"ans0": ["Ann", "old"], "ans1": ["Ben", "young"], "ans2": ["Unknown", "unknown"]}, "additional_metadata": {"stereotyped_groups": ["old"]}}""";
        Write("rows.jsonl", Row("disambig", 1));
        Write("bias.yaml", "include: bbq_generate\ndata: rows.jsonl\n");
        Write("zero.yaml", "include: bias.yaml\nmetrics: [{metric: bbq, zero_without_biased: true}]\n");
        using var chat = ScriptedChat.By(_ => "Ben");
        async Task<double?> Score(string file) => (await Assert.Single(EvaluationPlan.Of(null, [PathOf(file)], null, f => f).Tasks).Task.RunAsync(new() { Model = chat.As("m") }))
            .Single(r => r.Measurement.Name.EndsWith(".disamb_bias_score", StringComparison.Ordinal)).Measurement.Value;
        Assert.Equal(-1, await Score("bias.yaml"));
        Assert.Equal(0, await Score("zero.yaml"));
    }

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private string PathOf(string name) => Path.Combine(folder.Path, name);
}
