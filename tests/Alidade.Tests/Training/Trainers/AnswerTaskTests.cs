using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers;

/// <summary>Tasks on prompts with answers: what the branched batch computes is what padded rows give, however the rows are laid out.</summary>
public sealed class AnswerTaskTests : IDisposable
{
    private readonly OneThread thread = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly CausalLM model = Tiny.Model();

    public AnswerTaskTests()
    {
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
    }

    public void Dispose()
    {
        model.Dispose();
        scope.Dispose();
        thread.Dispose();
    }

    public static TheoryData<IPreferenceObjective> PairObjectives() =>
    [
        new Dpo(),
        new Wpo { Base = new LengthDesensitised { Alpha = 0.3 } },
        new Orpo(),
        new Cpo { Base = new SimPo() },
        new WeightedSum { Terms = [new(0.7, new Ipo()), new(0.3, new Orpo())] },
    ];

    [Fact]
    public void Pairs_of_which_some_carry_a_number_are_refused()
    {
        PairTokens[] pairs = [.. Tiny.Pairs(3).Rows];
        pairs[2] = pairs[2] with { WinProbability = 0.75 };
        using var reference = Reference.Of(model, null, ReferenceModel.Start, null, null);
        var error = Assert.Throws<AlidadeException>(() => new PreferenceTask(model, new Sppo(), reference, pairs));
        Assert.Equal("sppo: 2 of 3 pairs carry no win probability, while the others do; give it for all of them or for none", error.Message);
    }

