using System.Runtime.InteropServices;
using Alidade.Training.Objectives.Reinforcement;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>The numbers besides weights that policy training changes; a checkpoint keeps them as tensors. Everything random is a function of the seed and these.</summary>
internal sealed class PolicyState : IDisposable
{
    private readonly Tensor numbers = zeros(Enum.GetValues<PolicyNumber>().Length, ScalarType.Float64).DetachFromDisposeScope();
    private readonly Tensor recentCosts;

    /// <param name="klWeight">Weight of the KL at the start.</param>
    /// <param name="lagrange">The rule of the multiplier of a cost; null without one.</param>
    public PolicyState(double klWeight, Lagrange? lagrange)
    {
        recentCosts = full([lagrange?.Window ?? 1], double.NaN, ScalarType.Float64).DetachFromDisposeScope();
        this[PolicyNumber.KlWeight] = klWeight;
        this[PolicyNumber.LogMultiplier] = lagrange?.Initial.LogLambda ?? 0;
    }

    public IEnumerable<(string Name, Tensor Value)> Tensors => [("policy.numbers", numbers), ("policy.recent_costs", recentCosts)];

    /// <summary>One of the numbers.</summary>
    public double this[PolicyNumber which]
    {
        get => Doubles(numbers)[(int)which];
        set => Doubles(numbers)[(int)which] = value;
    }

    public int Count(PolicyNumber which) => (int)this[which];

    /// <summary>The multiplier of a cost, with the mean costs of the last rollouts.</summary>
    public LagrangeState Lagrange
    {
        get => new(this[PolicyNumber.LogMultiplier], [.. Doubles(recentCosts).ToArray().Where(c => !double.IsNaN(c))]);
        set
        {
            this[PolicyNumber.LogMultiplier] = value.LogLambda;
            var kept = Doubles(recentCosts);
            for (var i = 0; i < kept.Length; i++)
                kept[i] = i < value.Costs.Count ? value.Costs[i] : double.NaN;
        }
    }

    private static Span<double> Doubles(Tensor tensor) => MemoryMarshal.Cast<byte, double>(tensor.bytes);

    public void Dispose()
    {
        numbers.Dispose();
        recentCosts.Dispose();
    }
}

/// <summary>What <see cref="PolicyState"/> holds.</summary>
internal enum PolicyNumber
{
    /// <summary>Rollouts done.</summary>
    Rollouts,

    /// <summary>Batches of prompts taken from the data.</summary>
    Batches,

    /// <summary>Weight of the KL.</summary>
    KlWeight,

    /// <summary>log λ of a cost.</summary>
    LogMultiplier,

    /// <summary>Answers that a reward could not score.</summary>
    Unscored,

    /// <summary>Answers left out because another one of their group was not scored.</summary>
    LostToGroup,

    /// <summary>Groups of equal reward that were left out.</summary>
    EqualGroups,

    /// <summary>Prompts that were still missing when a rollout was taken as it was.</summary>
    MissingPrompts,
}
