using System.Text.Json;
using Alidade.Core;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Golden.Training;

public sealed partial class TraceGoldenTests
{
    private static Dictionary<string, Func<TraceRun, TrainingResult>> Ranking() => new(StringComparer.Ordinal)
    {
        ["DPOTrainer"] = run =>
        {
            var pairs = Pairs(run.Trace, run.Options);
            CheckReference(run, pairs.Rows);
            return Preferences(run, DpoObjective(run.Options), pairs);
        },
        ["ORPOTrainer"] = run => Preferences(run, new Orpo { Beta = Number(run.Options, "beta") }, OneSequencePairs(run.Trace)),
        ["CPOTrainer"] = run => Preferences(run, new Cpo
        {
            NllWeight = Number(run.Options, "cpo_alpha"),
            Base = Text(run.Options, "loss_type") switch
            {
                "sigmoid" => new Dpo { Beta = Number(run.Options, "beta"), LabelSmoothing = Number(run.Options, "label_smoothing") },
                "simpo" => new SimPo { Beta = Number(run.Options, "beta"), Gamma = Number(run.Options, "simpo_gamma"), LabelSmoothing = Number(run.Options, "label_smoothing") },
                var kind => throw new NotBuiltException($"CPO with the loss '{kind}'"),
            },
        }, OneSequencePairs(run.Trace)),
        ["KTOTrainer"] = run => Answers(run, Text(run.Options, "loss_type") switch
        {
            "kto" => new Kto { Beta = Number(run.Options, "beta"), DesirableWeight = Number(run.Options, "desirable_weight"), UndesirableWeight = Number(run.Options, "undesirable_weight") },
            "apo_zero_unpaired" => new ApoZeroUnpaired
            {
                Beta = Number(run.Options, "beta"),
                DesirableWeight = Number(run.Options, "desirable_weight"),
                UndesirableWeight = Number(run.Options, "undesirable_weight"),
            },
            var kind => throw new NotBuiltException($"KTO with the loss '{kind}'"),
        }),
        ["BCOTrainer"] = run => Answers(run, new Bco { Beta = Number(run.Options, "beta") }),
    };

    private static TrainingResult Preferences(TraceRun run, IPreferenceObjective objective, TokenRows<PairTokens> rows) => new PreferenceTrainer
    {
        Model = run.Model,
        Adapter = run.Adapter,
        Options = run.Training,
        Objective = objective,
        Reference = ReferenceModel.Base,
        MovingReference = run.Options.TryGetProperty("sync_ref_model", out var moves) && moves.GetBoolean()
            ? new() { Mixture = Number(run.Options, "ref_model_mixup_alpha"), Every = run.Options.GetProperty("ref_model_sync_steps").GetInt32() }
            : null,
    }.Train(rows, context: run.Context);

    // Where the reference's log-probabilities were recorded, ours are the same.
    private static void CheckReference(TraceRun run, IReadOnlyList<PairTokens> pairs)
    {
        var rows = run.Trace.GetProperty("rows").EnumerateArray().ToArray();
        if (!rows[0].TryGetProperty("ref_chosen_logps", out _))
            return;
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var reference = Reference.Of(run.Model, run.Adapter, ReferenceModel.Base, null, null);
        using var kept = new ReferenceLogProbs(reference, [.. pairs.Select(p => (IReadOnlyList<AnswerGroup>)[new AnswerGroup(p.Prompt, p.Chosen, p.Rejected)])]);
        kept.Prepare([[.. Enumerable.Range(0, rows.Length)]], new());
        var sums = kept.Of([.. Enumerable.Range(0, rows.Length)]).RowSums().data<float>().ToArray();
        for (var i = 0; i < sums.Length; i++)
        {
            var wanted = rows[i / 2].GetProperty(i % 2 == 0 ? "ref_chosen_logps" : "ref_rejected_logps").GetDouble();
            Assert.Equal(wanted, sums[i], 5e-6 * Math.Max(1, Math.Abs(wanted)));
        }
    }

    private static TrainingResult Answers(TraceRun run, IUnpairedObjective objective) =>
        new UnpairedTrainer { Model = run.Model, Adapter = run.Adapter, Options = run.Training, Objective = objective, Reference = ReferenceModel.Base }.Train(UnpairedRows(run.Trace, run.Options), context: run.Context);