    [Theory]
    [MemberData(nameof(PairObjectives))]
    public void Pairs_on_shared_prompts_have_the_loss_and_gradient_of_padded_rows(IPreferenceObjective objective)
    {
        using var start = Tiny.Model(4);
        // One pair stands on two prompts, as cutting at the start leaves it.
        PairTokens[] pairs = [.. Tiny.Pairs(4).Rows];
        pairs[1] = pairs[1] with { RejectedPrompt = [.. pairs[1].Prompt.Skip(1)] };
        using var reference = Reference.Of(model, null, ReferenceModel.Start, start, null);
        using var task = new PreferenceTask(model, objective, reference, pairs);
        task.Prepare([[0, 1, 2, 3]], new());
        var branched = Gradients(() => task.Evaluate([0, 1, 2, 3], [[0, 1, 2, 3]]).Loss);

        var padded = Gradients(() =>
        {
            IEnumerable<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer)> Answers(bool chosen) => pairs.Select(p => chosen ? (p.Prompt, p.Chosen) : (p.RejectedPrompt ?? p.Prompt, p.Rejected));
            Padded policyChosen = Of(model, Answers(true)), policyRejected = Of(model, Answers(false));
            Padded referenceChosen = Of(start, Answers(true)), referenceRejected = Of(start, Answers(false));
            var given = PairLogProbs.OfTokens(
                policyChosen.LogProbs, policyRejected.LogProbs, referenceChosen.LogProbs.detach(), referenceRejected.LogProbs.detach(), policyChosen.Mask, policyRejected.Mask) with
            {
                ChosenCollision = (policyChosen.Collision * policyChosen.Mask).sum(-1),
                RejectedCollision = (policyRejected.Collision * policyRejected.Mask).sum(-1),
                PromptAndChosen = (policyChosen.LogProbs * policyChosen.Present).sum(-1),
                PromptAndChosenLengths = [.. pairs.Select(p => p.Prompt.Count + p.Chosen.Count - 1)],
            };
            return objective.Evaluate(given).Loss;
        });
        Close(padded, branched);
    }

    [Fact]
    public void Single_answers_have_the_loss_and_gradient_of_padded_rows()
    {
        using var start = Tiny.Model(4);
        var rows = Tiny.Answers(4).Rows;
        using var reference = Reference.Of(model, null, ReferenceModel.Start, start, null);
        using var task = new UnpairedTask(model, new Kto { Beta = 0.5 }, reference, rows, null);
        task.Prepare([[0, 1, 2, 3]], new());
        var branched = Gradients(() => task.Evaluate([0, 1, 2, 3], [[0, 1, 2, 3]]).Loss);
        var padded = Gradients(() =>
        {
            Tensor Sums(CausalLM of, Func<UnpairedTokens, IReadOnlyList<int>> answer) => Of(of, rows.Select(r => (r.Prompt, answer(r)))).Sums;
            return new Kto { Beta = 0.5 }.Evaluate(new UnpairedLogProbs(Sums(model, r => r.Answer), Sums(start, r => r.Answer).detach(), [.. rows.Select(r => r.Label)])
            {
                Mismatched = (Sums(model, r => r.Mismatched!), Sums(start, r => r.Mismatched!)),
            }).Loss;
        });
        Close(padded, branched);
    }

    [Fact]
    public void Micro_batches_of_one_size_add_up_to_the_gradient_of_one_batch_in_any_order()
    {
        using var start = Tiny.Model(4);
        var pairs = Tiny.Pairs(6).Rows;
        using var reference = Reference.Of(model, null, ReferenceModel.Start, start, null);
        using var task = new PreferenceTask(model, new Dpo { Beta = 1 }, reference, pairs);
        task.Prepare([[0, 1, 2, 3, 4, 5]], new());
        Tensor[] Window(params int[][] batches) => Gradients(() => batches.Select(b => task.Evaluate(b, batches).Loss).Aggregate((a, b) => a + b));
        var whole = Window([0, 1, 2, 3, 4, 5]);
        Close(whole, Window([0, 1], [2, 3], [4, 5]));
        Close(whole, Window([5, 2, 0], [4, 1, 3]));
        Close(whole, Window([3, 1, 5, 0, 2, 4]));
    }

    [Fact]
    public void An_update_that_is_cancelled_in_the_middle_leaves_the_running_mean_as_it_was()
    {
        var rows = Tiny.Answers(4).Rows;
        using var start = Tiny.Model(4);
        using var reference = Reference.Of(model, null, ReferenceModel.Start, start, null);
        using var task = new UnpairedTask(model, new Bco(), reference, rows, null);
        using var heldOut = new UnpairedTask(model, new Bco(), reference, rows, task);
        int[][] window = [[0, 1], [2, 3]];
        task.Prepare(window, new());
        heldOut.Prepare(window, new());
        double Delta(UnpairedTask of, int batch) => of.Evaluate(window[batch], window).Metrics["delta"].item<double>();
        double[] State() => task.State.Single().Value.data<double>().ToArray();

        var (first, before) = (Delta(task, 0), State());
        Assert.Equal([0, 0], before);
        // The update begins anew; held-out rows in between see what was settled, and settle nothing.
        Delta(heldOut, 0);
        Assert.Equal(first, Delta(task, 0));
        var second = Delta(task, 1);
        task.AfterUpdate(1);
        Assert.Equal([second, 2], State());
        Assert.NotEqual(first, second);
        Delta(heldOut, 0);
        Assert.Equal([second, 2], State());
    }

    [Fact]
    public void A_reference_that_is_replaced_by_the_policy_after_every_update_keeps_all_rewards_at_zero()
    {
        using var policy = Tiny.Model();
        foreach (var adapter in new[] { null, Tiny.Adapter(policy) })
        {
            using (adapter)
            {
                var trainer = new PreferenceTrainer { Model = policy, Adapter = adapter, Options = Tiny.Options(5), MovingReference = new() { Mixture = 1, Every = 1 } };
                Assert.All(trainer.Train(Tiny.Pairs(6)).Curve, s => Assert.Equal(0, s.Metrics["rewards_chosen"]));
                Assert.Contains((trainer with { MovingReference = new() { Mixture = 1, Every = 3 } }).Train(Tiny.Pairs(6)).Curve, s => s.Metrics["rewards_chosen"] != 0);
            }
        }
    }

    [Fact]
    public void Runs_with_another_loss_or_beta_share_the_log_probabilities_of_their_reference()
    {
        using var folder = new Core.TemporaryFolder();
        int Computed(IPreferenceObjective objective, ulong seed, string run)
        {
            using var policy = Tiny.Model(seed);
            var reports = new Reports();
            new PreferenceTrainer { Model = policy, Objective = objective, Options = Tiny.Options(2) }.Train(Tiny.Pairs(6), context: new() { Folder = folder.File(run), ReferenceFolder = folder.File("shared"), Progress = reports });
            return reports.Count("reference");
        }

        Assert.True(Computed(new Dpo { Beta = 0.1 }, 3, "a") > 0);
        Assert.Equal(0, Computed(new Dpo { Beta = 0.5 }, 3, "b"));
        Assert.Equal(0, Computed(new LengthDesensitised { Base = new Ipo() }, 3, "c"));
        Assert.True(Computed(new Dpo { Beta = 0.1 }, 4, "d") > 0);
        Assert.Equal(2, Directory.GetFiles(folder.File("shared")).Length);
    }

    [Fact]
    public void Another_model_can_be_the_reference()
    {
        using CausalLM policy = Tiny.Model(), same = Tiny.Model(), other = Tiny.Model(9);
        double First(CausalLM? reference) => new PreferenceTrainer { Model = policy, Options = Tiny.Options(1), OtherReference = reference }.Train(Tiny.Pairs(4)).Curve[0].Metrics["rewards_chosen"];
        Assert.NotEqual(0, First(other));
        // The first update has rate 0, so the policy is still what it was.
        Assert.Equal(0, First(same));
        var error = Assert.Throws<AlidadeException>(() => new PreferenceTrainer { Model = policy, Options = Tiny.Options(1), OtherReference = other, MovingReference = new() }.Train(Tiny.Pairs(4)));
        Assert.Contains("cannot move", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_last_row_that_is_alone_joins_the_micro_batch_before_it()
    {
        using var policy = Tiny.Model();
        var options = Tiny.Options(4) with { BatchRows = 2, Accumulation = 1, MaxUpdates = null, Order = DataOrder.Sequential };
        var result = new UnpairedTrainer { Model = policy, Options = options }.Train(Tiny.Answers(5));
        Assert.Equal(2, result.Updates);
        var error = Assert.Throws<AlidadeException>(() => new UnpairedTrainer { Model = policy, Options = options }.Train(Tiny.Answers(5) is var rows
            ? rows with { Rows = [.. rows.Rows.Select(r => r with { Mismatched = null })] } : null!));
        Assert.Contains("mismatched answers", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<IRankingObjective> ListObjectives() => [new Rrhf(), new Pro(), new ListwiseDpo()];

    [Theory]
    [MemberData(nameof(ListObjectives))]
    public void Lists_on_one_prompt_have_the_loss_and_gradient_of_padded_rows(IRankingObjective objective)
    {
        using var start = Tiny.Model(4);
        var rows = Tiny.Lists(3).Rows;
        using var reference = Reference.Of(model, null, ReferenceModel.Start, start, null);
        using var task = new RankingTask(model, objective, reference, rows);
        task.Prepare([[0, 1, 2]], new());
        var branched = Gradients(() => task.Evaluate([0, 1, 2], [[0, 1, 2]]).Loss);
        var padded = Gradients(() =>
        {
            Tensor Sums(CausalLM of) => Of(of, rows.SelectMany(r => r.Answers.Select(a => (r.Prompt, a)))).Sums;
            return objective.Evaluate(RankedLogProbs.Of(Sums(model), Sums(start).detach(), [.. rows.Select(r => r.Targets)], [.. rows.Select(r => r.Scores)])).Loss;
        });
        Close(padded, branched);
    }

    [Fact]
    public void Ranked_lists_are_learned()
    {
        foreach (var objective in new IRankingObjective[] { new Rrhf(), new Pro(), new ListwiseDpo { Beta = 1 } })
        {
            using var policy = Tiny.Model();
            var result = new RankingTrainer { Model = policy, Objective = objective, Options = Tiny.Options(60) }.Train(Tiny.Lists(4), Tiny.Lists(4).Rows);
            Assert.True(result.HeldOut[^1].Metrics["rank_accuracy"] > result.HeldOut[0].Metrics["rank_accuracy"]);
            Assert.True(result.HeldOut[^1].Loss < result.HeldOut[0].Loss);
        }
    }

    [Fact]
    public void A_prompt_that_stands_in_several_rows_is_computed_once()
    {
        int[] prompt = [1, 2, 3], other = [1, 2];
        AnswerGroup[] groups = [new(prompt, [4, 5], [6]), new([.. prompt], [7, 8]), new(other, [4, 5])];
        var packed = AnswerBatch.Of(groups);
        Assert.Equal(3 + 2 + 1 + 2 + 2 + 2, packed.Forest.Ids.Count);
        var together = packed.Sums(model.LogProbs(packed.Forest)).narrow(0, 0, packed.Answers).data<float>().ToArray();
        float[] apart = [.. groups.SelectMany(g =>
        {
            var one = AnswerBatch.Of([g]);
            return one.Sums(model.LogProbs(one.Forest)).narrow(0, 0, one.Answers).data<float>().ToArray();
        })];
        Assert.All(apart.Zip(together), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.Equal(packed.OwnerOfScored.Where(o => o < packed.Answers), AnswerBatch.AnswerOfScored(groups));
    }

    private Tensor[] Gradients(Func<Tensor> loss)
    {
        foreach (var parameter in model.Parameters.Values)
            parameter.grad = null;
        var value = loss();
        value.backward();
        return [value.detach().clone(), .. model.Parameters.Values.Select(p => p.grad is { } g ? g.clone() : zeros_like(p))];
    }

    private static void Close(Tensor[] expected, Tensor[] actual)
    {
        var size = Math.Sqrt(expected.Skip(1).Sum(g => g.detach().square().sum().item<float>()));
        Assert.True(size > 1e-3, "there is no gradient");
        Assert.Equal(expected[0].item<float>(), actual[0].item<float>(), 2e-6 * Math.Max(1, Math.Abs(expected[0].item<float>())));
        Assert.True(Math.Sqrt(expected.Skip(1).Zip(actual.Skip(1), (e, a) => (double)(e - a).square().sum().item<float>()).Sum()) < 1e-5 * size, "the gradients differ");
    }

    // One padded row an answer; every token's log-probability, marked where it is the answer's.
    private static Padded Of(CausalLM model, IEnumerable<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer)> answers)
    {
        var given = answers.ToArray();
        int[][] rows = [.. given.Select(a => (int[])[.. a.Prompt, .. a.Answer])];
        using var grid = TokenGrid.Padded(rows, padLeft: false);
        var width = rows.Max(r => r.Length);
        var all = model.Logits(grid).log_softmax(-1).narrow(1, 0, width - 1);
        var labels = tensor(rows.SelectMany(r => Enumerable.Range(1, width - 1).Select(t => (long)(t < r.Length ? r[t] : 0))).ToArray(), [rows.Length, width - 1]);
        Tensor Marks(Func<int, int, bool> isMarked) =>
            tensor(rows.SelectMany((r, i) => Enumerable.Range(1, width - 1).Select(t => isMarked(i, t) ? 1f : 0f)).ToArray(), [rows.Length, width - 1]);
        return new(
            all.gather(2, labels.unsqueeze(2)).squeeze(2), Marks((i, t) => t >= given[i].Prompt.Count && t < rows[i].Length), Marks((i, t) => t < rows[i].Length),
            all.detach().mul(2).logsumexp(-1));
    }

    private sealed record Padded(Tensor LogProbs, Tensor Mask, Tensor Present, Tensor Collision)
    {
        public Tensor Sums => (LogProbs * Mask).sum(-1);
    }

    private sealed class Reports : IProgress<Progress>
    {
        private readonly List<Progress> all = [];

        public int Count(string stage) => all.Count(p => p.Task == stage);

        public void Report(Progress value) => all.Add(value);
    }
}
