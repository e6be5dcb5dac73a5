using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>Options, recipes and data that <c>train</c> cannot use: one line, exit code 2, and no run folder.</summary>
public sealed class BadTrainInputTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public BadTrainInputTests() => model = TinyModel.Write(folder.File("model"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("dp", "there is no objective 'dp'", "did you mean 'dpo'?")]
    [InlineData("dpo --set objective.betta=0.2", "there is no option 'objective.betta'", "did you mean 'objective.beta'?")]
    [InlineData("dpo --set bta=0.2", "there is no option 'bta'", "did you mean 'objective.beta'?")]
    [InlineData("sft --set beta=0.2", "there is no option 'beta'")]
    [InlineData("dpo --set learningrate=fast", "'training.schedule.learning_rate' (--set learningrate=fast) is 'fast'; a number is needed")]
    [InlineData("dpo --set objective.beta=-1", "'objective.beta' (--set objective.beta=-1)", "must be a number above 0")]
    [InlineData("dpo --set batch_rows=0", "rows of a batch 0 (at least 1)")]
    [InlineData("dpo --set held_out=2", "data.held_out: 2 (at least 0 and below 1)")]
    [InlineData("dpo --set schedule.kind=linar", "'linar'", "did you mean 'linear'?")]
    [InlineData("dpo --set beta", "--set beta: an option is KEY=VALUE")]
    [InlineData("dpo --set rank=[1", "not YAML")]
    [InlineData("dpo --adapter qlora", "'adapter.method' (--adapter qlora) is 'qlora'; allowed: lora, none")]
    [InlineData("dpo --set lora.targets=[q_prj]", "no module is named 'q_prj'")]
    public void A_wrong_option_is_told_with_what_is_right(string line, params string[] holds)
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("dpo", 6));
        if (line.StartsWith("sft", StringComparison.Ordinal))
            data = folder.Write("rows.jsonl", TrainRows.Of("sft", 6));
        Refused([.. line.Split(' '), "--model", model, "--data", data], holds);
    }

    [Theory]
    [InlineData("dpo", """{"prompt": "a", "chosen": " ", "rejected": "b"}""", "rows.jsonl:7", "empty answer")]
    [InlineData("dpo", """{"prompt": "a", "chosen": "b", "rejected": "b"}""", "rows.jsonl:7", "nothing to prefer")]
    [InlineData("dpo", """{"prompt": "a", "chosen": "b"}""", "rows.jsonl:7", "field 'rejected'", "is missing")]
    [InlineData("dpo", """{"prompt": "a", "chosen": "b", """, "rows.jsonl:7", "not JSON")]
    [InlineData("sft", """{"prompt": "a", "completion": ""}""", "rows.jsonl:7", "empty answer")]
    [InlineData("sft", """{"prompt": "a", "completion": 7}""", "rows.jsonl:7", "field 'completion'", "a number")]
    public void A_broken_row_is_named_by_file_line_and_field(string objective, string row, params string[] holds) =>
        Refused(["train", objective, "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of(objective, 6) + row + "\n")], holds);

    [Fact]
    public void Broken_rows_are_counted_where_that_is_wanted()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("sft", 6) + "{\"prompt\": \"a\", \"completion\": \"\"}\n");
        Assert.Contains("dropped 1: empty answer in field 'completion'", CommandLine.Run("train", "sft", "--model", model, "--data", data, "--dry-run", "--set", "drop_invalid_rows=true").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "data.max_length=4", "no row is left to train on", "longer than 4 tokens (6)")]
    [InlineData("sft", "too_long=cut max_length=3", "no demonstrations can be used", "the prompt fills the maximum length (6)")]
    [InlineData("dpo", "too_long=cut max_length=3", "no pairs can be used", "the prompt fills the maximum length (6)")]
    [InlineData("sft", "data.end_token=<|im_start|>", "no row holds a token at which the model stops (<|im_end|>)", "set data.end_token")]
    public void What_leaves_nothing_to_learn_is_told_with_its_reason(string objective, string options, params string[] holds) =>
        Refused(["train", objective, "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of(objective, 6)), "--set", .. options.Split(' ')], holds);

    [Fact]
    public void A_conversation_without_an_answer_is_told()
    {
        var data = folder.Write("rows.jsonl", """{"messages": [{"role": "user", "content": "a"}]}""" + "\n");
        Refused(["train", "sft", "--model", model, "--data", data], "rows.jsonl:1", "no turn of the assistant");
    }

    [Fact]
    public void All_rows_of_one_prompt_cannot_be_split() =>
        Refused(["train", "sft", "--model", model, "--data", folder.Write("rows.jsonl", """{"prompt": "a", "completion": "b"}""" + "\n" + """{"prompt": "a", "completion": "c"}""" + "\n")], "all have one prompt", "data.held_out to 0");

    [Fact]
    public void Data_of_another_shape_and_absent_data_are_told()
    {
        Refused(["train", "sft", "--model", model, "--data", folder.Write("rows.jsonl", "{\"prompt\": \"a\"}\n")], "rows.jsonl:1", "completion");
        Refused(["train", "dpo", "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of("sft", 6))], "rows.jsonl:1", "chosen");
        Refused(["train", "dpo", "--model", model, "--data", folder.File("none.jsonl")], "there is no file", "none.jsonl");
        Refused(["train", "dpo", "--model", model], "data.file: no data file is named");
        Refused(["train", "dpo", "--model", model, "--data", folder.Write("rows.parquet", "PAR1 no")], "rows.parquet", "is broken");
        Refused(["train", "dpo", "--model", model, "--data", folder.Write("rows.parquet", "no")], "is not a Parquet file");
        Refused(["train", "dpo", "--model", folder.File("nowhere"), "--data", folder.Write("rows.jsonl", TrainRows.Of("dpo", 6))], "nowhere");
    }

    [Theory]
    [InlineData("objective: dpo\ndata: rows.jsonl\ntrainig: { epochs: 1 }", "unknown key 'trainig' at line 3", "did you mean 'training'?")]
    [InlineData("objective: dpo\ndata: { file: rows.jsonl, max_lenght: 4 }", "unknown key 'data.max_lenght' at line 2", "did you mean 'max_length'?")]
    [InlineData("objective: { name: dpo, betta: 1 }\ndata: rows.jsonl", "unknown key 'objective.betta' at line 1", "did you mean 'beta'?")]
    [InlineData("objective: { beta: 1 }\ndata: rows.jsonl", "options but no name")]
    [InlineData("data: rows.jsonl", "objective: none is named")]
    [InlineData("objective: dpo\ndata: rows.jsonl\ntraining: { epochs: many }", "'training.epochs' at line 3 is 'many'; a number is needed")]
    public void A_recipe_with_a_key_or_value_it_does_not_know_is_told_by_line(string recipe, params string[] holds)
    {
        folder.Write("rows.jsonl", TrainRows.Of("dpo", 6));
        Refused(["train", folder.Write("recipe.yaml", recipe), "--model", model], ["recipe.yaml", .. holds]);
    }

    [Fact]
    public void A_command_without_an_objective_and_a_resume_with_one_are_told()
    {
        Refused(["train"], "name an objective or a recipe");
        Refused(["train", "dpo", "--resume", folder.File("run")], "leave the other options out");
        Refused(["train", "--resume", folder.File("run")], "run");
    }

    private void Refused(string[] arguments, params string[] holds)
    {
        var run = folder.File("run");
        string[] line = arguments[0] == "train" ? arguments : ["train", .. arguments];
        CommandLine.Run(line.Contains("--resume") || line.Length == 1 ? line : [.. line, "--out", run]).IsOneLine(holds);
        Assert.False(Directory.Exists(run), "a run folder was made");
    }
}
