using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers;

/// <summary>Reward models of a tiny model on rows that can be told apart: good answers end in token 5, bad ones in token 6, middling ones in token 7.</summary>
public sealed class RewardTrainerTests : IDisposable
{
    private static readonly int[] Prompt = [3, 9, 4];
    private static readonly int[] Good = [11, 5], Bad = [11, 6], Middling = [2, 8, 7];
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    [Theory]
    [InlineData("pairwise")]
    [InlineData("all pairs")]
    [InlineData("plackett-luce")]
    [InlineData("classification")]
    [InlineData("ordinal")]
    [InlineData("cost")]
    [InlineData("cost of tokens")]
    public void Rows_that_can_be_told_apart_are_learned_to_an_accuracy_of_one(string which)
    {
        using var model = Tiny.Model();
        model.AddScoringHead(which == "classification" ? 3 : 1, seed: 1);
        IRewardObjective objective = which switch
        {
            "pairwise" => new PairwiseReward { CenterCoefficient = 0.01 },
            "all pairs" => new AllPairsReward(),
            "plackett-luce" => new PlackettLuceReward(),
            "classification" => new ClassificationReward(),
            "ordinal" => new OrdinalReward { Levels = 3 },
            "cost of tokens" => new CostModel { Level = CostLevel.Tokens },
            _ => new CostModel(),
        };
        var rows = Rows(objective.Needs);
        var result = new RewardTrainer { Model = model, Objective = objective, Options = Options() }.Train(rows, rows.Rows);
        Assert.True(result.HeldOut[0].Loss > result.HeldOut[^1].Loss);
        Assert.Equal(1, result.HeldOut[^1].Metrics["accuracy"]);
        if (objective is CostModel)
            Assert.Equal(1, result.HeldOut[^1].Metrics["accuracy_sign"]);
    }

    [Fact]
    public void Costs_of_tokens_are_those_of_the_tokens_from_the_first_difference_and_the_shorter_answer_keeps_its_last_one()
    {
        using var scope = NewDisposeScope();
        using var model = Tiny.Model();
        model.AddScoringHead(1, seed: 1);
        // The answers begin alike, differ from their second token on, and one is shorter by two.
        int[] unsafer = [.. Prompt, 11, 6], safer = [.. Prompt, 11, 5, 2, 8];
        var row = new RewardTokens("a", Prompt, [unsafer[3..], safer[3..]]) { Labels = [1, 0] };
        float[] Costs(int[] ids) => model.ScoresAt(BranchedBatch.OfTexts([ids]), [.. Enumerable.Range(Prompt.Length, ids.Length - Prompt.Length).Select(t => (0, t))]).flatten().data<float>().ToArray();
        float[] u = Costs(unsafer), s = Costs(safer);
        var objective = new CostModel { Level = CostLevel.Tokens, Regularisation = 0.1 };
        double Softplus(double x) => Math.Log(1 + Math.Exp(x));
        var (losses, squares) = (0.0, 0.0);
        foreach (var (cu, cs) in new[] { (u[1], s[1]), (u[1], s[2]), (u[1], s[3]) })
        {
            losses += (Softplus(cs - cu) + Softplus(-cu) + Softplus(cs)) / 3;
            squares += ((cu * cu) + (cs * cs)) / 6;
        }

        var result = new RewardTrainer { Model = model, Objective = objective, Options = Options(1) }.Train(new([row], new Dictionary<string, int>(), 0));
        Assert.Equal(losses + (0.1 * squares), result.Curve[0].Loss, 1e-5);
        Refused("scores of whole answers were given", () => objective.Evaluate(AnswerScores.OfPairs(zeros(1), zeros(1)) with { Labels = [1, 0] }));
    }

    [Fact]
    public void Cuts_between_levels_are_learned_with_the_model()
    {
        using var scope = NewDisposeScope();
        using var model = Tiny.Model();
        model.AddScoringHead(1, seed: 1);
        var cuts = OrdinalCuts.Even(3, model.Parameters["score.weight"]);
        var before = cuts.Values().data<float>().ToArray();
        new RewardTrainer { Model = model, Objective = new OrdinalReward { Levels = 3 }, Cuts = cuts, Options = Options() }.Train(Rows(RewardData.Labelled));
        var after = cuts.Values().detach().data<float>().ToArray();
        Assert.All(before.Zip(after), c => Assert.NotEqual(c.First, c.Second));
        Assert.True(after[0] < after[1]);
    }

