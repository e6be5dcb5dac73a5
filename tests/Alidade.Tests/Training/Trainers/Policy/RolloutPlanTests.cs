using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;

namespace Alidade.Tests.Training.Trainers.Policy;

public sealed class RolloutPlanTests
{
    /// <summary>Rollouts of 4 prompts with 3 answers, of which an update sees 4: 3 updates a rollout, 2 in the last one of 10 prompts.</summary>
    [Theory]
    [InlineData(10, 1, null, 1, 3, 8, 10)]
    [InlineData(10, 2, null, 1, 6, 16, 20)]
    [InlineData(10, 1.5, null, 1, 5, 14, 18)]
    [InlineData(10, 1, null, 2, 3, 16, 10)]
    [InlineData(8, 1, null, 1, 2, 6, 8)]
    [InlineData(3, 1, null, 1, 1, 3, 3)]
    [InlineData(10, 1, 1, 1, 1, 1, 4)]
    [InlineData(10, 1, 7, 1, 3, 7, 10)]
    [InlineData(10, 1, 9, 1, 4, 9, 14)]
    public void Rollouts_and_updates_are_those_of_every_pass(int prompts, double epochs, int? most, int iterations, int rollouts, int updates, int answered) =>
        Assert.Equal(new RolloutPlan(rollouts, updates, answered), RolloutPlan.Of(
            new() { Prompts = 4, Samples = 3, Iterations = iterations }, prompts, new() { BatchRows = 2, Accumulation = 2, Epochs = epochs, MaxUpdates = most, Schedule = new() { LearningRate = 1 } }));
}
