using Alidade.Core;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks;
using Alidade.Tests.Core;

namespace Alidade.Tests.Evaluation.Tasks;

/// <summary>What a person writes in a task file, and what is told when it cannot be.</summary>
public sealed class TaskFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_task_file_that_Alidade_brings_can_be_read_and_those_with_published_data_are_tasks_by_name()
    {
        Assert.All(TaskFiles.BuiltIn, name => Assert.Equal("harness." + name, TaskFiles.Read(name).Name));
        Assert.Contains(TaskCatalogue.All, t => t.Name == "harness.ethics_virtue" && t.Files.SequenceEqual(["ethics/virtue/virtue_test.csv"]));
        Assert.DoesNotContain(TaskCatalogue.All, t => t.Name == "harness.arc_easy");
        Assert.Contains(TaskFiles.Heading, TaskCatalogue.Suites);
        // The suite of everything asks no data twice.
        Assert.DoesNotContain(TaskCatalogue.Suite(TaskCatalogue.Full), t => t.Name.StartsWith("harness.", StringComparison.Ordinal));
    }

    [Fact]
    public void Keys_replace_those_of_the_file_that_is_included_and_all_others_stay()
    {
        Write("base.yaml", "name: own.base\nprompt: 'Q: {{q}}'\nchoices: [a, b]\nanswer: '{{gold}}'\nmetrics: [acc, acc_norm]\n");
        Write("sub/mine.yaml", "include: ../base.yaml\nname: own.mine\nexamples: 2\n");
        var loaded = TaskFiles.Read(PathOf("sub/mine.yaml"));
        Assert.Equal(("own.mine", "Q: {{q}}", 2, 2), (loaded.Name, loaded.File.Prompt, loaded.File.Metrics.Count, loaded.File.Examples.Count));
        Assert.Equal(["mine.yaml", "base.yaml"], loaded.Files.Select(Path.GetFileName));
        Write("school.yaml", "include: arc_easy\ndata: rows.jsonl\n");
        Assert.Equal(("own.school", "{{choices.text}}"), (TaskFiles.Read(PathOf("school.yaml")).Name, TaskFiles.Read(PathOf("school.yaml")).File.Choices.Single()));
    }

    [Theory]
    [InlineData("promt: x", "unknown key 'promt' at line 1 (did you mean 'prompt'?)")]
    [InlineData("kind: multiple_choise", "(did you mean 'multiple_choice'?)")]
    [InlineData("include: absent.yaml", "and there is no file of that name")]
    [InlineData("include: arc_eazy", "includes 'arc_eazy', which is no file (.yaml) and no task file that Alidade brings (did you mean 'arc_easy'?)")]
    [InlineData("include: task.yaml", "which includes it")]
    [InlineData("prompt: x", "needs 'choices', or 'contexts' and a 'continuation'")]
    [InlineData("choices: [a, b]\nmetrics: acc_nrom", "there is no metric 'acc_nrom' (did you mean 'acc_norm'?)")]
    [InlineData("choices: [a, b]\nmetrics: word_perplexity", "the metric 'word_perplexity' is not one of a task of kind multiple_choice; it belongs to: rolling")]
    [InlineData("choices: [a, b]\nmetrics: [acc, acc]", "two metrics are called 'acc'")]
    [InlineData("choices: [a, b]\nprompt: '{{ x'", "template 'prompt', line 1")]
    [InlineData("choices: [a, b]\nprepare: helaswag", "there is no preparation 'helaswag' (did you mean 'hellaswag'?)")]
    [InlineData("kind: generate\nfilters: [{name: x, steps: [regx]}]", "there is no filter 'regx' (did you mean 'regex'?)")]
    [InlineData("kind: generate\nfilters: [{name: x, steps: [{filter: regex, pattern: '('}]}]", "the pattern '(' is no regular expression")]
    [InlineData("kind: loglikelihood\nprompt: x", "needs an 'answer' to score")]
    [InlineData("choices: [a, b]\noptions: {limit: 3}", "'options' belong to a task that is used")]
    [InlineData("use: bias.crows_pair\ndata: rows.jsonl", "(did you mean 'bias.crows_pairs'?)")]
    [InlineData("use: general.gsm8k\ndata: rows.jsonl\noptions: {max_new_token: 8}", "unknown key 'options.max_new_token' at line 3 (did you mean 'max_new_tokens'?)")]
    [InlineData("use: bias.crows_pairs", "names no data for 'bias.crows_pairs'")]
    [InlineData("choices: [a, b]", "names no data")]
    [InlineData("choices: [a, b]\ndata: rows.jsonl\nkeep: '{{ n > 5 }}'", "'keep' keeps none of the 2 rows")]
    public void A_mistake_is_told_with_its_place_and_what_was_meant(string yaml, string told)
    {
        Write("rows.jsonl", """{"question": "one", "answer": "#### 1", "n": 1}""" + "\n" + """{"question": "two", "answer": "#### 2", "n": 2}""");
        Write("task.yaml", yaml);
        var error = Assert.Throws<AlidadeException>(() => EvaluationPlan.Of(null, [PathOf("task.yaml")], null, f => throw new AlidadeException("no data folder")));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.Contains("task.yaml", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"q": "1"}""", "'question' is undefined (the row has: q)")]
    [InlineData("""{"questoin": "1", "right": 0}""", "'question' is undefined (did you mean 'questoin'?)")]
    [InlineData("""{"question": "1", "right": 2}""", "rows.jsonl:2: the answer '2' is none of the 2 choices")]
    public async Task A_row_that_does_not_fit_is_told_with_file_line_and_field(string row, string told)
    {
        Write("rows.jsonl", """{"question": "one", "right": 1}""" + "\n" + row);
        Write("task.yaml", "data: rows.jsonl\nprompt: 'Q: {{ question }}'\nchoices: [a, b]\nanswer: '{{right}}'\n");
        var plan = EvaluationPlan.Of(null, [PathOf("task.yaml")], null, f => f);
        using var model = Alidade.Tests.Models.TinyChat.Create();
        var error = await Assert.ThrowsAsync<AlidadeException>(() => plan.Tasks[0].Task.RunAsync(LocalRuns.Context(model)));
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    private string PathOf(string name) => Path.Combine(folder.Path, name);
}