    private static IPreferenceObjective DpoObjective(JsonElement options)
    {
        if (Text(options, "f_divergence_type") is { } divergence && divergence != "reverse_kl")
            throw new NotBuiltException($"DPO with the divergence '{divergence}'");
        var (beta, smoothing) = (Number(options, "beta"), Number(options, "label_smoothing"));
        // The reference ignores label smoothing under "sigmoid".
        IPreferenceObjective Term(string kind) => kind switch
        {
            "sigmoid" => Around(options, new Dpo { Beta = beta }),
            "robust" => Around(options, new RobustDpo { Beta = beta, LabelSmoothing = smoothing }),
            "ipo" => Around(options, new Ipo { Beta = beta }),
            "sigmoid_norm" => Around(options, new Dpo { Beta = beta, Scale = AnswerScale.TokenMean }),
            "apo_zero" => Around(options, new ApoZero { Beta = beta }),
            "sft" => new ChosenNll(),
            _ => throw new NotBuiltException($"preference objective '{kind}'"),
        };
        string[] kinds = [.. options.GetProperty("loss_type").EnumerateArray().Select(k => k.GetString()!)];
        if (kinds.Length == 1)
            return Term(kinds[0]);
        double[] weights = options.GetProperty("loss_weights") is { ValueKind: JsonValueKind.Array } given ? [.. given.EnumerateArray().Select(w => w.GetDouble())] : [.. kinds.Select(_ => 1.0)];
        return new WeightedSum { Terms = [.. kinds.Zip(weights, (kind, weight) => new WeightedTerm(weight, Term(kind)))] };
    }

    private static PairwiseObjective Around(JsonElement options, PairwiseObjective loss)
    {
        if (options.GetProperty("ld_alpha") is { ValueKind: JsonValueKind.Number } alpha)
            loss = new LengthDesensitised { Alpha = alpha.GetDouble(), Base = loss };
        return options.GetProperty("use_weighting").GetBoolean() ? new Wpo { Base = loss } : loss;
    }

    private static TokenRows<PairTokens> Pairs(JsonElement trace, JsonElement options) => Rows(trace, (id, row) =>
        PreferenceTokenizer.Cut(new(id, Ints(row, "prompt_ids"), Ints(row, "chosen_ids"), Ints(row, "rejected_ids")), Limit(options))!);

    // Prompt and answer as one sequence, the prompt marked by labels of -100.
    private static TokenRows<PairTokens> OneSequencePairs(JsonElement trace) => Rows(trace, (id, row) =>
    {
        int[] chosen = Ints(row, "chosen_input_ids"), rejected = Ints(row, "rejected_input_ids");
        int first = Ints(row, "chosen_labels").Count(l => l == -100), second = Ints(row, "rejected_labels").Count(l => l == -100);
        return new PairTokens(id, chosen[..first], chosen[first..], rejected[second..]) { RejectedPrompt = chosen[..first].SequenceEqual(rejected[..second]) ? null : rejected[..second] };
    });

    private static TokenRows<UnpairedTokens> UnpairedRows(JsonElement trace, JsonElement options) => Rows(trace, (id, row) =>
    {
        var label = row.GetProperty("label").GetBoolean();
        if (row.TryGetProperty("input_ids", out _))
        {
            var ids = Ints(row, "input_ids");
            var prompt = Ints(row, "labels").Count(l => l == -100);
            return new UnpairedTokens(id, ids[..prompt], ids[prompt..], label);
        }

        int[] Cut(string name) => [.. Ints(row, "prompt_ids").Concat(Ints(row, name)).Take(Limit(options) ?? int.MaxValue).Skip(Ints(row, "prompt_ids").Length)];
        return new UnpairedTokens(id, Ints(row, "prompt_ids"), Cut("completion_ids"), label) { Mismatched = row.TryGetProperty("KL_completion_ids", out _) ? Cut("KL_completion_ids") : null };
    });

    private static int? Limit(JsonElement options) => options.GetProperty("max_length") is { ValueKind: JsonValueKind.Number } most ? most.GetInt32() : null;

    private static double Number(JsonElement options, string name) => options.GetProperty(name).GetDouble();
}
