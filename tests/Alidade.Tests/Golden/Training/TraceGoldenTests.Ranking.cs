using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Golden.Training;

public sealed partial class TraceGoldenTests
{
    private static Dictionary<string, Func<TraceRun, TrainingResult>> Ranking() => new(StringComparer.Ordinal)
    {
        ["DPOTrainer"] = run =>
        {
            string?[] kinds = [.. run.Options.GetProperty("loss_type").EnumerateArray().Select(k => k.GetString())];
            if (kinds is not ["sigmoid"])
                throw new NotBuiltException($"preference objective '{string.Join(" + ", kinds)}'");
            foreach (var (name, plain) in new[] { ("ld_alpha", "null"), ("use_weighting", "false"), ("sync_ref_model", "false"), ("loss_weights", "null"), ("f_divergence_type", "\"reverse_kl\"") })
                if (run.Options.TryGetProperty(name, out var value) && value.GetRawText() != plain)
                    throw new NotBuiltException($"DPO with {name} {value}");
            return new PreferenceTrainer
            {
                Model = run.Model,
                Adapter = run.Adapter,
                Options = run.Training,
                Objective = new Dpo { Beta = run.Options.GetProperty("beta").GetDouble() },
                Reference = ReferenceModel.Base,
            }.Train(Pairs(run.Trace, run.Options), context: run.Context);
        },
    };

    private static TokenRows<PairTokens> Pairs(JsonElement trace, JsonElement options)
    {
        int? limit = options.GetProperty("max_length") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : null;
        return Rows(trace, (id, row) => PreferenceTokenizer.Cut(new(id, Ints(row, "prompt_ids"), Ints(row, "chosen_ids"), Ints(row, "rejected_ids")), limit)!);
    }
}
