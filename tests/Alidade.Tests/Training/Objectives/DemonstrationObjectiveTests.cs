using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives;

public sealed class DemonstrationObjectiveTests
{
    private const int Vocabulary = 9;
    private static readonly int[] Lengths = [3, 1, 4, 2];

    public static TheoryData<Type> Objectives() => [.. typeof(Sft).Assembly.GetTypes().Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IDemonstrationObjective)))];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void However_a_window_is_cut_into_micro_batches_their_losses_add_up(Type type)
    {
        using var scope = NewDisposeScope();
        var objective = (IDemonstrationObjective)Activator.CreateInstance(type)!;
        var logits = Logits();
        var whole = Evaluate(objective, logits, [0, 1, 2, 3], null).Loss.item<double>();
        var window = Shares([0, 1, 2, 3]);
        foreach (int[][] cut in new[] { new[] { new[] { 0, 1 }, [2, 3] }, [[0], [1, 2, 3]], [[0], [1], [2], [3]] })
            Assert.Equal(whole, cut.Sum(rows => Evaluate(objective, logits, rows, window).Loss.item<double>()), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void The_gradient_is_that_of_differences(Type type)
    {
        // The weight of a token in dynamic fine-tuning has no gradient, which differences cannot know.
        if (type == typeof(Dft))
            return;
        var objective = (IDemonstrationObjective)Activator.CreateInstance(type)!;
        FiniteDifferences.Check(x => Evaluate(objective, x[0], [0, 1, 2, 3], null).Loss, Logits());
    }

    [Fact]
    public void Names_of_objectives_differ()
    {
        var names = Objectives().Select(t => ((IDemonstrationObjective)Activator.CreateInstance(t.Data)!).Name).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Alternatives_of_cringe_are_drawn_with_their_probabilities_and_never_the_token_itself()
    {
        using var scope = NewDisposeScope();
        const int Draws = 2000;
        var logits = tensor(new[] { 2.0, 1.5, 1.0, -3 }).unsqueeze(0).expand(Draws, 4);
        var labels = zeros(Draws, ScalarType.Int64);
        var draws = (arange(Draws, ScalarType.Float64) + 0.5) / Draws;
        var tokens = new TokenLogits(logits, labels, [.. Enumerable.Range(0, Draws).Select(i => (long)i)], Draws) { Avoided = [.. Enumerable.Repeat(true, Draws)], Draws = draws };
        var drawn = new Cringe { K = 2 }.Evaluate(tokens).Outputs["sampled_id"].data<long>().ToArray();
        var share = 1 / (1 + Math.Exp(-0.5));
        Assert.Equal(share, drawn.Count(id => id == 1) / (double)Draws, 1e-3);
        Assert.Equal(Draws, drawn.Count(id => id is 1 or 2));
    }

    [Fact]
    public void A_probability_of_one_on_the_other_side_gives_no_gradient_that_is_no_number()
    {
        using var scope = NewDisposeScope();
        var logProbs = tensor(new[] { 0.0, -0.5 }).requires_grad_(true);
        new RejectedUnlikelihood().Evaluate(new(logProbs, [0, 1], 2) { Avoided = [false, true] }).Loss.backward();
        Assert.All(logProbs.grad!.data<double>().ToArray(), g => Assert.True(double.IsFinite(g)));
    }

    [Theory]
    [InlineData("label_smoothing: Epsilon is 1; it must be at least 0 and below 1")]
    [InlineData("z_loss: Coefficient is -1")]
    [InlineData("unlikelihood: Clamp is 0")]
    [InlineData("cringe: K is 0")]
    [InlineData("distillation: Beta is 0")]
    [InlineData("distillation: Temperature is 0")]
    [InlineData("stable_alignment: RatingScale is 0")]
    [InlineData("neftune: Alpha is 0")]
    [InlineData("share of samples to keep is 0")]
    [InlineData("beta of exponential weights is 0")]
    [InlineData("there are 1, and it needs at least 2")]
    [InlineData("give the trainer a teacher model")]
    [InlineData("random number for each scored token")]
    [InlineData("mark the repeats")]
    [InlineData("weights of all rows of an update are 0")]
    [InlineData("vocabulary has 9 tokens")]
    public void What_cannot_be_is_said_in_one_line(string message)
    {
        using var scope = NewDisposeScope();
        var tokens = new TokenLogits(Logits(), zeros(10, ScalarType.Int64), RowOf([0, 1, 2, 3]), 4);
        var logProbs = tokens.Selected();
        Action[] wrong =
        [
            () => _ = new LabelSmoothing { Epsilon = 1 }, () => _ = new ZLoss { Coefficient = -1 }, () => _ = new TokenUnlikelihood { Clamp = 0 }, () => _ = new Cringe { K = 0 },
            () => _ = new Distillation { Beta = 0 }, () => _ = new Distillation { Temperature = 0 }, () => _ = new StableAlignment { RatingScale = 0 }, () => _ = new Neftune { Alpha = 0 },
            () => SampleWeights.Top([1], 0), () => SampleWeights.Exponential([1], 0), () => new StableAlignment().OfPrompt(zeros(1), [1]),
            () => new Distillation().Evaluate(tokens), () => new Cringe().Evaluate(tokens), () => new SequenceUnlikelihood().Evaluate(logProbs),
            () => new WeightedSft().Evaluate(logProbs with { RowWeights = [0, 0, 0, 0] }), () => new Cringe { K = 9 }.Candidates(tokens),
        ];
        Assert.Contains(wrong, w => Record.Exception(w) is AlidadeException error && error.Message.Contains(message, StringComparison.Ordinal) && !error.Message.Contains('\n'));
    }

    private static Tensor Logits()
    {
        using var generator = new Generator(7, CPU);
        return randn([Lengths.Sum(), Vocabulary], ScalarType.Float64, generator: generator);
    }

    private static Objective Evaluate(IDemonstrationObjective objective, Tensor logits, int[] rows, IReadOnlyList<RowShare>? window)
    {
        long[] places = [.. rows.SelectMany(r => Enumerable.Range(Lengths.Take(r).Sum(), Lengths[r]).Select(i => (long)i))];
        var index = tensor(places);
        var labels = tensor(places.Select(p => p * 5 % Vocabulary).ToArray());
        var tokens = new TokenLogits(logits.index_select(0, index), labels, RowOf(rows), rows.Length)
        {
            Avoided = [.. rows.Select(r => r % 2 == 1)],
            Teacher = Logits().flip(1).index_select(0, index),
            Draws = (index.to(ScalarType.Float64) + 0.5) / 10,
        };
        return objective switch
        {
            ILogitObjective all => all.Evaluate(tokens, window),
            ISupervisedObjective selected => selected.Evaluate(tokens.Selected() with { RowWeights = [.. rows.Select(r => r + 0.5)], TokenWeights = [.. places.Select(p => p % 3 / 2.0)] }, window),
            _ => throw new InvalidOperationException(objective.Name),
        };
    }

    private static RowShare[] Shares(int[] rows) => [.. rows.Select(r => new RowShare(Lengths[r])
    {
        Weight = r + 0.5,
        Avoided = r % 2 == 1,
        TokenWeight = Enumerable.Range(Lengths.Take(r).Sum(), Lengths[r]).Sum(p => p % 3 / 2.0),
    })];

    private static long[] RowOf(int[] rows) => [.. rows.SelectMany((r, i) => Enumerable.Repeat((long)i, Lengths[r]))];
}
