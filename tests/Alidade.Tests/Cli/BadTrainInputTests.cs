using System.Text.Json.Nodes;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Encoders;

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
    [InlineData("dpo --set noise.alpha=5", "'noise' is not read by dpo", "it is read by", "sft")]
    [InlineData("dpo --set reward=ends_with_question", "'reward' is not read by dpo", "grpo")]
    [InlineData("dpo --set completion_only=false", "'data.completion_only' is not read by dpo", "sft")]
    [InlineData("simpo --set reference=base", "'reference' is not read by simpo", "dpo")]
    [InlineData("sft --set reference=base", "'reference' is not read by sft", "dpo")]
    [InlineData("sft --set teacher=somewhere", "'teacher' is not read by sft as it is set; it is read by distillation")]
    [InlineData("distillation", "distillation needs a teacher", "--set teacher=")]
    [InlineData("reward --set samples.count=2", "'samples' is not read by reward")]
    [InlineData("reward --set too_long=cut", "'data.too_long' is not read by reward")]
    [InlineData("grpo --set reward=ends_with_question cost=ends_with_question", "'cost' is not read by grpo", "it is read by nlpo, ppo")]
    [InlineData("ppo --set reward=ends_with_question lagrange.threshold=1", "lagrange: there is no cost to keep under a limit")]
    [InlineData("grpo", "grpo needs a reward", "ends_with_question")]
    [InlineData("grpo --set reward=ends_with_question rollouts.samples=1", "needs at least 2 of them; 1 was asked for")]
    [InlineData("grpo --set reward=ends_with_question reward_kl.beta=0.1", "it would be paid twice")]
    [InlineData("grpo --set reward=ends_with_question objective.loss.epsilon_hi=1", "there is no option 'objective.loss.epsilon_hi'", "did you mean 'objective.loss.epsilon_high'?")]
    [InlineData("grpo --set reward=ends_with_question high_entropy={\"fractoin\":1}", "unknown key 'objective.high_entropy.fractoin'", "did you mean 'fraction'?")]
    [InlineData("grpo --set reward=ends_with_question high_entropy=0.5", "'objective.high_entropy' (--set high_entropy=0.5) is '0.5'; a mapping of keys to values is needed")]
    [InlineData("grpo --set reward=exact_answer", "rows.jsonl: row '", "the reward 'exact_answer' needs the field 'answer', which the row does not have")]
    [InlineData("a_lol", "a_lol needs rewards", "'reward' and 'value'", "ends_with_question")]
    [InlineData("a-lol --set reward=exact_answer", "rows.jsonl: row '", "the reward 'exact_answer' needs the field 'answer', which the row does not have")]
    [InlineData("a_lol --set reward=ends_with_question objective.form=sequnce", "'sequnce'", "did you mean 'sequence'?")]
    [InlineData("a_lol --set reward=ends_with_question clip=0", "'objective.clip' (--set clip=0)", "a_lol")]
    [InlineData("a_lol --set reward=ends_with_question values.answers=0", "values.answers: 0 (at least 1)")]
    [InlineData("a_lol --set reward=ends_with_question values.temperature=0", "values.temperature: 0 (above 0)")]
    [InlineData("a_lol --set reward=ends_with_question form=reference_free reference=base", "'reference' is not read by a_lol as it is set")]
    [InlineData("a_lol --set reward=ends_with_question form=reward values.answers=4", "'values' is not read by a_lol as it is set")]
    [InlineData("a_lol --set reward=ends_with_question training.keep=best", "training.keep: best goes by the held-out loss", "form=reference_free")]
    [InlineData("a_lol --set reward=ends_with_question patience=2", "training.patience goes by the held-out loss", "leave it at 0")]
    [InlineData("a_lol --set reward=ends_with_question rollouts.samples=4", "'rollouts' is not read by a_lol", "grpo")]
    [InlineData("kto --set batch_rows=1", "training.batch_rows is 1, and must be at least 2")]
    [InlineData("dpo --set adam_w.beta1=2", "AdamW's betas are 2 and 0.999")]
    [InlineData("dpo --device gpu", "there is no device 'gpu'; allowed are cpu, cuda and cuda:n")]
    [InlineData("dpo --device cuda:x", "there is no device 'cuda:x'")]
    [InlineData("dpo --set reference_model=m moving_reference.every=2", "leave reference_model or moving_reference out")]
    [InlineData("best_of_n", "there is no objective 'best_of_n'; it is in code: Alidade.Training.Loops.BestOfNSampling")]
    [InlineData("raft", "raft needs a reward", "ends_with_question")]
    [InlineData("raft --set reward=exact_answer", "rows.jsonl: row '", "the reward 'exact_answer' needs the field 'answer', which the row does not have")]
    [InlineData("raft --set reward=ends_with_question rollouts.iterations=2", "rollouts: raft reads samples, max_new_tokens and temperature of them")]
    [InlineData("raft --set reward=ends_with_question patience=2", "raft measures held-out prompts after each round and ends with the last")]
    [InlineData("raft --set reward=ends_with_question objective.share=2", "'objective.share' (--set objective.share=2)", "above 0 and at most 1")]
    [InlineData("raft --set reward=ends_with_question objective.model=m", "there is no option 'objective.model'")]
    [InlineData("iterative_dpo --set reward=ends_with_question rollouts.samples=1", "needs at least 2 of them")]
    [InlineData("online_dpo --set reward=ends_with_question rollouts.samples=4", "rollouts.samples: online_dpo samples 2 answers to a prompt")]
    [InlineData("xpo --adapter none --set reward=ends_with_question", "XPO compares the policy with the model before the first round")]
    [InlineData("cdpo", "there is no objective 'cdpo'; it is dpo with --set objective.label_smoothing=0.1")]
    [InlineData("dpo --set export.gguf=x.gguf gguf_format=Q9", "number format 'Q9' is not written to GGUF files")]
    [InlineData("dpo --gguf /proc/none/x.gguf", "cannot write '/proc/none/x.gguf'")]
    [InlineData("dpo --adapter-gguf /proc", "cannot write '/proc': it is a folder")]
    [InlineData("dpo --adapter none --adapter-gguf x.gguf", "export.adapter_gguf: there is no adapter")]
    [InlineData("reward --adapter-gguf x.gguf", "keeps 'score.weight' whole", "GGUF adapter has no place")]
    [InlineData("reward --gguf x.gguf", "no place for the scoring head")]
    [InlineData("reward --set members=0", "members: 0 (at least 1)")]
    [InlineData("reward --set members=many", "'members' (--set members=many) is 'many'")]
    [InlineData("reward --set membres=3", "there is no option 'membres'", "did you mean 'members'?")]
    [InlineData("reward --adapter none --set members=3", "members: those of an ensemble are adapters", "leave it at lora")]
    [InlineData("reward --gguf x.gguf --set members=3", "export: a GGUF file holds one model")]
    [InlineData("dpo --set members=3", "'members' is not read by dpo", "it is read by", "reward")]
    [InlineData("dpo --set lora.targets=[q_prj]", "no module is named 'q_prj'")]
    public void A_wrong_option_is_told_with_what_is_right(string line, params string[] holds)
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("dpo", 6));
        if (line.StartsWith("sft", StringComparison.Ordinal) || line.StartsWith("distillation", StringComparison.Ordinal))
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

    [Theory]
    [InlineData("rrhf", """{"prompt": "a", "completions": ["b", "c"], "scores": [2, "x"]}""", "rows.jsonl:1: field 'scores[1]' is a text; a number is needed")]
    [InlineData("rrhf", """{"prompt": "a", "completions": ["b", 3]}""", "rows.jsonl:1: field 'completions[1]' is 3; a text is needed")]
    [InlineData("prm", """{"prompt": "a", "completions": ["b"], "labels": ["yes"]}""", "rows.jsonl:1: field 'labels[0]' is a text; true or false is needed")]
    [InlineData("outcome", """{"prompt": "a", "completion": "b", "label": 2}""", "rows.jsonl:1: field 'label' is '2'; allowed: true, false, 1, 0")]
    [InlineData("ordinal", """{"prompt": "a", "completion": "b", "label": 7}""", "rows.jsonl: the labels go up to 7, and ordinal has 5 levels, 0 to 4", "objective.levels=8")]
    [InlineData("ordinal", """{"prompt": "a", "completion": "b", "label": "good"}""", "rows.jsonl: the labels are names (good), which have no order", "number them from 0")]
    [InlineData("sft --set form=refine", """{"prompt": "a", "answer": "b", "refinement": "c"}""", "rows.jsonl:1: field 'feedback' is missing")]
    public void What_only_one_kind_of_training_reads_is_checked_as_well(string line, string row, params string[] holds) =>
        Refused(["train", .. line.Split(' '), "--model", model, "--data", folder.Write("rows.jsonl", row + "\n")], holds);

    [Theory]
    [InlineData("", """{"prompt": "a", "completion": "b", "reward": 1}""", "rows.jsonl: the rows have a 'reward' and no 'value'", "objective.form=reward")]
    [InlineData("", """{"prompt": "a", "completion": "b", "value": 1}""", "rows.jsonl: the rows have a 'value' and no 'reward'")]
    [InlineData("reward=ends_with_question", """{"prompt": "a", "completion": "b", "reward": 1, "value": 0}""", "rows.jsonl: the rows have rewards of their own", "leave one of them out")]
    [InlineData("", """{"prompt": "a", "completion": "b", "reward": "good", "value": 0}""", "rows.jsonl:1: field 'reward'", "a number is needed")]
    [InlineData("", """{"prompt": "a", "completion": "b", "reward": 0, "value": 0}""", "no row is left to train on", "no better than the model's own answers (2)")]
    [InlineData("reward={rule: {name: contains, text: a}}", """{"prompt": "a", "completion": " "}""", "rows.jsonl:1: field 'completion' holds an empty answer")]
    public void Answers_whose_rewards_cannot_be_used_are_told(string option, string row, params string[] holds)
    {
        var data = folder.Write("rows.jsonl", row + "\n" + row.Replace("\"a\"", "\"the\"", StringComparison.Ordinal) + "\n");
        Refused(["train", "a-lol", "--model", model, "--data", data, .. option.Length > 0 ? ["--set", option] : Array.Empty<string>()], holds);
    }

    [Fact]
    public void A_reward_that_some_rows_lack_is_told_by_the_first_of_them() =>
        Refused(["train", "a-lol", "--model", model, "--data", folder.Write("rows.jsonl", """{"prompt": "a", "completion": "b", "reward": 1, "value": 0}""" + "\n" + """{"prompt": "the", "completion": "b", "value": 0}""" + "\n")], "rows.jsonl:2: field 'reward' is missing, while rows before have it");

    [Fact]
    public void A_reward_model_in_place_of_a_reference_is_told_before_there_is_a_run()
    {
        using (var other = Alidade.Models.CausalLM.Load(model))
        {
            other.AddScoringHead(1, seed: 4);
            other.Save(folder.File("other"));
        }

        Refused(["train", "dpo", "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of("dpo", 6)), "--set", $"reference_model={folder.File("other")}"], "reference_model: '", "predicts no tokens", "name a language model");
    }

    [Fact]
    public void Rows_to_unlearn_are_not_imitated() =>
        Refused(["train", "sft", "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of("sft", 6) + """{"prompt": "the", "completion": "log", "label": false}""" + "\n")], "1 of 7 rows have the label false", "cringe");

    [Fact]
    public void Broken_rows_are_counted_where_that_is_wanted()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("sft", 6) + "{\"prompt\": \"a\", \"completion\": \"\"}\n");
        Assert.Contains("dropped 1: empty answer in field 'completion'", CommandLine.Run("train", "sft", "--model", model, "--data", data, "--dry-run", "--set", "drop_invalid_rows=true").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "data.max_length=4", "no row is left to train on", "longer than 4 tokens (6)")]
    [InlineData("reward", "data.max_length=4", "no row is left to train on", "longer than 4 tokens (6)")]
    [InlineData("sft", "too_long=cut max_length=3", "rows.jsonl: no demonstrations can be used", "the prompt fills the maximum length (6)")]
    [InlineData("dpo", "too_long=cut max_length=3", "rows.jsonl: no pairs can be used", "the prompt fills the maximum length (6)")]
    [InlineData("sft", "data.end_token=<|im_start|>", "rows.jsonl: no row holds a token at which the model stops (<|im_end|>)", "set data.end_token")]
    public void What_leaves_nothing_to_learn_is_told_with_its_reason(string objective, string options, params string[] holds) =>
        Refused(["train", objective, "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of(objective, 6)), "--set", .. options.Split(' ')], holds);

    [Fact]
    public void A_device_that_is_not_there_is_told()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "there is a CUDA device here");
        Refused(["train", "dpo", "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of("dpo", 6)), "--device", "cuda"], "the device 'cuda' cannot be used", "ALIDADE_LIBTORCH");
    }

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
    [InlineData("objective: grpo\ndata: rows.jsonl\nreward: { ensemble: [ ends_with_question, { rule: ends_with_question, weight: 2 } ] }", "ensemble: a member has the weight 2")]
    [InlineData("objective: grpo\ndata: rows.jsonl\nreward: { rule: ends_with_question, combine: mean }", "combine: it is of an ensemble")]
    [InlineData("objective: dpo\ndata: rows.jsonl\ntraining: { epochs: many }", "'training.epochs' at line 3 is 'many'; a number is needed")]
    public void A_recipe_with_a_key_or_value_it_does_not_know_is_told_by_line(string recipe, params string[] holds)
    {
        folder.Write("rows.jsonl", TrainRows.Of("dpo", 6));
        Refused(["train", folder.Write("recipe.yaml", recipe), "--model", model], ["recipe.yaml", .. holds]);
    }

    [Theory]
    [InlineData("{ model: MODEL }", "reward.model", "has no scoring head", "alidade train reward")]
    [InlineData("{ model: nowhere }", "nowhere")]
    [InlineData("{ classifier: CLASSIFIER, label: toxic }", "reward.label", "no label 'toxic'", "known: fine, rude")]
    [InlineData("{ classifier: CLASSIFIER }", "label: the classifier's label")]
    [InlineData("{ label: toxic, rule: { name: contains, text: a } }", "no classifier is named")]
    [InlineData("{ judge: { url: nowhere, model: m } }", "'nowhere' is no address")]
    [InlineData("{ judge: { url: http://127.0.0.1:9/v1 } }", "the model's name at the address is missing")]
    [InlineData("[ { rule: { name: contains, text: a } }, { rule: { name: contains, text: a } } ]", "one and the same")]
    public void A_reward_that_cannot_be_used_is_told_before_there_is_a_run(string reward, params string[] holds)
    {
        var classifier = TinyEncoder.Write(folder.File("classifier"), "bert", "ForSequenceClassification", c => c["id2label"] = new JsonObject { ["0"] = "fine", ["1"] = "rude" });
        TinyWords.Write(classifier);
        folder.Write("rows.jsonl", TrainRows.Of("dpo", 6));
        var recipe = folder.Write("recipe.yaml", $"objective: grpo\ndata: rows.jsonl\nreward: {reward.Replace("MODEL", "model", StringComparison.Ordinal).Replace("CLASSIFIER", "classifier", StringComparison.Ordinal)}\n");
        Refused(["train", recipe, "--model", model], holds);
    }

    [Fact]
    public void A_command_without_an_objective_and_a_resume_with_one_are_told()
    {
        Refused(["train"], "name an objective or a recipe");
        Refused(["train", "dpo", "--resume", folder.File("run")], "leave the objective out");
        foreach (var option in (string[])["--dry-run", "--adapter-gguf x", "--set beta=1", "--device cpu", "--threads 1", "--out x", "--data x"])
            Refused(["train", "--resume", folder.File("run"), .. option.Split(' ')], $"leave {option.Split(' ')[0]} out");
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
