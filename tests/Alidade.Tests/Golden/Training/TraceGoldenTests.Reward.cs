using Alidade.Training.Trainers;

namespace Alidade.Tests.Golden.Training;

public sealed partial class TraceGoldenTests
{
    private static Dictionary<string, Func<TraceRun, TrainingResult>> Reward() => new(StringComparer.Ordinal);
}
