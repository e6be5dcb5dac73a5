using Alidade.Training.Objectives;

namespace Alidade.Tests.Golden.Training;

public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Reinforcement() => new(StringComparer.Ordinal);
}
