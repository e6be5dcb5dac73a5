using System.Text.Json;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/supervised")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Supervised() => new(StringComparer.Ordinal)
    {
        ["supervised/sft"] = c =>
        {
            var tokens = c.Tokens();
            var reduction = c.Text("reduction", "token_mean") switch { "sequence_mean" => SftReduction.SequenceMean, "sum" => SftReduction.Sum, _ => SftReduction.TokenMean };
            var result = new Sft { Reduction = reduction }.Evaluate(tokens, c.Window());
            return result with { Outputs = new Dictionary<string, Tensor> { ["token_logps"] = OnGrid(c.Whole("mask"), tokens.LogProbs) } };
        },
        ["supervised/dft"] = c => new Dft().Evaluate(c.Tokens(), c.Window()),
        ["supervised/label_smoothing"] = c => new LabelSmoothing { Epsilon = c.Number("epsilon") }.Evaluate(c.Logits()),
        ["supervised/z_loss"] = c => new ZLoss { Coefficient = c.Number("coefficient") }.Evaluate(c.Logits()),
        ["supervised/unlikelihood_token"] = c =>
        {
            var tokens = c.Logits();
            CheckCandidates(c, tokens);
            return new TokenUnlikelihood { Alpha = c.Number("alpha"), Clamp = c.Number("clamp") }.Evaluate(tokens);
        },
        ["supervised/unlikelihood_rejected"] = c =>
            new RejectedUnlikelihood { Alpha = c.Number("alpha"), Clamp = c.Number("clamp") }.Evaluate(c.Tokens() with { Avoided = [.. c.Ints("positive").Select(p => p == 0)] }),
        ["supervised/unlikelihood_sequence"] = SequenceLevel,
        ["supervised/cringe"] = CringeOf,
        ["supervised/distillation"] = c =>
        {
            var mask = c.Whole("mask");
            var labels = zeros_like(mask);
            var tokens = TokenLogits.Of(c.Real("student_logits"), labels, mask, c.Real("teacher_logits"));
            var objective = new Distillation
            {
                Kind = c.Text("kind", "") switch
                {
                    "forward_kl" => DistillationKind.ForwardKl,
                    "reverse_kl" => DistillationKind.ReverseKl,
                    "cross_entropy" => DistillationKind.CrossEntropy,
                    "jsd" => DistillationKind.JensenShannon,
                    "skew_forward_kl" => DistillationKind.SkewForwardKl,
                    _ => DistillationKind.TotalVariation,
                },
                Temperature = c.Number("temperature"),
                Beta = c.Number("beta", 0.5),
                ScaleByTemperature = c.Flag("scale_t2"),
            };
            var result = objective.Evaluate(tokens);
            return result with { PerItem = OnGrid(mask, result.Outputs["divergence"]) };
        },
        ["supervised/stable_alignment"] = c =>
        {
            var tokens = c.Tokens();
            var means = tokens.RowSums() / tensor(tokens.RowLengths().Select(n => (double)n).ToArray(), tokens.LogProbs.dtype);
            var objective = new StableAlignment
            {
                RatingScale = c.Number("rating_scale"),
                Margin = c.Number("margin"),
                Ratio = c.Number("ratio"),
                Penalty = c.Text("reduce", "") switch { "max" => StableAlignmentPenalty.Max, "mean" => StableAlignmentPenalty.Mean, _ => StableAlignmentPenalty.Sum },
            };
            var (loss, best, penalty) = objective.OfPrompt(means, c.Values("ratings"));
            return new(loss, -means) { Outputs = new Dictionary<string, Tensor> { ["best"] = tensor(best), ["penalty"] = penalty } };
        },
        ["supervised/weighted_sft"] = c => new WeightedSft
        {
            Normaliser = c.Text("normalise", "") switch
            {
                "tokens" => WeightedNormaliser.Tokens,
                "weighted_tokens" => WeightedNormaliser.WeightedTokens,
                "sequences" => WeightedNormaliser.Sequences,
                _ => WeightedNormaliser.Rows,
            },
        }.Evaluate(c.Tokens() with { RowWeights = c.Values("weights") }),
        ["supervised/weights"] = c => c.Has("beta") ? Only(("weights", ObjectiveCase.Plain(SampleWeights.Exponential(c.Values("rewards"), c.Number("beta")))))
            : Only(("selected", tensor(
                c.Has("fraction") ? SampleWeights.Top(c.Values("rewards"), c.Number("fraction"))
                : c.Has("tau") ? SampleWeights.Above(c.Values("rewards"), c.Number("tau"))
                : SampleWeights.BestOfEach(c.Values("rewards"), c.Ints("prompt"))))),
        ["supervised/neftune"] = c =>
        {
            var embeddings = c.Real("embeddings");
            return Only(("noisy", new Neftune { Alpha = c.Number("alpha") }.Noisy(embeddings, c.Real("uniform"), full([1, 1], embeddings.size(1), embeddings.dtype))));
        },
        ["supervised/chain_of_hindsight"] = Hindsight,
    };

    // The file's candidates are what the rule itself finds.
    private static void CheckCandidates(ObjectiveCase c, TokenLogits tokens)
    {
        var found = TokenUnlikelihood.Candidates(tokens.Labels.data<long>().ToArray(), tokens.RowOf);
        var wanted = c.Option("candidates").EnumerateArray().SelectMany(row => row.EnumerateArray()).ToArray();
        var mask = c.Ints("mask");
        Assert.Equal(
            wanted.Where((_, i) => mask[i] == 1).Select(w => string.Join(' ', w.EnumerateArray().Select(v => v.GetInt64()))),
            found.Select(f => string.Join(' ', f)));
    }

    private static Objective SequenceLevel(ObjectiveCase c)
    {
        var labels = c.Whole("labels");
        var width = (int)labels.size(1);
        int[][] generations = [.. c.Ints("labels").Chunk(width)];
        int[][] contexts = [.. c.Option("contexts").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32()).ToArray())];
        NGramRepeats[] repeats = [.. contexts.Zip(generations, (context, generation) => NGramRepeats.Of(context, generation, (int)c.Number("n")))];
        double[] weights = [.. repeats.SelectMany(r => r.Weights(c.Number("context_beta")))];
        var normaliser = c.Text("normalise", "") == "mask" ? UnlikelihoodNormaliser.Marked : UnlikelihoodNormaliser.Tokens;
        var result = new SequenceUnlikelihood { Normaliser = normaliser }.Evaluate(c.Tokens() with { TokenWeights = weights });
        return result with
        {
            Outputs = new Dictionary<string, Tensor>(result.Outputs)
            {
                ["context_repeat"] = tensor(repeats.SelectMany(r => r.OfContext).ToArray()),
                ["label_repeat"] = tensor(repeats.SelectMany(r => r.OfLabels).ToArray()),
            },
        };
    }

    private static Objective CringeOf(ObjectiveCase c)
    {
        // Every token is a row of its own, as the file labels tokens.
        var mask = c.Whole("mask").unsqueeze(1);
        var tokens = TokenLogits.Of(c.Real("logits").unsqueeze(1), c.Whole("labels").unsqueeze(1), mask) with { Avoided = [.. c.Ints("classifier_labels").Select(l => l == 0)] };
        var objective = new Cringe { K = (int)c.Number("k"), Alpha = c.Number("alpha"), DetachPositives = c.Flag("detach_positives") };
        var scored = mask.reshape(-1).nonzero().squeeze(1);
        var result = objective.Evaluate(tokens, c.Whole("sampled_rank").index_select(0, scored));
        // Candidates do not depend on the mask; the file lists them for every token.
        var everywhere = tokens with { Logits = c.Real("logits"), Labels = c.Whole("labels") };
        var (ids, probabilities) = objective.Candidates(everywhere);
        return result with
        {
            Outputs = new Dictionary<string, Tensor>
            {
                ["ce"] = OnGrid(mask.reshape(-1), result.Outputs["ce"]),
                ["contrastive"] = OnGrid(mask.reshape(-1), result.Outputs["contrastive"]),
                ["candidate_ids"] = ids,
                ["candidate_probability"] = probabilities,
                ["sampled_id"] = ids.gather(1, c.Whole("sampled_rank").unsqueeze(1)).squeeze(1),
            },
        };
    }

    private static Objective Hindsight(ObjectiveCase c)
    {
        static Tensor Marks(IEnumerable<bool> marks) => tensor(marks.Select(m => m ? 1L : 0).ToArray());
        if (c.HasInput("dropped"))
        {
            var row = new DemonstrationTokens("", c.Ints("tokens"), [.. c.Ints("loss_mask").Select(m => m == 1)]) { Hidden = [.. c.Ints("dropped").Select(d => d == 1)] };
            return Only(("attended_keys", Marks(row.Hidden!.Select(h => !h))), ("loss_mask", Marks(row.Scored)));
        }

        var segments = c.Input("segments").EnumerateArray().Select(s => (Ids: Tokens(s), Scored: s.GetProperty("scored").GetBoolean())).ToArray();
        var whole = ChainOfHindsight.Joined("", segments.Select(s => ((IReadOnlyList<int>)s.Ids, s.Scored)));
        return Only(
            ("tokens", tensor(whole.Ids.ToArray())), ("loss_mask", Marks(whole.Scored)),
            ("labels_shifted", tensor(whole.Ids.Skip(1).ToArray())), ("mask_shifted", Marks(whole.Scored.Skip(1))));
        static int[] Tokens(JsonElement segment) => [.. segment.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
    }
}