    [Fact]
    public void A_trained_reward_model_is_saved_as_a_sequence_classification_model_and_scores_the_same_when_loaded()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny.Model();
        model.AddScoringHead(1, seed: 1);
        new RewardTrainer { Model = model, Options = Options(6) }.Train(Rows(RewardData.Pairs));
        model.Save(folder.Path);
        Assert.Contains("LlamaForSequenceClassification", File.ReadAllText(folder.File("config.json")), StringComparison.Ordinal);
        using var loaded = CausalLM.Load(folder.Path);
        Assert.Equal(Scores(model), Scores(loaded));
    }

    [Fact]
    public void A_classifier_keeps_the_names_of_its_labels()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny.Model();
        Refused("must differ", () => model.AddScoringHead(["a", "a"], seed: 1));
        model.AddScoringHead(["bad", "good"], seed: 1);
        model.Save(folder.Path);
        using var loaded = CausalLM.Load(folder.Path);
        Assert.Equal(["bad", "good"], loaded.Config.Scoring!.Labels);
    }

    [Fact]
    public void A_reward_model_that_is_an_adapter_keeps_its_head_in_its_folder_and_leaves_the_base_as_it_was()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny.Model();
        var before = Tiny.Bits(model, null);
        using var adapter = LoraAdapter.Create(model, "reward", new() { Rank = 2, ScoringLabels = 1 }, seed: 5);
        var rows = Rows(RewardData.Pairs);
        var result = new RewardTrainer { Model = model, Adapter = adapter, Options = Options() }.Train(rows, rows.Rows);
        Assert.Equal(1, result.HeldOut[^1].Metrics["accuracy"]);
        Assert.Equal(before, Tiny.Bits(model, null));
        PeftFolder.Save(adapter, model, folder.Path);
        using var loaded = PeftFolder.Load(model, folder.Path);
        float[] Of(LoraAdapter role)
        {
            using var use = model.Use(role);
            return Scores(model);
        }

        Assert.Equal(Of(adapter), Of(loaded));
    }

    [Fact]
    public void Steps_are_learned_saved_as_a_token_classification_model_and_loaded()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny.Model();
        model.AddTokenScoringHead(2, seed: 1);
        TokenRows<StepTokens> rows = new([new("a", [.. Prompt, .. Good, .. Bad], [4, 6], [1, 0]), new("b", [.. Prompt, .. Bad, .. Good, .. Good], [4, 6, 8], [0, 1, 1])], new Dictionary<string, int>(), 0);
        var result = new StepRewardTrainer { Model = model, Options = Options() }.Train(rows, rows.Rows);
        Assert.Equal(1, result.HeldOut[^1].Metrics["accuracy"]);
        model.Save(folder.Path);
        Assert.Contains("LlamaForTokenClassification", File.ReadAllText(folder.File("config.json")), StringComparison.Ordinal);
        using var loaded = CausalLM.Load(folder.Path);
        Assert.Equal(StepScores(model), StepScores(loaded));
        Assert.Contains(model.Parameters["score.bias"].data<float>().ToArray(), b => b != 0);
    }

    [Fact]
    public void An_adapter_trains_the_head_of_steps_when_it_is_among_its_saved_modules()
    {
        using var folder = new TemporaryFolder();
        using var model = Tiny.Model();
        model.AddTokenScoringHead(2, seed: 1);
        TokenRows<StepTokens> rows = new([new("a", [.. Prompt, .. Good, .. Bad], [4, 6], [1, 0])], new Dictionary<string, int>(), 0);
        using (var without = LoraAdapter.Create(model, "bare", new() { Rank = 2 }, seed: 5))
            Refused("does not train the scoring head", () => new StepRewardTrainer { Model = model, Adapter = without, Options = Options() }.Train(rows));
        using var adapter = LoraAdapter.Create(model, "steps", new() { Rank = 2, SavedModules = ["score"] }, seed: 5);
        var base_ = StepScores(model);
        new StepRewardTrainer { Model = model, Adapter = adapter, Options = Options() }.Train(rows);
        Assert.Equal(base_, StepScores(model));
        PeftFolder.Save(adapter, model, folder.Path);
        Assert.Contains("TOKEN_CLS", File.ReadAllText(folder.File("adapter_config.json")), StringComparison.Ordinal);
        using var loaded = PeftFolder.Load(model, folder.Path);
        float[] trained;
        using (model.Use(adapter))
            trained = StepScores(model);
        Assert.NotEqual(base_, trained);
        using var use = model.Use(loaded);
        Assert.Equal(trained, StepScores(model));
    }

    [Theory]
    [InlineData(OutcomePlaces.All)]
    [InlineData(OutcomePlaces.Last)]
    public void Whether_an_answer_will_be_right_is_learned_at_its_tokens(OutcomePlaces places)
    {
        using var model = Tiny.Model();
        model.AddScoringHead(1, seed: 1);
        TokenRows<StepTokens> rows = new([new("a", [3, 9, 5, 2], [2, 3], [1, 1]), new("b", [3, 9, 6, 2], [2, 3], [0, 0])], new Dictionary<string, int>(), 0);
        var result = new StepRewardTrainer { Model = model, Objective = new OutcomeReward { Places = places }, Options = Options() }.Train(rows, rows.Rows);
        Assert.Equal(1, result.HeldOut[^1].Metrics["accuracy"]);
    }

    [Fact]
    public void However_a_window_is_cut_steps_weigh_the_same()
    {
        var norms = new List<double>();
        foreach (var (batch, accumulation) in new[] { (3, 1), (1, 3), (2, 2) })
        {
            using var model = Tiny.Model();
            model.AddTokenScoringHead(2, seed: 1);
            TokenRows<StepTokens> rows = new(
                [new("a", [3, 9, 5], [2], [1]), new("b", [.. Prompt, .. Bad, .. Good, .. Good], [4, 6, 8], [0, 1, 1]), new("c", [1, 2, 6, 6], [2, 3], [0, 0])], new Dictionary<string, int>(), 0);
            norms.Add(new StepRewardTrainer { Model = model, Options = Options(1) with { BatchRows = batch, Accumulation = accumulation } }.Train(rows).Curve[0].GradientNorm);
        }

        Assert.All(norms, n => Assert.Equal(norms[0], n, 1e-5));
    }

    [Fact]
    public void A_margin_asks_for_a_wider_lead()
    {
        double Lead(double? margin)
        {
            using var model = Tiny.Model();
            model.AddScoringHead(1, seed: 1);
            var rows = Rows(RewardData.Pairs);
            rows = rows with { Rows = [.. rows.Rows.Select(r => r with { Margin = margin })] };
            return new RewardTrainer { Model = model, Options = Options(20) }.Train(rows, rows.Rows).HeldOut[^1].Metrics["margin"];
        }

        Assert.True(Lead(3) > Lead(null) + 0.1);
    }

    [Fact]
    public void Members_of_an_ensemble_differ_and_agree_on_what_they_were_taught()
    {
        using var scope = NewDisposeScope();
        using var model = Tiny.Model();
        var before = Tiny.Bits(model, null);
        var trainer = new RewardEnsembleTrainer { Model = model, Members = 3, Adapters = new() { Rank = 2, ScoringLabels = 1 }, Options = Options() };
        using var ensemble = trainer.Train(Rows(RewardData.Pairs));
        Assert.Equal(before, Tiny.Bits(model, null));
        Assert.Null(model.Adapter);
        Assert.Equal(3, ensemble.Results.Select(r => r.Curve[^1].Loss).Distinct().Count());
        var scores = ensemble.Score(BranchedBatch.OfTexts([[.. Prompt, .. Good], [.. Prompt, .. Bad]]));
        Assert.Equal(3, scores.Members);
        Assert.True(scores.Minimum[0] > scores.Maximum[1]);
        Assert.All(scores.StandardDeviation, s => Assert.True(s > 0));
        Refused("needs at least 2", () => _ = trainer with { Members = 1 });
    }

    [Fact]
    public void A_run_that_was_stopped_and_resumed_ends_with_the_same_bits_and_cuts()
    {
        (string Bits, string Cuts) Run(string? folder, bool resume, CancellationTokenSource? stop)
        {
            using var scope = NewDisposeScope();
            using var model = Tiny.Model();
            model.AddScoringHead(1, seed: 1);
            var cuts = OrdinalCuts.Even(3, model.Parameters["score.weight"]);
            var context = new TrainingContext { Folder = folder, Resume = resume, Cancellation = stop?.Token ?? default, OnStep = s => { if (s.Update == 5) stop?.Cancel(); } };
            new RewardTrainer { Model = model, Objective = new OrdinalReward { Levels = 3 }, Cuts = cuts, Options = Options(9) }.Train(Rows(RewardData.Labelled), context: context);
            return (Tiny.Bits(model, null), string.Join(' ', cuts.Values().detach().data<float>().ToArray()));
        }

        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        var undisturbed = Run(null, false, null);
        Assert.ThrowsAny<OperationCanceledException>(() => Run(folder.File("checkpoints"), false, stop));
        Assert.Equal(undisturbed, Run(folder.File("checkpoints"), true, null));
    }

    [Fact]
    public void Updates_leave_no_tensor_behind()
    {
        using var model = Tiny.Model(layers: 1);
        model.AddScoringHead(1, seed: 1);
        using var steps = Tiny.Model(layers: 1);
        steps.AddTokenScoringHead(2, seed: 1);
        using var cuts = NewDisposeScope();
        var even = OrdinalCuts.Even(3, model.Parameters["score.weight"]);
        void Train(int updates)
        {
            foreach (var objective in new IRewardObjective[] { new PairwiseReward { CenterCoefficient = 0.1 }, new AllPairsReward(), new PlackettLuceReward(), new OrdinalReward { Levels = 3 }, new CostModel { Regularisation = 0.1 }, new CostModel { Level = CostLevel.Tokens } })
            {
                var rows = Rows(objective.Needs);
                new RewardTrainer { Model = model, Objective = objective, Cuts = objective is OrdinalReward ? even : null, Options = Options(updates) }.Train(rows, rows.Rows);
            }

            TokenRows<StepTokens> solutions = new([new("a", [3, 9, 5], [1, 2], [1, 0])], new Dictionary<string, int>(), 0);
            new StepRewardTrainer { Model = steps, Options = Options(updates) }.Train(solutions, solutions.Rows);
            new StepRewardTrainer { Model = model, Objective = new OutcomeReward(), Options = Options(updates) }.Train(solutions, solutions.Rows);
        }

        Train(2);
        var before = Alidade.Tests.Models.LiveTensors.Settled();
        Train(20);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void What_the_head_or_the_rows_lack_is_said_before_training()
    {
        using var model = Tiny.Model();
        var pairs = Rows(RewardData.Pairs);
        Refused("has no scoring head", () => new RewardTrainer { Model = model, Options = Options() }.Train(pairs));
        model.AddScoringHead(2, seed: 1);
        Refused("gives 2 scores, and 'reward' needs 1", () => new RewardTrainer { Model = model, Options = Options() }.Train(pairs));
        using var other = Tiny.Model();
        other.AddScoringHead(1, seed: 1);
        Refused("'row 0' has 1 answers, and 'reward' needs pairs", () => new RewardTrainer { Model = other, Options = Options() }.Train(Rows(RewardData.Labelled)));
        Refused("has no label for each answer", () => new RewardTrainer { Model = other, Objective = new CostModel(), Options = Options() }.Train(pairs));
        Refused("has twice the same answer", () => new RewardTrainer { Model = other, Objective = new CostModel(), Options = Options() }.Train(new([new("a", Prompt, [Good, Good]) { Labels = [1, 0] }], new Dictionary<string, int>(), 0)));
        Refused("needs 2 or more", () => new RewardTrainer { Model = other, Objective = new ClassificationReward(), Options = Options() }.Train(Rows(RewardData.Labelled)));
        Refused("'prm' needs 2", () => new StepRewardTrainer { Model = other, Options = Options() }.Train(new([new("a", [1, 2], [1], [1])], new Dictionary<string, int>(), 0)));
        Refused("every row was left out", () => new RewardTrainer { Model = other, Options = Options() }.Train(pairs with { Rows = [] }));
        using var scope = NewDisposeScope();
        Refused("'reward' has no levels", () => new RewardTrainer { Model = other, Cuts = OrdinalCuts.Even(3, other.Parameters["score.weight"]), Options = Options() }.Train(pairs));
    }

    [Fact]
    public void Answers_of_which_one_begins_the_other_keep_a_token_each()
    {
        var row = RewardTokens.Of("a", [1, 2, 3], [1, 2, 3, 4]);
        Assert.Equal([1, 2], row.Prompt);
        Assert.Equal([[3], [3, 4]], row.Answers);
        Assert.Empty(RewardTokens.Of("b", [1, 2], [3]).Prompt);
    }

    private static void Refused(string message, Action action) => Assert.Contains(message, Assert.Throws<AlidadeException>(action).Message, StringComparison.Ordinal);

    private static TrainingOptions Options(int updates = 80) => Tiny.Options(updates) with { Schedule = new() { LearningRate = 0.02, Warmup = 2 }, Accumulation = 1, BatchRows = 3 };

    private static TokenRows<RewardTokens> Rows(RewardData needs)
    {
        (int[][] Answers, int[]? Labels)[] rows = needs switch
        {
            RewardData.Pairs => [([Good, Bad], null), ([Good, Middling], null), ([Middling, Bad], null)],
            RewardData.LabelledPairs => [([Bad, Good], [1, 0]), ([Bad, Middling], [1, 0])],
            RewardData.RankedLists => [([Good, Middling, Bad], null), ([Good, Bad], null)],
            _ => [([Bad], [0]), ([Middling], [1]), ([Good], [2])],
        };
        return new([.. rows.Select((r, i) => RewardTokens.Of($"row {i}", [.. r.Answers.Select(a => (int[])[.. Prompt, .. a])]) with { Labels = r.Labels })], new Dictionary<string, int>(), 0);
    }

    private static float[] Scores(CausalLM model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return model.Scores(BranchedBatch.OfTexts([[.. Prompt, .. Good], [.. Prompt, .. Bad]])).flatten().data<float>().ToArray();
    }

    private static float[] StepScores(CausalLM model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return model.ScoresAt(BranchedBatch.OfTexts([[.. Prompt, .. Good, .. Bad]]), [(0, 4), (0, 6)]).flatten().data<float>().ToArray();
    }
}
