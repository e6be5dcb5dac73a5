using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Factuality;

/// <summary>
/// FEVER-Symmetric: does a sentence support or refute a claim? Claims and sentences are crossed, so that whoever does not read both is right half of the time.
/// </summary>
/// <remarks>Schuster et al. 2019 (arXiv 1908.05267). BERT trained on FEVER: .575 on version 0.1.</remarks>
public sealed record FeverSymmetric : IEvaluationTask
{
    private static readonly string[] Verdicts = ["Supports", "Refutes"];

    /// <inheritdoc/>
    public string Name => "factuality.fever_symmetric";

    /// <summary>The claims.</summary>
    public required IReadOnlyList<FeverSymmetricItem> Items { get; init; }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var (choices, cost) = await MultipleChoice.AskAsync(context, "FEVER-Symmetric", [.. items.Select(Question)]).ConfigureAwait(false);
        var about = new Measurement
        {
            Name = Name + MultipleChoice.Suffix(context.Model),
            Meaning = "Share of claims of which the model says rightly whether a sentence supports or refutes them; half by guessing.",
            Unit = "share",
            Direction = Direction.Higher,
            Count = 0,
            Cost = cost,
        };
        return [MeasureSummary.OfMean(about, [.. items.Zip(choices, Result)])];
    }

    internal static ChoiceQuestion Question(FeverSymmetricItem item)
    {
        var question = $"Evidence: {item.Evidence}\nClaim: {item.Claim}\nQuestion: Does the evidence support or refute the claim?";
        return new(Prompt.OfText(question + "\nAnswer:"), [.. Verdicts.Select(v => " " + v)], question, Verdicts);
    }

    private static ItemResult Result(FeverSymmetricItem item, Choice choice) => new()
    {
        Id = item.Id,
        Input = $"{item.Claim}\n← {item.Evidence}",
        Output = choice.Written ?? (choice.Scores is { } s ? $"Supports {Shown.Nats(s[0].LogProb)}, Refutes {Shown.Nats(s[1].LogProb)}" : ""),
        Score = choice.Chosen is { } chosen ? (chosen == 0) == item.Supported ? 1 : 0 : null,
        Why = choice.Why ?? $"the evidence {(item.Supported ? "supports" : "refutes")} the claim",
        Truncated = choice.Truncated,
    };
}

internal sealed class KnownFeverSymmetric : KnownTask
{
    public override string Name => "factuality.fever_symmetric";

    public override string About => "Claims with a sentence that supports or refutes them, balanced so that the claim alone gives nothing away (Schuster et al. 2019).";

    public override IReadOnlyList<string> Files => ["fever_symmetric/symmetric_v0.2/fever_symmetric_test.jsonl"];

    public override int QuickItems => 40;

    public override IEvaluationTask Open(Func<string, string> data) => new FeverSymmetric { Items = Core.Data.FeverSymmetric.Read(data(Files[0])).Rows };
}
