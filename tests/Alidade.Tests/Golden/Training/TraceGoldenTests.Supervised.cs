using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Golden.Training;

public sealed partial class TraceGoldenTests
{
    private static Dictionary<string, Func<TraceRun, TrainingResult>> Supervised() => new(StringComparer.Ordinal)
    {
        ["SFTTrainer"] = run =>
        {
            if (!run.Options.GetProperty("loss_shifts_labels").GetBoolean())
                throw new NotBuiltException("a fault of the reference that Alidade does not repeat: the first token counted as a target");
            IDemonstrationObjective objective = Text(run.Options, "loss_type") switch
            {
                null or "nll" => new Sft(),
                "dft" => new Dft(),
                var kind => throw new NotBuiltException($"supervised objective '{kind}'"),
            };
            return new SupervisedTrainer { Model = run.Model, Adapter = run.Adapter, Options = run.Training, Objective = objective }.Train(Demonstrations(run.Trace), context: run.Context);
        },
    };

    private static TokenRows<DemonstrationTokens> Demonstrations(JsonElement trace) => Rows(trace, (id, row) =>
    {
        int[] ids = Ints(row, "input_ids"), labels = Ints(row, "labels");
        return new DemonstrationTokens(id, ids, [.. labels.Select(l => l != -100)]) { Documents = row.TryGetProperty("seq_lengths", out _) ? Ints(row, "seq_lengths") : [ids.Length] };
    });
}
