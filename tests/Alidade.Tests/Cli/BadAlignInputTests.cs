using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>Recipes and data that <c>align</c> cannot use: one line, exit code 2, and no run folder.</summary>
public sealed class BadAlignInputTests
{
    private const string Good = """{"prompt": "Say cat.", "chosen": "cat", "rejected": "dog"}""";

    private const string Others = """
        {"prompt": "Say dog.", "chosen": "dog", "rejected": "cat"}
        {"prompt": "Say mat.", "chosen": "mat", "rejected": "log"}
        """;

    private const string Recipe = """
        data: { preferences: pairs.jsonl }
        stages: [ { objective: dpo } ]
        """;

    [Theory]
    [InlineData("""{"prompt": "Say cat.", "chosen": "cat", """, "pairs.jsonl:2", "not JSON")]
    [InlineData("""["cat", "dog"]""", "pairs.jsonl:2", "object")]
    [InlineData("""{"prompt": "Say cat.", "choosen": "cat", "rejected": "dog"}""", "pairs.jsonl:2", "field 'chosen'", "did you mean")]
    [InlineData("""{"prompt": "Say cat.", "chosen": 7, "rejected": "dog"}""", "pairs.jsonl:2", "field 'chosen'", "a number")]
    [InlineData("""{"prompt": "Say cat.", "chosen": "cat", "rejected": " "}""", "pairs.jsonl:2", "field 'rejected'", "empty answer")]
    [InlineData("""{"prompt": "Say cat.", "chosen": "cat", "rejected": "cat"}""", "pairs.jsonl:2", "field 'rejected'", "nothing to prefer")]
    public void A_broken_row_is_named_by_file_line_and_field(string row, params string[] holds)
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n" + row + "\n");
        Refused(folder, Recipe, holds);
    }

    [Fact]
    public void A_file_without_rows_is_told()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", "\n");
        Refused(folder, Recipe, "pairs.jsonl", "no rows");
    }

    [Fact]
    public void A_missing_data_file_is_named()
    {
        using var folder = new TemporaryFolder();
        Refused(folder, Recipe, "pairs.jsonl");
    }

    [Theory]
    [InlineData("stage: []", "unknown key 'stage' at line 3", "did you mean 'stages'?")]
    [InlineData("measures: { crowspairs: { file: a.csv } }", "unknown key 'measures.crowspairs' at line 3", "did you mean 'crows_pairs'?")]
    [InlineData("seed: many", "'seed' at line 3 is 'many'")]
    [InlineData("open: { pairs: [1] }", "'open.pairs' at line 3")]
    public void A_recipe_with_a_key_or_value_it_does_not_know_is_told_by_line(string line, params string[] holds)
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n");
        Refused(folder, Recipe + "\n" + line, ["recipe.yaml", .. holds]);
    }

    [Theory]
    [InlineData("{ objective: simpoo }", "there is no objective 'simpoo'", "did you mean 'simpo'?")]
    [InlineData("{ objective: { name: dpo, betta: 1 } }", "unknown key 'stages[0].objective.betta' at line 2", "did you mean 'beta'?")]
    [InlineData("{ objective: dpo, trainig: { epochs: 2 } }", "unknown key 'stages[0].trainig' at line 2", "did you mean 'training'?")]
    [InlineData("{ objective: dpo, model: other }", "unknown key 'stages[0].model' at line 2")]
    [InlineData("{ objective: dpo, noise: { alpha: 5 } }", "recipe.yaml: stages[0]: 'noise' is not read by dpo", "it is read by", "sft")]
    [InlineData("{ objective: sft }, { objective: dpo, reward: ends_with_question }", "stages[1]: 'reward' is not read by dpo", "grpo")]
    [InlineData("{ objective: simpo, reference: base }", "stages[0]: 'reference' is not read by simpo", "dpo")]
    [InlineData("{ objective: dpo, data: { completion_only: false } }", "stages[0]: 'data.completion_only' is not read by dpo", "sft")]
    [InlineData("{ objective: dpo, noize: { alpha: 5 } }", "unknown key 'stages[0].noize' at line 2", "did you mean 'noise'?")]
    [InlineData("{ objective: distillation }", "stages[0]: distillation needs a teacher")]
    [InlineData("{ data: { max_rows: 3 } }", "stages[0]", "objective: none is named")]
    [InlineData("{ objective: dpo, training: { batch_rows: 0 } }", "stages[0]", "rows of a batch 0")]
    [InlineData("{ objective: grpo }", "stages[0]", "grpo needs a reward", "stage: NAME")]
    [InlineData("{ objective: ppo, reward: { stage: judge } }", "there is no earlier stage 'judge'")]
    [InlineData("{ objective: reward }", "every one trains a reward model")]
    [InlineData("{ objective: reward, members: 3 }", "stages[0]", "members: a stage trains one model", "reward: { model: FOLDER }")]
    [InlineData("{ objective: sft }, { objective: ppo, reward: { stage: sft } }", "stage '1-sft' (sft) trains no reward model")]
    [InlineData("{ objective: reward, name: judge }, { objective: ppo, reward: { stage: jugde } }", "there is no earlier stage 'jugde'", "did you mean 'judge'?")]
    [InlineData("{ objective: dpo, name: \"a/b\" }", "'a/b'", "letters, digits")]
    [InlineData("{ objective: dppo }, { objective: grpo }", "stages[0]: there is no objective 'dppo'", "stages[1]: grpo needs a reward")]
    public void A_stage_that_cannot_be_trained_is_told_before_anything_is_done(string stages, params string[] holds)
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n" + Others + "\n");
        Refused(folder, Recipe.Replace("{ objective: dpo }", stages, StringComparison.Ordinal), ["recipe.yaml", .. holds]);
    }

    [Fact]
    public void Answers_without_a_reward_are_told_with_their_stage()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n" + Others + "\n");
        Refused(folder, Recipe.Replace("{ objective: dpo }", "{ objective: sft }, { objective: a_lol }", StringComparison.Ordinal), "stage 2-a_lol: a_lol needs rewards");
    }

    [Fact]
    public void Several_mistakes_of_a_recipe_are_told_together()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n");
        Refused(folder, Recipe + "\nseed: many\nstage: []", "'seed' at line 3", "unknown key 'stage' at line 4");
    }

    [Fact]
    public void A_missing_recipe_is_named()
    {
        using var folder = new TemporaryFolder();
        var recipe = folder.File("no-such-recipe.yaml");
        CommandLine.Run("align", recipe, "--out", folder.File("run")).IsOneLine(recipe);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void An_output_folder_that_cannot_be_made_is_named_and_nothing_is_written()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n" + Others + "\n");
        var recipe = folder.Write("recipe.yaml", Recipe);
        var model = TinyModel.Write(folder.File("model"));
        var output = Path.Combine(folder.Write("file", "a file where a folder should be"), "run");
        var before = Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        CommandLine.Run("align", "--model", model, recipe, "--out", output).IsOneLine("cannot write", output);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_output_folder_that_holds_something_is_left_alone()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", Good + "\n" + Others + "\n");
        var recipe = folder.Write("recipe.yaml", Recipe);
        var model = TinyModel.Write(folder.File("model"));
        Directory.CreateDirectory(folder.File("run"));
        var kept = Path.Combine(folder.File("run"), "kept.txt");
        File.WriteAllText(kept, "mine");
        CommandLine.Run("align", "--model", model, recipe, "--out", folder.File("run")).IsOneLine(folder.File("run"), "not empty");
        Assert.Equal([kept], Directory.EnumerateFileSystemEntries(folder.File("run")));
    }

    [Theory]
    [InlineData("align")]
    [InlineData("report")]
    public void A_folder_that_is_no_run_is_told(string command)
    {
        using var folder = new TemporaryFolder();
        CommandLine.Run(command == "align" ? ["align", "--resume", folder.Path] : ["report", folder.Path]).IsOneLine(folder.Path, "run.json");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    private static void Refused(TemporaryFolder folder, string recipe, params string[] holds)
    {
        var model = TinyModel.Write(folder.File("model"));
        CommandLine.Run("align", "--model", model, folder.Write("recipe.yaml", recipe), "--out", folder.File("run")).IsOneLine(holds);
        Assert.False(Directory.Exists(folder.File("run")));
    }
}
